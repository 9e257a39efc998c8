//! What turns one object into another, as JSON patch operations (RFC 6902).

use serde_json::{Map, Value, json};

/// The operations. Mappings are compared key by key; lists are replaced whole, because places in them mean nothing to a reader.
pub(super) fn operations(from: &Map<String, Value>, to: &Map<String, Value>) -> Vec<Value> {
    let mut operations = Vec::new();
    compare("", from, to, &mut operations);
    operations
}

fn compare(path: &str, from: &Map<String, Value>, to: &Map<String, Value>, operations: &mut Vec<Value>) {
    let below = |key: &str| format!("{path}/{}", key.replace('~', "~0").replace('/', "~1"));
    for key in from.keys().filter(|key| !to.contains_key(*key)) {
        operations.push(json!({"op": "remove", "path": below(key)}));
    }
    for (key, value) in to {
        match (from.get(key), value) {
            (Some(Value::Object(from)), Value::Object(to)) => compare(&below(key), from, to, operations),
            (Some(from), value) if from == value => {}
            (Some(_), value) => operations.push(json!({"op": "replace", "path": below(key), "value": value})),
            (None, value) => operations.push(json!({"op": "add", "path": below(key), "value": value})),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_patched() {
        let object = |value: Value| value.as_object().cloned().expect("an object");
        let from = object(json!({"a": 1, "b": {"x/y": 1, "z": 2}, "c": [1], "d": 4}));
        let to = object(json!({"a": 1, "b": {"x/y": 2, "z": 2}, "c": [1, 2], "e": {"f": 5}}));
        let expected = json!([
            {"op": "remove", "path": "/d"},
            {"op": "replace", "path": "/b/x~1y", "value": 2},
            {"op": "replace", "path": "/c", "value": [1, 2]},
            {"op": "add", "path": "/e", "value": {"f": 5}},
        ]);
        assert_eq!(Value::from(operations(&from, &to)), expected);
        assert!(operations(&from, &from).is_empty());
    }
}
