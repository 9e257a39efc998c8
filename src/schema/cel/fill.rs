//! What the server does to an object before it asks the rules: nulls go, defaults come.
//!
//! Source: `pkg/apiserver/schema/defaulting` of the Go module `k8s.io/apiextensions-apiserver` 0.36.

use serde_json::{Map, Value};

use crate::data::{Object, Schema, Type};

/// Fills an object in.
pub(super) fn fill(fields: &mut Map<String, Value>, object: &Object) {
    fields.retain(|name, value| {
        !value.is_null()
            || of_field(object, name)
                .is_none_or(|schema| schema.nullable || schema.default.as_ref().is_some_and(|default| !default.is_null()))
    });
    for (name, schema) in &object.properties {
        let Some(default) = schema.default.as_ref().filter(|default| !default.is_null()) else { continue };
        match fields.get(&**name) {
            Some(value) if !value.is_null() || schema.nullable => {}
            _ => {
                fields.insert(name.to_string(), default.clone());
            }
        }
    }
    for (name, value) in fields.iter_mut() {
        // The metadata of a whole object is not the schema's to fill.
        if let Some(schema) = of_field(object, name).filter(|_| !(object.embedded && name == "metadata")) {
            below(value, schema);
        }
    }
}

fn of_field<'a>(object: &'a Object, name: &str) -> Option<&'a Schema> {
    object.property(name).or(object.additional.as_deref())
}

fn below(value: &mut Value, schema: &Schema) {
    if value.is_null()
        && !schema.nullable
        && let Some(default) = &schema.default
    {
        *value = default.clone();
    }
    match (value, &schema.kind) {
        (Value::Object(fields), Type::Object(object)) => fill(fields, object),
        (Value::Array(items), Type::Array(array)) => {
            for item in items {
                below(item, &array.items);
            }
        }
        _ => {}
    }
}
