//! What differs between two states of an object, in the terms of its schema.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::schema::Place;
use crate::data::ListType;
use crate::live::fields::LAST_APPLIED;

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Where: `spec.template.spec.containers[name="app"].image`. Entries of lists are named by the keys that the schema gives.
    pub path: String,
    /// What stands there now; none where nothing does.
    pub before: Option<Value>,
    /// What will stand there; none where nothing will.
    pub after: Option<Value>,
    /// Whether the values must not be shown. They are null then.
    pub sensitive: bool,
}

/// Parts of an object's metadata that the server writes, and `managedFields`, which are about fields, not values.
pub(super) const OF_THE_SERVER: [&str; 6] = ["managedFields", "resourceVersion", "generation", "uid", "creationTimestamp", "selfLink"];

/// The object without what the server writes and without `status`.
pub(super) fn content(object: &Value) -> Value {
    let mut content = object.clone();
    if let Some(map) = content.as_object_mut() {
        map.shift_remove("status");
        if let Some(metadata) = map.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.retain(|key, _| !OF_THE_SERVER.contains(&key.as_str()));
        }
    }
    content
}

/// The differences between two states of an object, in the order of its fields.
pub(super) fn diff(before: &Value, after: &Value, root: Place<'_>) -> Vec<Change> {
    let is_secret = after["kind"] == "Secret" && after["apiVersion"] == "v1";
    let mut differ = Differ { changes: Vec::new(), is_secret };
    differ.value("", &content(before), &content(after), root);
    differ.changes
}

/// The differences in what `after` says, leaving out what only `before` has. For states that the server did not complete.
pub(super) fn diff_of_written(before: &Value, after: &Value, root: Place<'_>) -> Vec<Change> {
    let changes = diff(before, after, root);
    changes.into_iter().filter(|change| change.after.is_some() || change.sensitive).collect()
}

struct Differ {
    changes: Vec<Change>,
    is_secret: bool,
}

impl Differ {
    fn value(&mut self, path: &str, before: &Value, after: &Value, place: Place<'_>) {
        match (before, after) {
            _ if before == after => {}
            (Value::Object(before), Value::Object(after)) => self.mapping(path, before, after, place),
            (Value::Array(before), Value::Array(after)) => self.list(path, before, after, place),
            _ => self.push(path.to_owned(), Some(before), Some(after)),
        }
    }

    fn mapping(&mut self, path: &str, before: &Map<String, Value>, after: &Map<String, Value>, place: Place<'_>) {
        let new = after.keys().filter(|key| !before.contains_key(*key));
        for key in before.keys().chain(new) {
            let path = joined(path, key);
            match (before.get(key), after.get(key)) {
                (Some(before), Some(after)) => self.value(&path, before, after, place.field(key)),
                // Each on a line of its own, also where there were none before.
                (None, Some(Value::Object(after))) if is_bag(&path) && !after.is_empty() => {
                    self.mapping(&path, &Map::new(), after, place.field(key));
                }
                (Some(Value::Object(before)), None) if is_bag(&path) && !before.is_empty() => {
                    self.mapping(&path, before, &Map::new(), place.field(key));
                }
                (before, after) => self.push(path, before, after),
            }
        }
    }

    fn list(&mut self, path: &str, before: &[Value], after: &[Value], place: Place<'_>) {
        let items = place.items();
        match place.list_type() {
            Some(ListType::Map(keys)) => {
                let name = |item: &Value| entry_name(item, keys, items);
                if let (Some(old), Some(new)) = (names(before, name), names(after, name)) {
                    return self.entries(path, (before, &old), (after, &new), items);
                }
                self.by_place(path, before, after, items);
            }
            Some(ListType::Set) => self.set(path, before, after),
            // Replaced as a whole. People still want to see which entry changed.
            _ if before.len() == after.len() => self.by_place(path, before, after, items),
            _ => {
                let name = |item: &Value| item.get("name").and_then(Value::as_str).map(|name| format!("[name={}]", Value::from(name)));
                match (names(before, name), names(after, name)) {
                    (Some(old), Some(new)) => self.entries(path, (before, &old), (after, &new), items),
                    _ => self.set(path, before, after),
                }
            }
        }
    }

