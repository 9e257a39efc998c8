//! The model as editors need it.

use serde_json::{Map, Value, json};

use super::{MERGE_KEY, reserved};
use crate::config::{format, profile};

const ID: &str = "https://manifestgen.github.io/schema/cluster.schema.json";

/// Which part of the file a definition stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// The file itself.
    File,
    /// A profile of the file, where nothing is required but what tells list entries apart.
    Profile,
}

pub(super) fn publish(model: &Value) -> Value {
    let mut root = model.as_object().cloned().unwrap_or_default();
    let definitions = root.shift_remove("$defs").and_then(|defs| defs.as_object().cloned()).unwrap_or_default();
    root.shift_remove("$schema");
    root.shift_remove("title");
    root.shift_remove("description");
    // A built-in profile may supply the section.
    root.shift_remove("required");

    let mut published_definitions = Map::new();
    for (name, schema) in &definitions {
        published_definitions.insert(name.clone(), published(schema, Place::File));
    }
    for (name, schema) in &definitions {
        published_definitions.insert(format!("{name}InProfile"), published(schema, Place::Profile));
    }
    if let Some(section) = published_definitions.get_mut("ClusterSection").and_then(Value::as_object_mut) {
        section.shift_remove("required");
    }
    let mut in_profile = published(&Value::Object(root.clone()), Place::Profile);
    if let Some(properties) = in_profile.get_mut("properties").and_then(Value::as_object_mut) {
        properties.shift_remove("profiles");
        properties.insert("extends".to_owned(), or_null(extends()));
    }
    published_definitions.insert("Profile".to_owned(), in_profile);

    let mut file = published(&Value::Object(root), Place::File);
    if let Some(properties) = file.get_mut("properties").and_then(Value::as_object_mut) {
        properties.insert("profiles".to_owned(), profiles());
    }
    let mut schema = Map::new();
    schema.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
    schema.insert("$id".to_owned(), json!(ID));
    schema.insert("title".to_owned(), json!("manifestgen cluster file"));
    schema.insert("description".to_owned(), json!("One cluster: everything that it runs on is made of this file."));
    if let Value::Object(file) = file {
        schema.extend(file);
    }
    schema.insert("$defs".to_owned(), Value::Object(published_definitions));
    Value::Object(schema)
}

/// The section that holds the file's own profiles.
fn profiles() -> Value {
    json!({
        "description": reserved::PROFILES,
        "type": ["object", "null"],
        "additionalProperties": {"anyOf": [{"$ref": "#/$defs/Profile"}, {"type": "null"}]},
    })
}

/// The key that names a profile's built-in base.
pub(crate) fn extends() -> Value {
    json!({
        "description": "The built-in profile that lies beneath the file when this profile is chosen. Without: the one of the same name, if there is one.",
        "type": "string",
        "enum": profile::NAMES,
    })
}

/// One schema of the model, and all within it.
fn published(schema: &Value, place: Place) -> Value {
    let Value::Object(object) = schema else { return schema.clone() };
    let mut out = Map::new();
    let required: Vec<&str> =
        object.get("required").and_then(Value::as_array).map(|keys| keys.iter().filter_map(Value::as_str).collect()).unwrap_or_default();
    for (keyword, value) in object {
        let value = match keyword.as_str() {
            "$ref" if place == Place::Profile => json!(format!("{}InProfile", value.as_str().unwrap_or_default())),
            "properties" => properties(value, &required, place),
            "items" => items(value, object.get(MERGE_KEY).and_then(Value::as_str), place),
            "additionalProperties" if value.is_object() => or_null(published(value, place)),
            "oneOf" | "anyOf" => {
                let branches = value.as_array().map_or(&[][..], Vec::as_slice);
                let branches: Value = branches.iter().map(|branch| published(branch, place)).collect();
                // Branches that require nothing are no longer told apart by what they require.
                let keyword = if place == Place::Profile { "anyOf" } else { keyword };
                out.insert(keyword.to_owned(), branches);
                continue;
            }
            "required" if place == Place::Profile => continue,
            "type" if takes_number(object) => json!(["string", "number"]),
            // Marks for the reader alone.
            name if name.starts_with("x-") => continue,
            _ => value.clone(),
        };
        out.insert(keyword.clone(), value);
    }
    Value::Object(out)
}

/// Whether a number without quotes is taken by its text.
fn takes_number(object: &Map<String, Value>) -> bool {
    object.get("format").and_then(Value::as_str).and_then(format::format).is_some_and(|format| format.takes_number)
}

/// Null removes an inherited value, except of a key that must be there.
fn properties(value: &Value, required: &[&str], place: Place) -> Value {
    let Some(properties) = value.as_object() else { return value.clone() };
    let published = properties.iter().map(|(key, schema)| {
        let schema = published(schema, place);
        (key.clone(), if required.contains(&key.as_str()) { schema } else { or_null(schema) })
    });
    Value::Object(published.collect())
}

/// Entries of a keyed list: in a layer, an entry may hold less than the whole, or remove an inherited one.
fn items(value: &Value, merge_key: Option<&str>, place: Place) -> Value {
    let Some(key) = merge_key else { return published(value, place) };
    let mut entry = published(value, Place::Profile);
    if let Some(entry) = entry.as_object_mut() {
        entry.insert("required".to_owned(), json!([key]));
    }
    let removal = json!({
        "type": "object",
        "properties": {key: {"type": "string"}, "$patch": {"const": "delete", "description": "Removes the inherited entry of this name."}},
        "required": [key, "$patch"],
        "additionalProperties": false,
    });
    json!({"anyOf": [entry, removal]})
}

/// The schema, or null.
fn or_null(schema: Value) -> Value {
    let Value::Object(mut object) = schema else { return schema };
    let is_null = |schema: &Value| schema.get("type").is_some_and(|name| name == "null");
    if object.get("anyOf").and_then(Value::as_array).is_some_and(|branches| branches.iter().any(is_null)) {
        return Value::Object(object);
    }
    if !object.contains_key("$ref") && !object.contains_key("oneOf") && !object.contains_key("anyOf") && !object.contains_key("const") {
        match object.get("type") {
            Some(Value::String(name)) if name != "null" => {
                let both = json!([name, "null"]);
                object.insert("type".to_owned(), both);
                if let Some(values) = object.get_mut("enum").and_then(Value::as_array_mut) {
                    values.push(Value::Null);
                }
            }
            Some(Value::Array(names)) if !names.contains(&json!("null")) => {
                let all: Vec<Value> = names.iter().cloned().chain([json!("null")]).collect();
                object.insert("type".to_owned(), Value::Array(all));
            }
            _ => {}
        }
        return Value::Object(object);
    }
    // Annotations stay outside, where editors look for them.
    let mut outer = Map::new();
    for keyword in ["description", "default", "examples", "title", "deprecated"] {
        if let Some(value) = object.shift_remove(keyword) {
            outer.insert(keyword.to_owned(), value);
        }
    }
    outer.insert("anyOf".to_owned(), json!([Value::Object(object), {"type": "null"}]));
    Value::Object(outer)
}
