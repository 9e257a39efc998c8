//! What two releases differ in, without a cluster.

use std::collections::BTreeMap;

use serde_json::Value;

use super::diff::diff;
use super::schema::{Place, definitions_of};
use super::{Action, Entry};
use crate::data::{CustomKind, custom_kinds, embedded_kind};
use crate::manifest::{Object, Release};

/// What changes from one release to the next, in the order of the new one; what goes comes last.
///
/// `version` is the Kubernetes version whose schemas say how entries of lists are told apart.
#[must_use]
pub fn changes_between(before: &Release, after: &Release, version: &str) -> Vec<Entry> {
    let definitions = definitions_of(version);
    let mut old: BTreeMap<_, &Object> = before.objects().iter().map(|object| (key(object), object)).collect();
    let mut entries = Vec::new();
    for object in after.objects() {
        let Some(known) = old.remove(&key(object)) else {
            entries.push(Entry::new(object.reference(), Action::Create));
            continue;
        };
        if known.value() == object.value() {
            continue;
        }
        let customs = kinds_of(object, after);
        let root = Place::root(definitions, &customs, object.api_version(), object.kind());
        let value = |object: &Object| Value::Object(object.value().clone());
        let changes = diff(&value(known), &value(object), root);
        if !changes.is_empty() {
            entries.push(Entry { changes, ..Entry::new(object.reference(), Action::Change) });
        }
    }
    entries.extend(old.into_values().map(|object| Entry::new(object.reference(), Action::Delete)));
    entries
}

/// Another version of the same group is the same object.
fn key(object: &Object) -> (&str, &str, Option<&str>, &str) {
    (object.group(), object.kind(), object.namespace(), object.name())
}

fn kinds_of(object: &Object, release: &Release) -> Vec<CustomKind> {
    let defines = |definition: &&Object| {
        let is = |pointer, wanted: &str| definition.pointer(pointer).and_then(Value::as_str) == Some(wanted);
        definition.kind() == "CustomResourceDefinition" && is("/spec/group", object.group()) && is("/spec/names/kind", object.kind())
    };
    let own = release.objects().iter().find(defines);
    let own = own.and_then(|definition| custom_kinds(&Value::Object(definition.value().clone())).ok());
    own.unwrap_or_else(|| embedded_kind(object.api_version(), object.kind()).cloned().into_iter().collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::manifest::ReleaseBuilder;
    use crate::source::ConfigPath;

    fn release(objects: &[Value]) -> Release {
        let object = |value| Object::new("test", ConfigPath::root(), value).expect("an object");
        ReleaseBuilder { objects: objects.iter().map(object).collect(), ..ReleaseBuilder::default() }.finish("test")
    }

    #[test]
    fn entries_of_lists_are_told_apart_by_their_keys() {
        let service =
            |name: &str, ports: Value| json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": {"ports": ports}});
        let before = release(&[service("a", json!([{"port": 80}, {"port": 81, "name": "x"}])), service("b", json!([]))]);
        let after = release(&[service("a", json!([{"port": 79}, {"port": 80}, {"port": 81, "name": "y"}])), service("c", json!([]))]);
        let said: Vec<String> = changes_between(&before, &after, "1.36")
            .iter()
            .map(|entry| {
                let paths: Vec<&str> = entry.changes.iter().map(|change| change.path.as_str()).collect();
                format!("{} {} {}", entry.action.name(), entry.object.name, paths.join(" "))
            })
            .collect();
        assert_eq!(said.len(), 3, "{said:?}");
        assert!(
            said[0].starts_with("change a ") && said[0].contains("79") && said[0].contains(".name") && !said[0].contains("=80"),
            "{said:?}"
        );
        assert_eq!(said[1..], ["create c ", "delete b "]);
        assert!(changes_between(&after, &after, "1.36").is_empty());
    }
}
