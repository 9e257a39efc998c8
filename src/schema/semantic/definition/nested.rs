//! `allOf`, `anyOf`, `oneOf` and `not`: they may narrow values, not say what a value is.
//!
//! Source: `pkg/apiserver/schema/{validation,complete}.go` of the Go module `k8s.io/apiextensions-apiserver` 0.36.

use serde_json::{Map, Value};

use crate::schema::pointer::Pointer;
use crate::schema::violation::Violation;

use super::super::{is_empty, list, refuse, text};
use super::structural::{int_or_string_in_all_of, is_int_or_string};

const JUNCTORS: [&str; 3] = ["allOf", "anyOf", "oneOf"];

/// What belongs to the structure and cannot stand inside.
const STRUCTURE: &[&str] = &[
    "type",
    "additionalProperties",
    "default",
    "title",
    "description",
    "nullable",
    "x-kubernetes-preserve-unknown-fields",
    "x-kubernetes-embedded-resource",
    "x-kubernetes-int-or-string",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-list-type",
    "x-kubernetes-map-type",
    "x-kubernetes-validations",
];

/// The constraints of a schema, which may be nested itself.
pub(super) fn check_values(schema: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let first_is_int_or_string = int_or_string_in_all_of(schema);
    for junctor in JUNCTORS {
        let branches = list(schema, junctor);
        if junctor == "anyOf" && is_int_or_string(branches) {
            continue;
        }
        let list_at = at.key(junctor);
        for (index, branch) in branches.iter().enumerate() {
            if let Value::Object(branch) = branch {
                check(branch, junctor == "allOf" && index == 0 && first_is_int_or_string, &list_at.index(index), found);
            }
        }
    }
    if let Some(Value::Object(not)) = schema.get("not") {
        check(not, false, &at.key("not"), found);
    }
    let pattern = text(schema, "pattern");
    if !pattern.is_empty() && is_surely_wrong(pattern) {
        found.push(refuse(&at.key("pattern"), format!("`{pattern}` is no regular expression of Go's")));
    }
}

fn check(schema: &Map<String, Value>, skip_any_of: bool, at: &Pointer, found: &mut Vec<Violation>) {
    for key in STRUCTURE {
        if schema.get(*key).is_some_and(|value| !is_empty(value) && *value != Value::Bool(false)) {
            found.push(refuse(&at.key(key), format!("`{key}` cannot stand inside of `allOf`, `anyOf`, `oneOf` or `not`")));
        }
    }
    if !skip_any_of {
        check_values(schema, at, found);
    }
    if let Some(Value::Object(items)) = schema.get("items") {
        check(items, false, &at.key("items"), found);
    }
    let properties_at = at.key("properties");
    for (name, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        if name == "metadata" {
            found.push(refuse(&properties_at.key(name), "`metadata` cannot stand inside of `allOf`, `anyOf`, `oneOf` or `not`"));
        }
        if let Value::Object(property) = property {
            check(property, false, &properties_at.key(name), found);
        }
    }
}

/// What is said about a field must be about a field that the structure has.
pub(super) fn complete(schema: &Map<String, Value>, structure: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    for junctor in JUNCTORS {
        let list_at = at.key(junctor);
        for (index, branch) in list(schema, junctor).iter().enumerate() {
            if let Value::Object(branch) = branch {
                complete_branch(branch, structure, &list_at.index(index), found);
            }
        }
    }
    if let Some(Value::Object(not)) = schema.get("not") {
        complete_branch(not, structure, &at.key("not"), found);
    }
}

fn complete_branch(branch: &Map<String, Value>, structure: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    complete(branch, structure, at, found);
    if let Some(Value::Object(items)) = branch.get("items") {
        match structure.get("items") {
            Some(Value::Object(of)) => complete_branch(items, of, &at.key("items"), found),
            _ => found.push(refuse(&at.key("items"), "the structure has no `items`")),
        }
    }
    let properties_at = at.key("properties");
    for (name, property) in branch.get("properties").and_then(Value::as_object).into_iter().flatten() {
        match (property, structure.get("properties").and_then(|properties| properties.get(name))) {
            (_, None) => found.push(refuse(&properties_at.key(name), format!("the structure has no field `{name}`"))),
            (Value::Object(property), Some(Value::Object(of))) => complete_branch(property, of, &properties_at.key(name), found),
            _ => {}
        }
    }
}

/// Whether Go's `regexp` refuses an expression, as far as can be told: what our own engine does not know may be known to Go.
fn is_surely_wrong(pattern: &str) -> bool {
    let of_go_only = ["\\p", "\\P", "\\Q", "\\C", "\\pN"].iter().any(|escape| pattern.contains(escape));
    !of_go_only && matches!(regex::Regex::new(pattern), Err(regex::Error::Syntax(_)))
}
