//! How a rule sees a part of the object, by its schema.
//!
//! Source: `pkg/cel/common/valuesunstructured.go` and `pkg/cel/escaping.go` of the Go module `k8s.io/apiserver` 0.36.

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE;
use serde_json::{Map, Number, Value};

use crate::cel::RESERVED;
use crate::data::{Array, Format, Object, Schema, Type};

use super::function::{duration, timestamp};
use super::value::{Outcome, Stop, Val, failed};

/// What rules see of `metadata`.
static NAMES: LazyLock<Object> = LazyLock::new(|| {
    let text = || Schema { kind: Type::String(None), nullable: false, ..Schema::any() };
    Object { properties: vec![("generateName".into(), text()), ("name".into(), text())], ..Object::default() }
});

/// The value in CEL's terms.
pub(super) fn of<'a>(value: &'a Value, schema: &'a Schema) -> Outcome<'a> {
    Ok(match (&schema.kind, value) {
        (_, Value::Null) if schema.nullable => Val::Null,
        (_, Value::Null) => return failed("invalid data, got null for schema with nullable=false"),
        (Type::Boolean, Value::Bool(flag)) => Val::Bool(*flag),
        (Type::Number, Value::Number(number)) => Val::Double(number.as_f64().ok_or(Stop::Unknown)?),
        (Type::Integer { .. } | Type::IntOrString, Value::Number(number)) => Val::Int(whole(number)?),
        (Type::IntOrString, Value::String(text)) => Val::text(&**text),
        (Type::String(format), Value::String(text)) => formatted(text, format.as_ref())?,
        (Type::Array(array), Value::Array(items)) => Val::Items(items, array),
        (Type::Object(object), Value::Object(fields)) => Val::Fields(fields, object),
        (Type::Any, value) => Val::Opaque(value),
        (Type::String(_), Value::Array(_)) => return failed("invalid data, expected string, got []interface {}"),
        _ => return Err(Stop::Unknown),
    })
}

/// `3.0` is a whole number, too.
#[allow(clippy::cast_possible_truncation)]
fn whole(number: &Number) -> Result<i64, Stop> {
    let whole = || number.as_f64().filter(|number| number.fract() == 0.0 && number.abs() < 9.0e15).map(|number| number as i64);
    number.as_i64().or_else(whole).ok_or(Stop::Unknown)
}

fn formatted<'a>(text: &'a str, format: Option<&Format>) -> Outcome<'a> {
    match format {
        // The alphabet for URLs, although the schema wants the other one: what has `+` or `/` in it no rule can use.
        Some(Format::Byte) => match URL_SAFE.decode(text) {
            Ok(bytes) => Ok(Val::Bytes(Rc::from(bytes))),
            Err(cause) => failed(format!("Invalid byte formatted string {text}: {cause}")),
        },
        Some(Format::DateTime) => timestamp(text).map(Val::Timestamp).ok_or(Stop::Unknown),
        Some(Format::Other(name)) if **name == *"date" => timestamp(&format!("{text}T00:00:00Z")).map(Val::Timestamp).ok_or(Stop::Unknown),
        // The format knows days and weeks, which CEL's own durations do not.
        Some(Format::Other(name)) if **name == *"duration" => duration(text).map(Val::Duration).ok_or(Stop::Unknown),
        _ => Ok(Val::text(text)),
    }
}

/// Whether a mapping has fields of its own, rather than free keys.
fn has_fields(object: &Object) -> bool {
    object.embedded || !object.properties.is_empty()
}

/// The value of a field or key; nothing where there is none that rules can see.
pub(super) fn field<'a>(fields: &'a Map<String, Value>, object: &'a Object, key: &str) -> Option<Outcome<'a>> {
    if !has_fields(object) {
        return Some(of(fields.get(key)?, object.additional.as_deref()?));
    }
    let name = unescaped(key)?;
    let value = fields.get(&*name).filter(|value| !value.is_null())?;
    Some(match (&*name, value) {
        ("apiVersion" | "kind", Value::String(text)) if object.embedded => Ok(Val::text(&**text)),
        ("metadata", Value::Object(fields)) if object.embedded => Ok(Val::Fields(fields, &NAMES)),
        _ => of(value, object.property(&name)?),
    })
}

/// The keys that rules can see.
pub(super) fn keys<'a>(fields: &'a Map<String, Value>, object: &'a Object) -> Vec<Val<'a>> {
    let seen = |name: &&String| object.property(name).is_some() || (!has_fields(object) && object.additional.is_some());
    let shown = |name: &'a String| if has_fields(object) { Val::String(escaped(name)) } else { Val::text(&**name) };
    fields.keys().filter(seen).map(shown).collect()
}

/// All entries of a list.
pub(super) fn items<'a>(items: &'a [Value], array: &'a Array) -> Result<Vec<Val<'a>>, Stop> {
    items.iter().map(|item| of(item, &array.items)).collect()
}

/// Whether CEL keeps a word for itself.
fn is_reserved(word: &str) -> bool {
    matches!(word, "true" | "false" | "null" | "in") || RESERVED.contains(&word)
}

/// How a rule writes the name of a field. A single underscore stays as it is.
fn escaped(name: &str) -> Cow<'_, str> {
    if is_reserved(name) {
        return format!("__{name}__").into();
    }
    if !name.contains(['.', '-', '/']) && !name.contains("__") {
        return name.into();
    }
    name.replace("__", "__underscores__").replace('.', "__dot__").replace('-', "__dash__").replace('/', "__slash__").into()
}

/// The field that a rule means; nothing where it can mean none.
pub(in crate::schema) fn unescaped(written: &str) -> Option<Cow<'_, str>> {
    if !written.contains("__") {
        return Some(written.into());
    }
    let mut name = String::with_capacity(written.len());
    let mut rest = written;
    while let Some(start) = rest.find("__") {
        let inner = &rest[start + 2..];
        let end = inner.find('_').filter(|end| *end > 0 && inner[*end..].starts_with("__"));
        let Some(end) = end else {
            // The escapes are told from the left, underscore by underscore.
            name.push_str(&rest[..=start]);
            rest = &rest[start + 1..];
            continue;
        };
        name.push_str(&rest[..start]);
        match &inner[..end] {
            "underscores" => name.push_str("__"),
            "dot" => name.push('.'),
            "dash" => name.push('-'),
            "slash" => name.push('/'),
            word if is_reserved(word) && written.len() == word.len() + 4 => name.push_str(word),
            _ => return None,
        }
        rest = &inner[end + 2..];
    }
    name.push_str(rest);
    Some(name.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_as_kubernetes_does() {
        for (name, written) in [
            ("plain_name", "plain_name"),
            ("_private", "_private"),
            ("namespace", "__namespace__"),
            ("x-y", "x__dash__y"),
            ("a.b/c", "a__dot__b__slash__c"),
            ("two__under", "two__underscores__under"),
        ] {
            assert_eq!(escaped(name), written);
            assert_eq!(unescaped(written).as_deref(), Some(name));
        }
        assert_eq!(unescaped("a__nothing__b"), None);
        assert_eq!(unescaped("__if__x"), None);
    }
}
