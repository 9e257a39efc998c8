//! Formats of mapping keys.
//!
//! A map from `LabelKey` should say `propertyNames: {format: label-key}`. The generator forgets the format of a key type; what it
//! keeps is a pattern, as `patternProperties`. So such a type has a pattern, and here it becomes the format that it stands for.

use serde_json::{Map, Value, json};

use crate::config::format;

/// Rewrites `patternProperties: {P: V}` in the whole schema where `P` is the pattern of a format.
pub(super) fn name_key_formats(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            rewrite(object);
            object.values_mut().for_each(name_key_formats);
        }
        Value::Array(items) => items.iter_mut().for_each(name_key_formats),
        _ => {}
    }
}

fn rewrite(object: &mut Map<String, Value>) {
    let Some(patterns) = object.get("patternProperties").and_then(Value::as_object).filter(|patterns| patterns.len() == 1) else { return };
    let Some((pattern, values)) = patterns.iter().next() else { return };
    let names = match format::format_of_pattern(pattern) {
        Some(format) => json!({"format": format.name, "pattern": pattern}),
        None => json!({"pattern": pattern}),
    };
    let values = values.clone();
    object.shift_remove("patternProperties");
    object.insert("propertyNames".to_owned(), names);
    object.insert("additionalProperties".to_owned(), values);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::config::{LabelKey, LabelValue};

    #[test]
    fn the_keys_of_a_map_have_the_format_of_their_type() {
        let schema = schemars::SchemaGenerator::default().into_root_schema_for::<BTreeMap<LabelKey, LabelValue>>();
        let mut schema = schema.to_value();
        name_key_formats(&mut schema);
        assert_eq!(schema["propertyNames"]["format"], "label-key");
        assert_eq!(schema["additionalProperties"]["format"], "label-value");
        assert_eq!(schema.get("patternProperties"), None);
    }
}
