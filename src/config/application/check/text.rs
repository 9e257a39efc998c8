//! All texts of a part of the config, each with its path.

use serde::Serialize;
use serde_json::Value;

use crate::source::ConfigPath;

/// Calls for each text of a value, which has its path in the config.
pub(super) fn each(path: &ConfigPath, value: &impl Serialize, found: &mut impl FnMut(ConfigPath, &str)) {
    // What was read from a config can be written again.
    if let Ok(value) = serde_json::to_value(value) {
        walk(path.clone(), &value, found);
    }
}

fn walk(path: ConfigPath, value: &Value, found: &mut impl FnMut(ConfigPath, &str)) {
    match value {
        Value::String(text) => found(path, text),
        Value::Array(items) => items.iter().enumerate().for_each(|(number, item)| walk(path.index(number), item, found)),
        Value::Object(map) => map.iter().for_each(|(key, item)| walk(path.key(key), item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
