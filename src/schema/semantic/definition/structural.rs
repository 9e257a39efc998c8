//! The schema of a version must be structural: every field has one type, whatever else is said about it.
//!
//! Source: `pkg/apiserver/schema/{validation,complete,convert}.go` of the Go module `k8s.io/apiextensions-apiserver` 0.36.

use serde_json::{Map, Value, json};

use crate::data;
use crate::schema::pointer::Pointer;
use crate::schema::violation::Violation;
use crate::schema::walk::{Dialect, Walk};
use crate::versions::KUBERNETES;

use super::super::{is_empty, list, refuse, text};
use super::{nested, node};

/// The keys that may stand at the root where `status` is a subresource (`validation.go`, `allowedFieldsAtRootSchema`).
const AT_ROOT: &[&str] = &[
    "description",
    "type",
    "format",
    "title",
    "maximum",
    "exclusiveMaximum",
    "minimum",
    "exclusiveMinimum",
    "maxLength",
    "minLength",
    "pattern",
    "maxItems",
    "minItems",
    "uniqueItems",
    "multipleOf",
    "required",
    "items",
    "properties",
    "externalDocs",
    "example",
    "x-kubernetes-preserve-unknown-fields",
    "x-kubernetes-validations",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    Root,
    Item,
    Field,
}

/// Everything against the schema of a version.
pub(super) fn check(schema: &Map<String, Value>, has_status: bool, at: &Pointer, found: &mut Vec<Violation>) {
    let before = found.len();
    if has_status
        && let Some(key) = schema.iter().find(|(key, value)| !is_zero(value) && !AT_ROOT.contains(&key.as_str())).map(|(key, _)| key)
    {
        found.push(refuse(&at.key(key), format!("`{key}` cannot stand at the root where `status` is a subresource")));
    }
    if is_true(schema, "nullable") {
        found.push(refuse(&at.key("nullable"), "cannot be `true` at the root"));
    }
    node::check(schema, node::Context::default(), at, found);
    invariants(schema, Level::Root, at, found);
    nested::complete(schema, schema, at, found);
    if found.len() == before {
        defaults(schema, at, found);
    }
}

/// What Go's decoder cannot tell from a field that was not written.
fn is_zero(value: &Value) -> bool {
    is_empty(value) || *value == Value::Bool(false)
}

pub(super) fn is_true(schema: &Map<String, Value>, key: &str) -> bool {
    schema.get(key) == Some(&Value::Bool(true))
}

