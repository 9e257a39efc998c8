//! Objects that the user wrote in full.

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::config::{Cluster, Problems};
use crate::source::ConfigPath;

const RULE: &str = "config/object";

pub(super) fn check(cluster: &Cluster, problems: &mut Problems) {
    let mut seen: HashMap<[&str; 4], usize> = HashMap::new();
    for (at, object) in cluster.extra_objects.iter().enumerate() {
        let path = path(at);
        identity(object, &path, problems);
        let of = |pointer: &[&str]| text(object, pointer).unwrap_or_default();
        let group = of(&["apiVersion"]).rsplit_once('/').map_or("", |(group, _)| group);
        let id = [group, of(&["kind"]), of(&["metadata", "namespace"]), of(&["metadata", "name"])];
        if id[1].is_empty() || id[3].is_empty() {
            continue;
        }
        if let Some(first) = seen.insert(id, at) {
            let text = format!("{} `{}` is there already, as `{}`", id[1], id[3], self::path(first));
            problems
                .error(path.key("metadata").key("name"), RULE, text, "remove one of them, or give it another name")
                .involving(self::path(first));
        }
    }
}

/// The path of an object.
pub(super) fn path(at: usize) -> ConfigPath {
    ConfigPath::of(["extraObjects"]).index(at)
}

/// What every object needs before anything can be done with it. All else is held against the schema of its kind when it is rendered.
fn identity(object: &Map<String, Value>, path: &ConfigPath, problems: &mut Problems) {
    for (pointer, example) in [(&["apiVersion"][..], "v1"), (&["kind"], "ConfigMap"), (&["metadata", "name"], "example")] {
        let key = pointer.join(".");
        let here = pointer.iter().fold(path.clone(), |path, key| path.key(*key));
        match lookup(object, pointer) {
            Some(Value::String(text)) if !text.is_empty() => {}
            Some(Value::String(_)) => {
                problems.error(here, RULE, format!("`{key}` of an object is empty"), "");
            }
            Some(_) => {
                problems.error(here, RULE, format!("`{key}` of an object is a string"), "put it in quotes");
            }
            None if pointer.len() > 1 && object.get("metadata").is_some_and(|metadata| !metadata.is_object()) => {
                problems.error(path.key("metadata"), RULE, "`metadata` of an object is a mapping", "");
            }
            None if pointer.len() > 1 && lookup(object, &["metadata", "generateName"]).is_some() => {
                let hint = "give it a `name`: what is rendered again must have the same one";
                problems.error(
                    path.key("metadata").key("generateName"),
                    RULE,
                    "an object with `generateName` is another one each time",
                    hint,
                );
            }
            None => {
                problems.error(path.clone(), RULE, format!("an object has no `{key}`"), format!("add it, like `{example}`"));
            }
        }
    }
    if text(object, &["kind"]).is_some_and(|kind| kind.ends_with("List")) && object.get("items").is_some_and(Value::is_array) {
        problems.error(path.key("kind"), RULE, "a list of objects is no object", "write each of its `items` as an entry of `extraObjects`");
    }
}

fn lookup<'a>(object: &'a Map<String, Value>, pointer: &[&str]) -> Option<&'a Value> {
    let (first, rest) = pointer.split_first()?;
    rest.iter().try_fold(object.get(*first)?, |value, key| value.get(key))
}

fn text<'a>(object: &'a Map<String, Value>, pointer: &[&str]) -> Option<&'a str> {
    lookup(object, pointer)?.as_str()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::config::check::testing::{cluster, said};

    #[test]
    fn an_object_has_an_identity_of_its_own() {
        let config = json!({"cluster": {"name": "c"}, "extraObjects": [
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}},
            {"kind": 1, "metadata": {"generateName": "a"}},
            {"apiVersion": "", "kind": "List", "metadata": "x", "items": []},
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}},
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "b"}},
        ]});
        insta::assert_snapshot!(said(check, &cluster(config)), @"
        error extraObjects[1] config/object: an object has no `apiVersion`
        error extraObjects[1].kind config/object: `kind` of an object is a string
        error extraObjects[1].metadata.generateName config/object: an object with `generateName` is another one each time
        error extraObjects[2].apiVersion config/object: `apiVersion` of an object is empty
        error extraObjects[2].metadata config/object: `metadata` of an object is a mapping
        error extraObjects[2].kind config/object: a list of objects is no object
        error extraObjects[3].metadata.name config/object: ConfigMap `a` is there already, as `extraObjects[0]`
        ");
    }
}
