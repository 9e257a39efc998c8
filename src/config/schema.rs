//! The JSON Schema of `cluster.yaml`.
//!
//! One generator makes it of the Rust types. It has two forms. The model says what a whole config must be once its layers are merged;
//! the reader walks it. The published form is for editors: a file is one layer of several, so what a profile may supply is not
//! required there, `null` removes an inherited value, and a profile may hold any part of a config.

mod keys;
mod publish;
mod reserved;
mod view;

use std::sync::LazyLock;

use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use super::Cluster;

pub(crate) use publish::extends;
pub(crate) use view::{Additional, Mapping, Shape, Tagged, View};

/// Marks a list whose entries are merged by a key, and names that key.
pub(crate) const MERGE_KEY: &str = "x-merge-key";
/// On a mapping: hints for keys that people write there although they belong elsewhere.
pub(crate) const ELSEWHERE: &str = "x-elsewhere";

static MODEL: LazyLock<Value> = LazyLock::new(|| {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = false);
    let mut schema = settings.into_generator().into_root_schema_for::<Cluster>().to_value();
    keys::name_key_formats(&mut schema);
    reserved::add(&mut schema);
    schema
});

/// What a whole config must be, made once.
pub(crate) fn model() -> View<'static> {
    View::root(&MODEL)
}

/// The published JSON Schema (draft 2020-12) of a config file.
#[must_use]
pub fn schema() -> Value {
    publish::publish(&MODEL)
}

/// The sections of the model's root, as a JSON object.
fn properties(schema: &mut Value) -> &mut serde_json::Map<String, Value> {
    let root = schema.as_object_mut().expect("a schema of a struct is an object");
    root.entry("properties").or_insert_with(|| json!({})).as_object_mut().expect("properties are an object")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All keywords that the reader understands or may ignore; another one would be published and silently not be checked.
    const KEYWORDS: &[&str] = &[
        "$ref",
        "$defs",
        "$schema",
        "title",
        "description",
        "default",
        "examples",
        "type",
        "properties",
        "required",
        "additionalProperties",
        "propertyNames",
        "items",
        "enum",
        "const",
        "oneOf",
        "anyOf",
        "format",
        "pattern",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "minLength",
        "maxLength",
        "minItems",
        "maxItems",
        "uniqueItems",
        "minProperties",
        "unevaluatedProperties",
        MERGE_KEY,
        ELSEWHERE,
    ];

    fn keywords(schema: &Value, path: &str, unknown: &mut Vec<String>) {
        let Some(object) = schema.as_object() else { return };
        for (keyword, value) in object {
            let here = format!("{path}/{keyword}");
            if !KEYWORDS.contains(&keyword.as_str()) {
                unknown.push(here.clone());
            }
            match keyword.as_str() {
                "properties" | "$defs" => {
                    for (name, schema) in value.as_object().expect("an object") {
                        keywords(schema, &format!("{here}/{name}"), unknown);
                    }
                }
                "additionalProperties" | "propertyNames" | "items" | "unevaluatedProperties" => keywords(value, &here, unknown),
                "oneOf" | "anyOf" => {
                    for (at, schema) in value.as_array().expect("a list").iter().enumerate() {
                        keywords(schema, &format!("{here}/{at}"), unknown);
                    }
                }
                _ => {}
            }
        }
    }

    #[test]
    fn the_reader_understands_every_keyword() {
        let mut unknown = Vec::new();
        keywords(&MODEL, "", &mut unknown);
        assert!(unknown.is_empty(), "unknown keywords: {unknown:#?}");
    }

    #[test]
    fn the_published_schema_is_a_schema() {
        jsonschema::draft202012::meta::validate(&schema()).expect("a valid JSON Schema");
    }

    fn without_description(view: View<'_>, path: &str, missing: &mut Vec<String>) {
        let Shape::Mapping(mapping) = view.shape() else { return };
        for (key, property) in mapping.properties() {
            let here = format!("{path}.{key}");
            if property.description().is_none() {
                missing.push(here.clone());
            }
            let below = match property.shape() {
                Shape::List(items) => items,
                _ => property,
            };
            without_description(below, &here, missing);
        }
    }

    #[test]
    fn every_key_has_a_description() {
        let mut missing = Vec::new();
        without_description(model(), "", &mut missing);
        assert!(missing.is_empty(), "no description: {missing:#?}");
    }
}