fn invariants(schema: &Map<String, Value>, level: Level, at: &Pointer, found: &mut Vec<Violation>) {
    let kind = text(schema, "type");
    let (int_or_string, preserve, embedded) = (
        is_true(schema, "x-kubernetes-int-or-string"),
        is_true(schema, "x-kubernetes-preserve-unknown-fields"),
        is_true(schema, "x-kubernetes-embedded-resource"),
    );
    match schema.get("items") {
        Some(Value::Object(items)) => invariants(items, Level::Item, &at.key("items"), found),
        // A list of schemas is refused elsewhere; anything else is read as nothing.
        items if kind == "array" && !items.is_some_and(Value::is_array) => {
            found.push(Violation::new("schema/required", &at.key("items"), "`items` is required for a list"));
        }
        _ => {}
    }
    let properties = schema.get("properties").and_then(Value::as_object);
    let properties_at = at.key("properties");
    for (name, property) in properties.into_iter().flatten() {
        if let Value::Object(property) = property {
            invariants(property, Level::Field, &properties_at.key(name), found);
        } else if property.is_null() {
            invariants(&Map::new(), Level::Field, &properties_at.key(name), found);
        }
    }
    if let Some(additional) = schema.get("additionalProperties").filter(|additional| !additional.is_null()) {
        if level == Level::Root || embedded {
            found.push(refuse(&at.key("additionalProperties"), "cannot be used for a whole object"));
        }
        if let Value::Object(values) = additional {
            invariants(values, Level::Field, &at.key("additionalProperties"), found);
        }
    }
    if int_or_string && (preserve || embedded) {
        found.push(refuse(&at.key("x-kubernetes-int-or-string"), "goes neither with unknown fields nor with an embedded resource"));
    }
    nested::check_values(schema, at, found);
    let readable = matches!(schema.get("type"), None | Some(Value::Null | Value::String(_)));
    if (embedded || level == Level::Root) && kind != "object" && readable && !(kind.is_empty() && preserve && !embedded) {
        let message = "must be `object`: this is a whole object".to_owned();
        found.push(refuse(&at.key("type"), message));
    } else if kind.is_empty() && readable && !int_or_string && !preserve {
        let what = if level == Level::Item { "entries of a list" } else { "a field" };
        found.push(Violation::new("schema/required", &at.key("type"), format!("`type` is required for {what}")));
    }
    if let Some(properties) = properties.filter(|_| level == Level::Root || embedded) {
        for (name, wanted) in [("kind", "string"), ("apiVersion", "string"), ("metadata", "object")] {
            if properties.get(name).and_then(Value::as_object).is_some_and(|property| text(property, "type") != wanted) {
                found.push(refuse(&properties_at.key(name).key("type"), format!("must be `{wanted}`")));
            }
        }
    }
    if level == Level::Root
        && let Some(Value::Object(metadata)) = properties.and_then(|properties| properties.get("metadata"))
    {
        root_metadata(metadata, &properties_at.key("metadata"), found);
    }
    if embedded && !preserve && properties.is_none_or(Map::is_empty) {
        let message = "`properties` is required for an embedded resource that keeps no unknown fields";
        found.push(Violation::new("schema/required", &properties_at, message));
    }
}

/// `metadata` has its own definition; a schema may only narrow the names.
fn root_metadata(metadata: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let names_only = |properties: &Value| {
        properties.as_object().is_some_and(|properties| properties.keys().all(|name| matches!(name.as_str(), "name" | "generateName")))
    };
    for (key, value) in metadata.iter().filter(|(_, value)| !is_zero(value)) {
        let allowed = match key.as_str() {
            // These do not count as part of the structure.
            "type" | "default" | "example" | "externalDocs" => true,
            "properties" => names_only(value),
            _ => false,
        };
        if !allowed {
            found.push(refuse(&at.key(key), "the schema of `metadata` may only narrow `name` and `generateName`"));
        }
    }
}

/// Every default must itself fit its schema (`pkg/apiserver/schema/defaulting/validation.go`).
fn defaults(schema: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    if let Some(default) = schema.get("default").filter(|default| !default.is_null())
        && let (Ok(definitions), Ok(schema)) = (data::kubernetes(KUBERNETES), data::read_schema(&without_default(schema)))
    {
        let walk = Walk::new(definitions, Dialect::Custom { status_is_dropped: false });
        walk.value(default, &schema, &at.key("default"), found);
    }
    if let Some(Value::Object(items)) = schema.get("items") {
        defaults(items, &at.key("items"), found);
    }
    if let Some(Value::Object(values)) = schema.get("additionalProperties") {
        defaults(values, &at.key("additionalProperties"), found);
    }
    let properties_at = at.key("properties");
    for (name, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        if let Value::Object(property) = property {
            defaults(property, &properties_at.key(name), found);
        }
    }
}

fn without_default(schema: &Map<String, Value>) -> Value {
    let mut schema = schema.clone();
    schema.shift_remove("default");
    schema.into()
}

/// The two ways of writing that a value is a whole number or text; their branches may have types.
pub(super) fn is_int_or_string(branches: &[Value]) -> bool {
    *branches == [json!({"type": "integer"}), json!({"type": "string"})]
}

/// The first entry of `allOf` may be such an `anyOf`.
pub(super) fn int_or_string_in_all_of(schema: &Map<String, Value>) -> bool {
    list(schema, "allOf").first().and_then(|first| first["anyOf"].as_array()).is_some_and(|branches| is_int_or_string(branches))
}
