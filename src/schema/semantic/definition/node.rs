//! What holds for every schema inside of a definition, on every level.
//!
//! Source: `pkg/apis/apiextensions/validation/validation.go` of the Go module `k8s.io/apiextensions-apiserver` 0.36
//! (`ValidateCustomResourceDefinitionOpenAPISchema`).

use std::collections::HashSet;

use serde_json::{Map, Value};

use crate::cel::parse;
use crate::schema::cel;
use crate::schema::pointer::Pointer;
use crate::schema::violation::Violation;

use super::super::expression::{self, Wanted};
use super::super::{is_empty, list, refuse, text};
use super::structural::is_true;

/// Keywords of JSON Schema that the server knows and does not take.
const NOT_SUPPORTED: [&str; 6] = ["id", "additionalItems", "patternProperties", "definitions", "dependencies", "$ref"];

/// Where in an object a schema stands.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Context {
    /// Below `apiVersion`, `kind` or `metadata`.
    in_metadata: bool,
    /// Below those of the object itself, where nothing can be filled in.
    no_defaults: bool,
    below_root: bool,
}

/// Everything against one schema and those in it.
pub(super) fn check(schema: &Map<String, Value>, context: Context, at: &Pointer, found: &mut Vec<Violation>) {
    for key in NOT_SUPPORTED {
        if schema.get(key).is_some_and(|value| !value.is_null() && (key == "dependencies" || !is_empty(value) || value.is_boolean())) {
            found.push(refuse(&at.key(key), format!("`{key}` is not supported")));
        }
    }
    let kind = text(schema, "type");
    if !kind.is_empty() && !matches!(kind, "array" | "boolean" | "integer" | "number" | "object" | "string") {
        found.push(refuse(&at.key("type"), format!("`{kind}` is no type")));
    }
    if context.no_defaults && schema.get("default").is_some_and(|default| !default.is_null()) {
        found.push(refuse(&at.key("default"), "nothing can be filled in here"));
    }
    if schema.get("items").is_some_and(Value::is_array) {
        found.push(refuse(&at.key("items"), "must be one schema, not a list"));
    }
    if is_true(schema, "uniqueItems") {
        found.push(refuse(&at.key("uniqueItems"), "cannot be `true`").hint("use `x-kubernetes-list-type: set`"));
    }
    if context.in_metadata && is_true(schema, "x-kubernetes-embedded-resource") {
        found.push(refuse(&at.key("x-kubernetes-embedded-resource"), "cannot stand inside of `metadata`"));
    }
    if schema.get("x-kubernetes-preserve-unknown-fields") == Some(&Value::Bool(false)) {
        found.push(refuse(&at.key("x-kubernetes-preserve-unknown-fields"), "must be `true`, or left out"));
    }
    let properties = schema.get("properties").and_then(Value::as_object).filter(|properties| !properties.is_empty());
    if properties.is_some() && matches!(schema.get("additionalProperties"), Some(Value::Object(_) | Value::Bool(false))) {
        found.push(refuse(&at.key("additionalProperties"), "`properties` and `additionalProperties` exclude each other"));
    }
    if let Some(Value::Object(required)) = schema.get("additionalProperties") {
        check(
            required,
            Context { no_defaults: context.no_defaults || context.in_metadata, below_root: true, ..context },
            &at.key("additionalProperties"),
            found,
        );
    }
    lists(schema, at, found);
    rules(schema, at, found);
    let whole = !context.below_root || is_true(schema, "x-kubernetes-embedded-resource");
    let properties_at = at.key("properties");
    for (name, property) in properties.into_iter().flatten() {
        let of_metadata = whole && matches!(name.as_str(), "metadata" | "kind" | "apiVersion");
        let context = Context {
            in_metadata: context.in_metadata || of_metadata,
            no_defaults: context.no_defaults || (of_metadata && !context.below_root),
            below_root: true,
        };
        if let Value::Object(property) = property {
            check(property, context, &properties_at.key(name), found);
        }
    }
    let context = Context { below_root: true, ..context };
    for key in ["items", "not"] {
        if let Some(Value::Object(inner)) = schema.get(key) {
            check(inner, context, &at.key(key), found);
        }
    }
    for key in ["allOf", "anyOf", "oneOf"] {
        let list_at = at.key(key);
        for (index, inner) in list(schema, key).iter().enumerate() {
            if let Value::Object(inner) = inner {
                check(inner, context, &list_at.index(index), found);
            }
        }
    }
}