    fn entries(&mut self, path: &str, before: (&[Value], &[String]), after: (&[Value], &[String]), items: Place<'_>) {
        let found = |side: (&[Value], &[String]), name: &String| {
            let at = side.1.iter().position(|own| own == name)?;
            side.0.get(at).cloned()
        };
        let new = after.1.iter().filter(|name| !before.1.contains(name));
        for name in before.1.iter().chain(new) {
            let path = format!("{path}{name}");
            match (found(before, name), found(after, name)) {
                (Some(before), Some(after)) => self.value(&path, &before, &after, items),
                (before, after) => self.push(path, before.as_ref(), after.as_ref()),
            }
        }
        let common = |names: &[String], other: &[String]| names.iter().filter(|name| other.contains(name)).cloned().collect::<Vec<_>>();
        let (old, new) = (common(before.1, after.1), common(after.1, before.1));
        if old != new {
            let order = |names: Vec<String>| Value::from(names);
            self.push(format!("{path} (order)"), Some(&order(old)), Some(&order(new)));
        }
    }

    fn by_place(&mut self, path: &str, before: &[Value], after: &[Value], items: Place<'_>) {
        for index in 0..before.len().max(after.len()) {
            let path = format!("{path}[{index}]");
            match (before.get(index), after.get(index)) {
                (Some(before), Some(after)) => self.value(&path, before, after, items),
                (before, after) => self.push(path, before, after),
            }
        }
    }

    fn set(&mut self, path: &str, before: &[Value], after: &[Value]) {
        let mut said = false;
        for gone in before.iter().filter(|item| !after.contains(item)) {
            self.push(format!("{path}[]"), Some(gone), None);
            said = true;
        }
        for new in after.iter().filter(|item| !before.contains(item)) {
            self.push(format!("{path}[]"), None, Some(new));
            said = true;
        }
        if !said {
            self.push(format!("{path} (order)"), Some(&before.into()), Some(&after.into()));
        }
    }

    fn push(&mut self, path: String, before: Option<&Value>, after: Option<&Value>) {
        // It holds the whole object, values of a Secret too.
        let noise = path == format!("metadata.annotations[{LAST_APPLIED:?}]");
        let holds_secrets = ["data", "stringData"]
            .iter()
            .any(|field| path == *field || path.starts_with(&format!("{field}.")) || path.starts_with(&format!("{field}[")));
        let sensitive = noise || self.is_secret && holds_secrets;
        let shown = |value: Option<&Value>| value.map(|value| if sensitive { Value::Null } else { value.clone() });
        self.changes.push(Change { path, before: shown(before), after: shown(after), sensitive });
    }
}

/// Mappings whose keys are the user's.
fn is_bag(path: &str) -> bool {
    matches!(path, "metadata.labels" | "metadata.annotations" | "data" | "stringData" | "binaryData")
}

/// A field below a path; a name that is no plain word stands in brackets.
fn joined(path: &str, key: &str) -> String {
    let plain = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '$'));
    match (plain, path) {
        (true, "") => key.to_owned(),
        (true, path) => format!("{path}.{key}"),
        (false, path) => format!("{path}[{}]", Value::from(key)),
    }
}

/// The names of all entries, if each has one and none has another's.
fn names(items: &[Value], name: impl Fn(&Value) -> Option<String>) -> Option<Vec<String>> {
    let names: Vec<_> = items.iter().map(name).collect::<Option<_>>()?;
    let distinct: BTreeSet<_> = names.iter().collect();
    (distinct.len() == names.len()).then_some(names)
}

