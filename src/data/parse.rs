//! JSON Schema, in the dialect of CRDs, into [`Schema`].

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::schema::{Array, Constraints, Format, ListType, Object, Schema, Type};
use super::validation::{Parts, Validation};

/// The keywords of `JSONSchemaProps` (apiextensions.k8s.io/v1) that mean something here.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw {
    #[serde(rename = "$ref")]
    reference: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    format: Option<String>,
    #[serde(default)]
    nullable: bool,
    default: Option<Value>,
    #[serde(default)]
    properties: BTreeMap<String, Raw>,
    #[serde(default)]
    required: Vec<Box<str>>,
    additional_properties: Option<SchemaOrBool>,
    items: Option<Box<Raw>>,
    #[serde(default)]
    r#enum: Vec<Value>,
    pattern: Option<Box<str>>,
    min_length: Option<u64>,
    max_length: Option<u64>,
    min_items: Option<u64>,
    max_items: Option<u64>,
    min_properties: Option<u64>,
    max_properties: Option<u64>,
    minimum: Option<f64>,
    #[serde(default)]
    exclusive_minimum: bool,
    maximum: Option<f64>,
    #[serde(default)]
    exclusive_maximum: bool,
    multiple_of: Option<f64>,
    #[serde(default)]
    all_of: Vec<Raw>,
    #[serde(default)]
    any_of: Vec<Raw>,
    #[serde(default)]
    one_of: Vec<Raw>,
    not: Option<Box<Raw>>,
    #[serde(default, rename = "x-kubernetes-int-or-string")]
    int_or_string: bool,
    #[serde(default, rename = "x-kubernetes-preserve-unknown-fields")]
    preserve: bool,
    #[serde(default, rename = "x-kubernetes-embedded-resource")]
    embedded: bool,
    #[serde(rename = "x-kubernetes-list-type")]
    list_type: Option<String>,
    #[serde(default, rename = "x-kubernetes-list-map-keys")]
    list_map_keys: Vec<Box<str>>,
    #[serde(rename = "x-kubernetes-map-type")]
    map_type: Option<String>,
    #[serde(default, rename = "x-kubernetes-validations")]
    validations: Vec<RawValidation>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum SchemaOrBool {
    Bool(bool),
    Schema(Box<Raw>),
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawValidation {
    #[serde(default)]
    rule: Box<str>,
    message: Option<Box<str>>,
    message_expression: Option<Box<str>>,
    field_path: Option<Box<str>>,
    #[serde(default)]
    optional_old_self: bool,
}

/// Finds the number of a definition by its name.
type Resolve<'a> = &'a dyn Fn(&str) -> Option<u32>;

/// The schema that a JSON text holds; `resolve` numbers the definitions that it refers to.
pub(super) fn text(text: &str, resolve: Resolve) -> serde_json::Result<Schema> {
    Ok(schema(serde_json::from_str(text)?, resolve))
}

/// The schema that a JSON value holds; without references, as in every CRD.
///
/// # Errors
/// When a keyword has a value of a wrong type.
pub fn value(value: &Value) -> serde_json::Result<Schema> {
    if value.is_null() {
        return Ok(Schema::any());
    }
    Ok(schema(Raw::deserialize(value)?, &|_| None))
}

fn schema(mut raw: Raw, resolve: Resolve) -> Schema {
    let constraints = constraints(&mut raw, resolve);
    let (nullable, default) = (raw.nullable, raw.default.take());
    let kind = kind(raw, resolve);
    let ruled = is_ruled(&kind, constraints.as_deref());
    Schema { kind, nullable, default, constraints, ruled }
}

fn is_ruled(kind: &Type, constraints: Option<&Constraints>) -> bool {
    let below = match kind {
        Type::Object(object) => {
            object.properties.iter().map(|(_, schema)| schema).chain(object.additional.as_deref()).any(|schema| schema.ruled)
        }
        Type::Array(array) => array.items.ruled,
        _ => false,
    };
    below
        || constraints
            .is_some_and(|constraints| !constraints.validations.is_empty() || constraints.all_of.iter().any(|schema| schema.ruled))
}

fn kind(raw: Raw, resolve: Resolve) -> Type {
    if let Some(number) = raw.reference.as_deref().and_then(resolve) {
        return Type::Reference(number);
    }
    if raw.int_or_string {
        return Type::IntOrString;
    }
    match raw.kind.as_deref() {
        Some("object") => Type::Object(object(raw, resolve)),
        // A nested `anyOf` branch repeats fields without their type.
        None if !raw.properties.is_empty() || !raw.required.is_empty() => Type::Object(Object { preserve: true, ..object(raw, resolve) }),
        Some("array") => Type::Array(array(raw, resolve)),
        Some("string") => Type::String(raw.format.as_deref().map(format)),
        Some("integer") => Type::Integer { narrow: raw.format.as_deref() == Some("int32") },
        Some("number") => Type::Number,
        Some("boolean") => Type::Boolean,
        _ => Type::Any,
    }
}

fn format(name: &str) -> Format {
    match name {
        "byte" => Format::Byte,
        "date-time" => Format::DateTime,
        "quantity" => Format::Quantity,
        other => Format::Other(other.into()),
    }
}

fn object(raw: Raw, resolve: Resolve) -> Object {
    let (additional, open) = match raw.additional_properties {
        Some(SchemaOrBool::Schema(values)) => (Some(Box::new(schema(*values, resolve))), false),
        Some(SchemaOrBool::Bool(open)) => (None, open),
        None => (None, false),
    };
    Object {
        // A BTreeMap comes out sorted, which `Object::property` builds on.
        properties: raw.properties.into_iter().map(|(name, raw)| (name.into(), schema(raw, resolve))).collect(),
        required: raw.required,
        additional,
        preserve: raw.preserve || open,
        embedded: raw.embedded,
        atomic: raw.map_type.as_deref() == Some("atomic"),
    }
}

fn array(raw: Raw, resolve: Resolve) -> Array {
    let list_type = match raw.list_type.as_deref() {
        Some("set") => ListType::Set,
        Some("map") => ListType::Map(raw.list_map_keys),
        _ => ListType::Atomic,
    };
    Array { items: Box::new(raw.items.map_or_else(Schema::any, |items| schema(*items, resolve))), list_type }
}

fn constraints(raw: &mut Raw, resolve: Resolve) -> Option<Box<Constraints>> {
    let all = |schemas: Vec<Raw>| schemas.into_iter().map(|raw| schema(raw, resolve)).collect();
    let constraints = Constraints {
        one_of_values: std::mem::take(&mut raw.r#enum),
        pattern: raw.pattern.take().map(Into::into),
        length: (raw.min_length, raw.max_length),
        items: (raw.min_items, raw.max_items),
        properties: (raw.min_properties, raw.max_properties),
        minimum: raw.minimum.map(|least| (least, raw.exclusive_minimum)),
        maximum: raw.maximum.map(|most| (most, raw.exclusive_maximum)),
        multiple_of: raw.multiple_of,
        all_of: all(std::mem::take(&mut raw.all_of)),
        any_of: all(std::mem::take(&mut raw.any_of)),
        one_of: all(std::mem::take(&mut raw.one_of)),
        not: raw.not.take().map(|raw| Box::new(schema(*raw, resolve))),
        validations: std::mem::take(&mut raw.validations).into_iter().map(validation).collect(),
    };
    (constraints != Constraints::default()).then(|| Box::new(constraints))
}

fn validation(raw: RawValidation) -> Validation {
    let RawValidation { rule, message, message_expression, field_path, optional_old_self } = raw;
    Parts { rule, message, message_expression, field_path, optional_old_self }.into()
}