/// The merge types of lists and mappings.
fn lists(schema: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let kind = text(schema, "type");
    let set = |key: &str| schema.get(key).is_some_and(|value| !value.is_null());
    let readable = matches!(schema.get("type"), None | Some(Value::Null | Value::String(_)));
    let (list_at, keys_at, items_at) = (at.key("x-kubernetes-list-type"), at.key("x-kubernetes-list-map-keys"), at.key("items"));
    if set("x-kubernetes-map-type") {
        if kind != "object" && readable {
            found.push(refuse(&at.key("type"), "must be `object` where there is `x-kubernetes-map-type`"));
        }
        if schema["x-kubernetes-map-type"].as_str().is_some_and(|kind| !matches!(kind, "atomic" | "granular")) {
            found.push(refuse(&at.key("x-kubernetes-map-type"), "must be `atomic` or `granular`"));
        }
    }
    let list_type = schema.get("x-kubernetes-list-type").and_then(Value::as_str);
    let keys = list(schema, "x-kubernetes-list-map-keys");
    if list_type.is_some() && kind != "array" && readable {
        found.push(refuse(&at.key("type"), "must be `array` where there is `x-kubernetes-list-type`"));
    }
    if list_type.is_some_and(|kind| !matches!(kind, "atomic" | "set" | "map")) {
        found.push(refuse(&list_at, "must be `atomic`, `set` or `map`"));
    }
    if !keys.is_empty() && list_type != Some("map") {
        found.push(refuse(&list_at, "must be `map` where there are `x-kubernetes-list-map-keys`"));
    }
    let items = schema.get("items").and_then(Value::as_object);
    if matches!(list_type, Some("map" | "set")) && items.is_some_and(|items| is_true(items, "nullable")) {
        found.push(refuse(&items_at.key("nullable"), "cannot be `true` for the entries of a set or a map"));
    }
    match (list_type, items) {
        (Some("set"), Some(items)) => {
            let other = |key: &str| items.get(key).and_then(Value::as_str).is_some_and(|kind| kind != "atomic");
            match text(items, "type") {
                "array" if other("x-kubernetes-list-type") => {
                    found.push(refuse(&items_at.key("x-kubernetes-list-type"), "must be `atomic` for the entries of a set"));
                }
                "object" if text(items, "x-kubernetes-map-type") != "atomic" => {
                    found.push(refuse(&items_at.key("x-kubernetes-map-type"), "must be `atomic` for the entries of a set"));
                }
                _ => {}
            }
        }
        (Some("map"), items) => {
            if schema.get("x-kubernetes-list-map-keys").is_none_or(is_empty) {
                found.push(Violation::new("schema/required", &keys_at, "`x-kubernetes-list-map-keys` is required for a map"));
            }
            if let Some(items) = items {
                map_keys(items, keys, at, found);
            }
        }
        _ => {}
    }
}