/// `[name="a"]`, `[containerPort=80,protocol="TCP"]`.
fn entry_name(item: &Value, keys: &[Box<str>], items: Place<'_>) -> Option<String> {
    let mut parts = Vec::new();
    for key in keys {
        let Some(value) = item.get(&**key).or_else(|| items.field(key).default()) else { continue };
        parts.push(format!("{key}={value}"));
    }
    (!parts.is_empty()).then(|| format!("[{}]", parts.join(",")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::schema::definitions_of;
    use super::*;

    fn lines(kind: (&str, &str), before: Value, after: Value) -> Vec<String> {
        let definitions = definitions_of("v1.36.3");
        let whole = |mut value: Value| {
            value["apiVersion"] = kind.0.into();
            value["kind"] = kind.1.into();
            value
        };
        let changes = diff(&whole(before), &whole(after), Place::root(definitions, &[], kind.0, kind.1));
        let shown = |value: &Option<Value>| value.as_ref().map_or("-".to_owned(), ToString::to_string);
        changes.iter().map(|change| format!("{} {} {}", change.path, shown(&change.before), shown(&change.after))).collect()
    }

    fn pod(containers: Value) -> Value {
        json!({"spec": {"template": {"spec": {"containers": containers}}}})
    }

    #[test]
    fn entries_of_lists_are_told_apart_by_their_keys() {
        let before = pod(json!([
            {"name": "a", "image": "x:1", "ports": [{"containerPort": 80, "protocol": "TCP"}], "args": ["1", "2"]},
            {"name": "b", "image": "y"},
        ]));
        let after = pod(json!([
            {"name": "c", "image": "z"},
            {"name": "a", "image": "x:2", "ports": [{"containerPort": 80, "protocol": "TCP"}, {"containerPort": 81}], "args": ["1", "3"]},
        ]));
        assert_eq!(
            lines(("apps/v1", "Deployment"), before, after),
            [
                r#"spec.template.spec.containers[name="a"].image "x:1" "x:2""#,
                r#"spec.template.spec.containers[name="a"].ports[containerPort=81,protocol="TCP"] - {"containerPort":81}"#,
                r#"spec.template.spec.containers[name="a"].args[1] "2" "3""#,
                r#"spec.template.spec.containers[name="b"] {"name":"b","image":"y"} -"#,
                r#"spec.template.spec.containers[name="c"] - {"name":"c","image":"z"}"#,
            ]
        );
    }

    #[test]
    fn order_alone_is_a_difference_of_its_own() {
        let found =
            lines(("apps/v1", "Deployment"), pod(json!([{"name": "a"}, {"name": "b"}])), pod(json!([{"name": "b"}, {"name": "a"}])));
        assert_eq!(found, [r#"spec.template.spec.containers (order) ["[name=\"a\"]","[name=\"b\"]"] ["[name=\"b\"]","[name=\"a\"]"]"#]);
    }

    #[test]
    fn what_the_server_writes_is_no_difference() {
        let before = json!({"metadata": {"uid": "1", "resourceVersion": "5", "labels": {"a": "b"}}, "status": {"x": 1}});
        let after = json!({"metadata": {"uid": "2", "resourceVersion": "6", "labels": {"a": "c", "x/y": "z"}}, "status": {"x": 2}});
        assert_eq!(lines(("v1", "ConfigMap"), before, after), [r#"metadata.labels.a "b" "c""#, r#"metadata.labels["x/y"] - "z""#]);
    }

    #[test]
    fn values_of_secrets_are_hidden() {
        let copy = json!({LAST_APPLIED: "aHVudGVyMg=="});
        let before = json!({"data": {"a": "aHVudGVyMg==", "b.c": "aHVudGVyMg=="}, "metadata": {"annotations": copy, "labels": {"l": "1"}}});
        let after = json!({"data": {"a": "aHVudGVyMw=="}, "metadata": {"labels": {"l": "2"}}, "type": "Opaque"});
        let found = lines(("v1", "Secret"), before, after);
        let annotation = format!("metadata.annotations[{LAST_APPLIED:?}] null -");
        let expected = ["data.a null null", "data[\"b.c\"] null -", &annotation, "metadata.labels.l \"1\" \"2\"", "type - \"Opaque\""];
        assert_eq!(found, expected);
        let found = lines(("v1", "Secret"), json!({}), json!({"data": {"a": "aHVudGVyMw=="}}));
        assert_eq!(found, ["data.a - null"]);
    }
}
