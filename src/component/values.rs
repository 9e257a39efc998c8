//! Values of Helm charts.

use serde_json::{Map, Value};

/// The user's values over ours, map by map.
pub(super) fn merged(mut base: Map<String, Value>, over: &Map<String, Value>) -> Map<String, Value> {
    for (key, value) in over {
        let merged_value = match (base.remove(key), value) {
            (Some(Value::Object(below)), Value::Object(value)) => Value::Object(merged(below, value)),
            (_, value) => value.clone(),
        };
        base.insert(key.clone(), merged_value);
    }
    base
}