fn map_keys(items: &Map<String, Value>, keys: &[Value], at: &Pointer, found: &mut Vec<Violation>) {
    let (items_at, keys_at) = (at.key("items"), at.key("x-kubernetes-list-map-keys"));
    if text(items, "type") != "object" {
        found.push(refuse(&items_at.key("type"), "must be `object` where `x-kubernetes-list-type` is `map`"));
        return;
    }
    let mut seen = HashSet::new();
    for (index, key) in keys.iter().enumerate() {
        let name = key.as_str().unwrap_or_default();
        let here = keys_at.index(index);
        if !seen.insert(name) {
            found.push(Violation::new("schema/duplicate", &here, format!("`{name}` stands here twice")));
        }
        let Some(property) = items.get("properties").and_then(|properties| properties.get(name)?.as_object()) else {
            found.push(refuse(&here, format!("the entries have no field `{name}`")));
            continue;
        };
        if matches!(text(property, "type"), "array" | "object") {
            found.push(refuse(&here, format!("the field `{name}` must be a scalar to be a key")));
        }
        let required = list(items, "required").contains(key);
        if !required && property.get("default").is_none_or(Value::is_null) {
            found.push(refuse(&here, format!("the field `{name}` must be required, or have a default, to be a key")));
        }
        if is_true(property, "nullable") {
            found.push(refuse(&here, format!("the field `{name}` cannot be nullable and a key")));
        }
    }
}

/// The outside of CEL rules.
fn rules(schema: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let list_at = at.key("x-kubernetes-validations");
    for (index, rule) in list(schema, "x-kubernetes-validations").iter().enumerate() {
        let (Value::Object(rule), here) = (rule, list_at.index(index)) else { continue };
        let (code, message) = (text(rule, "rule"), text(rule, "message"));
        let breaks = |text: &str| text.trim().contains(['\n', '\r']);
        if code.trim().is_empty() && !rule.get("rule").is_some_and(|rule| !rule.is_string() && !rule.is_null()) {
            found.push(Violation::new("schema/required", &here.key("rule"), "`rule` is required"));
        } else if (!message.is_empty() && message.trim().is_empty()) || breaks(message) {
            found.push(refuse(&here.key("message"), "must be one line of text"));
        } else if breaks(code) && message.is_empty() {
            found.push(Violation::new("schema/required", &here.key("message"), "`message` is required for a rule of several lines"));
        }
        let maker = text(rule, "messageExpression");
        if !maker.is_empty() && maker.trim().is_empty() {
            found.push(refuse(&here.key("messageExpression"), "must not be blank"));
        }
        let variables = ["self", "oldSelf"];
        expression::check(code, &variables, Wanted::Bool, &here.key("rule"), found);
        expression::check(maker, &variables, Wanted::Text, &here.key("messageExpression"), found);
        fields(code, schema, &here.key("rule"), found);
        let reason = text(rule, "reason");
        let known = ["FieldValueRequired", "FieldValueForbidden", "FieldValueInvalid", "FieldValueDuplicate"];
        if rule.get("reason").is_some_and(Value::is_string) && !known.contains(&reason) {
            found.push(refuse(&here.key("reason"), format!("must be one of `{}`", known.join("`, `"))));
        }
        let path = text(rule, "fieldPath");
        if !path.is_empty() && !leads_somewhere(path, schema) {
            found.push(refuse(&here.key("fieldPath"), format!("the schema has no field `{path}`")));
        }
    }
}

/// `self.x` is a field that the schema knows. Whole objects have some that it need not name.
fn fields(code: &str, schema: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let (Some(Value::Object(properties)), None) = (schema.get("properties"), schema.get("additionalProperties")) else { return };
    let Ok(expression) = parse(code) else { return };
    for free in expression.free_names().into_iter().filter(|free| free.name == "self") {
        let Some(field) = free.field.filter(|field| !matches!(*field, "apiVersion" | "kind" | "metadata")) else { continue };
        if cel::unescaped(field).is_none_or(|name| !properties.contains_key(&*name)) {
            found.push(refuse(at, format!("undefined field `{field}`")));
        }
    }
}

/// Whether a field path may name a field. Paths in brackets and into free mappings may.
fn leads_somewhere(path: &str, schema: &Map<String, Value>) -> bool {
    if path.contains('[') {
        return true;
    }
    let Some(path) = path.strip_prefix('.') else { return false };
    let mut place = schema;
    for name in path.split('.') {
        match place.get("properties").and_then(|properties| properties.get(name)) {
            Some(Value::Object(next)) => place = next,
            _ => return place.contains_key("additionalProperties"),
        }
    }
    true
}
