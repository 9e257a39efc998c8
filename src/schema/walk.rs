//! The walk over one object along its schema.

use serde_json::{Map, Value};

use crate::data::{Array, Definitions, Format, ListType, Object, Schema, Type};
use crate::diag::did_you_mean;

use super::constraint;
use super::json_schema;
use super::pointer::Pointer;
use super::required;
use super::scalar::{is_base64, is_date_time, is_quantity};
use super::semantic;
use super::text_format;
use super::violation::Violation;

const OBJECT_META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

/// Who reads the object: Go structs (built-in kinds), or the structural schema of a custom resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Null is no value, a zero is unset, duplicates in lists pass.
    BuiltIn,
    /// Null is a value, zeros are values, list types count.
    Custom {
        /// Whether `status` is a subresource, which a create does not touch.
        status_is_dropped: bool,
    },
}

/// The walk over one object along its schema.
#[derive(Clone, Copy)]
pub(super) struct Walk<'a> {
    definitions: &'a Definitions,
    pub(super) dialect: Dialect,
    /// Whether unknown fields are refused; not so in the branches of `anyOf` and the like.
    closed: bool,
    /// Whether values are judged beyond their types; not so in `status`, which is dropped once it is read.
    judged: bool,
    /// Whether the server looks beyond types and required fields here.
    looked_into: bool,
}

impl<'a> Walk<'a> {
    pub(super) const fn new(definitions: &'a Definitions, dialect: Dialect) -> Self {
        Self { definitions, dialect, closed: true, judged: true, looked_into: true }
    }

    /// The same walk inside a branch of `anyOf` and the like.
    pub(super) const fn in_branch(self) -> Self {
        Self { closed: false, ..self }
    }

    /// A whole object.
    pub(super) fn root(self, fields: &Map<String, Value>, schema: &Schema, definition: &str, found: &mut Vec<Violation>) {
        if let Type::Object(object) = &schema.kind {
            self.fields(fields, object, definition, &Pointer::ROOT, found);
        }
        self.constraints_of_object(fields, schema, found);
    }

    fn constraints_of_object(self, fields: &Map<String, Value>, schema: &Schema, found: &mut Vec<Violation>) {
        if schema.constraints.is_some() {
            self.constraints(&Value::Object(fields.clone()), schema, &Pointer::ROOT, found);
        }
    }

    /// Any value.
    pub(super) fn value(self, value: &Value, schema: &Schema, at: &Pointer, found: &mut Vec<Violation>) {
        let (schema, definition) = self.definitions.resolve(schema);
        if value.is_null() {
            if self.is_custom() && self.judged && !schema.nullable && schema.default.is_none() && schema.kind != Type::Any {
                let message = format!("must be {}, not null", expected(&schema.kind));
                found.push(Violation::new("schema/type", at, message).hint("leave the field out"));
            }
            return;
        }
        let before = found.len();
        if let Some(inner) = json_schema::of(self.definitions, definition.unwrap_or_default()) {
            self.in_branch().schema_or_else(value, inner, definition.unwrap_or_default(), at, found);
            return;
        }
        match (&schema.kind, value) {
            (Type::Object(object), Value::Object(fields)) => self.fields(fields, object, definition.unwrap_or_default(), at, found),
            (Type::Array(array), Value::Array(items)) => self.items(items, array, at, found),
            // Go reads a list of numbers into bytes.
            (Type::String(Some(Format::Byte)), Value::Array(items))
                if items.iter().all(|item| item.as_u64().is_some_and(|byte| byte < 256)) => {}
            (kind, value) if self.is_custom() && !self.judged => dropped(value, kind, at, found),
            (kind, value) => self.scalar(value, kind, at, found),
        }
        if self.judged && found.len() == before {
            self.constraints(value, schema, at, found);
        }
    }

    fn constraints(self, value: &Value, schema: &Schema, at: &Pointer, found: &mut Vec<Violation>) {
        if let Some(constraints) = &schema.constraints {
            constraint::check(self, value, constraints, at, found);
        }
    }

    fn fields(self, fields: &Map<String, Value>, object: &Object, definition: &str, at: &Pointer, found: &mut Vec<Violation>) {
        for (key, value) in fields {
            let here = at.key(key);
            if object.embedded && key == "metadata" {
                self.metadata(value, &here, found);
                self.narrowed(value, object.property(key), &here, found);
                continue;
            }
            if self.dialect == Dialect::BuiltIn && !semantic::looks_into(definition, key) {
                if let Some(schema) = object.property(key) {
                    Self { looked_into: false, ..self }.value(value, schema, &here, found);
                }
                continue;
            }
            match object.property(key).or(object.additional.as_deref()) {
                // Null is dropped from a custom resource where the schema has no place for it, and then counts as absent.
                Some(_) if value.is_null() => {}
                // Only a whole object has a status that is dropped.
                Some(schema) if key == "status" && at.is_root() && self.dialect != (Dialect::Custom { status_is_dropped: false }) => {
                    Self { judged: false, ..self }.value(value, schema, &here, found);
                }
                Some(schema) => self.value(value, schema, &here, found),
                None if object.preserve || !self.closed || (object.embedded && matches!(&**key, "apiVersion" | "kind")) => {}
                None => found.push(unknown_field(key, object, &here)),
            }
        }
        if !self.judged {
            return;
        }
        for name in &object.required {
            let unset = match (self.dialect, fields.get(&**name)) {
                // A default is filled in before anything is judged.
                (Dialect::Custom { .. }, None) => object.property(name).is_none_or(|schema| !has_default(schema)),
                (Dialect::BuiltIn, None) => true,
                (Dialect::BuiltIn, Some(value)) => is_unset(value),
                (Dialect::Custom { .. }, Some(value)) => {
                    value.is_null() && object.property(name).is_some_and(|schema| !schema.nullable && !has_default(schema))
                }
            };
            if unset && !(self.dialect == Dialect::BuiltIn && is_optional(object, definition, name)) {
                found.push(Violation::new("schema/required", &at.key(name), format!("`{name}` is required")));
            }
        }
        if self.dialect == Dialect::BuiltIn && self.looked_into {
            semantic::check(definition, fields, at, found);
        }
        if object.embedded {
            for name in ["apiVersion", "kind"] {
                if fields.get(name).and_then(Value::as_str).is_none_or(str::is_empty) {
                    found.push(Violation::new("schema/required", &at.key(name), format!("`{name}` is required")));
                }
            }
            if !at.is_root() {
                semantic::embedded(fields, at, found);
            }
        }
    }

    /// The metadata of a custom resource follows the same Go struct as that of a built-in kind.
    fn metadata(self, value: &Value, at: &Pointer, found: &mut Vec<Violation>) {
        if let Some(number) = self.definitions.number(OBJECT_META) {
            let walk = Self { dialect: Dialect::BuiltIn, ..self };
            match (value, &self.definitions.definition(number).kind) {
                (Value::Object(fields), Type::Object(object)) => walk.fields(fields, object, OBJECT_META, at, found),
                _ => walk.value(value, self.definitions.definition(number), at, found),
            }
        }
    }

    /// What the schema says about the names in the metadata of a whole object.
    fn narrowed(self, metadata: &Value, schema: Option<&Schema>, at: &Pointer, found: &mut Vec<Violation>) {
        let Some(Type::Object(object)) = schema.map(|schema| &schema.kind) else { return };
        for name in ["name", "generateName"] {
            if let (Some(value @ Value::String(_)), Some(schema)) = (metadata.get(name), object.property(name)) {
                self.value(value, schema, &at.key(name), found);
            }
        }
    }

    fn items(self, items: &[Value], array: &Array, at: &Pointer, found: &mut Vec<Violation>) {
        for (index, item) in items.iter().enumerate() {
            let here = at.index(index);
            match item {
                // In a list of a built-in kind, null is an entry without any field.
                Value::Null if self.dialect == Dialect::BuiltIn && self.is_mapping(&array.items) => {
                    self.value(&Value::Object(Map::new()), &array.items, &here, found);
                }
                item => self.value(item, &array.items, &here, found),
            }
        }
        if self.is_custom() && self.judged {
            duplicates(items, array, at, found);
        }
    }

    fn is_custom(self) -> bool {
        self.dialect != Dialect::BuiltIn
    }

    fn is_mapping(self, schema: &Schema) -> bool {
        matches!(self.definitions.resolve(schema).0.kind, Type::Object(_))
    }

    fn scalar(self, value: &Value, kind: &Type, at: &Pointer, found: &mut Vec<Violation>) {
        let fits = match (kind, value) {
            (Type::Any, _)
            | (Type::Boolean, Value::Bool(_))
            | (Type::Number | Type::String(Some(Format::Quantity)), Value::Number(_))
            | (Type::IntOrString, Value::String(_)) => true,
            // The server takes a list, where text of a format that it knows is wanted (seen with `uuid`, `hexcolor`, `byte` and times).
            (Type::String(Some(Format::Other(name))), Value::Array(_)) if self.is_custom() => text_format::is_known(name),
            (Type::String(Some(Format::Byte | Format::DateTime)), Value::Array(_)) if self.is_custom() => true,
            (Type::String(format), Value::String(text)) => {
                if let Some(message) = format.as_ref().and_then(|format| self.wrong_format(text, format)) {
                    found.push(Violation::new("schema/format", at, message));
                }
                true
            }
            (Type::Integer { .. } | Type::IntOrString, Value::Number(_)) => {
                let narrow =
                    matches!(kind, Type::Integer { narrow: true }) || (*kind == Type::IntOrString && self.dialect == Dialect::BuiltIn);
                if let Some(message) = wrong_integer(value, narrow) {
                    found.push(Violation::new("schema/type", at, message));
                }
                true
            }
            _ => false,
        };
        if !fits {
            let message = format!("must be {}, not {}", expected(kind), actual(value));
            let violation = Violation::new("schema/type", at, message);
            found.push(match quotes(kind, value) {
                Some(hint) => violation.hint(hint),
                None => violation,
            });
        }
    }

    fn wrong_format(self, text: &str, format: &Format) -> Option<String> {
        match format {
            Format::Byte if self.is_custom() => text_format::wrong(text, "byte").map(|_| "must be base64".to_owned()),
            Format::Byte if !is_base64(text) => Some("must be base64".to_owned()),
            Format::DateTime if self.is_custom() && text_format::wrong(text, "datetime").is_none() => None,
            Format::DateTime if !is_date_time(text) => Some("must be a time like `2026-01-31T12:00:00Z`".to_owned()),
            Format::Quantity if !is_quantity(text) => Some(format!("`{text}` is no quantity like `500m`, `1.5` or `2Gi`")),
            Format::Other(name) if self.is_custom() => text_format::wrong(text, name),
            _ => None,
        }
    }
}

/// A value in the status of a custom resource, which the server drops: only the names of fields are read before, and where the
/// schema has no mapping, no name is known (`pkg/apiserver/schema/pruning/algorithm.go` of `k8s.io/apiextensions-apiserver`).
fn dropped(value: &Value, kind: &Type, at: &Pointer, found: &mut Vec<Violation>) {
    match value {
        Value::Object(fields) if *kind != Type::Any => {
            for key in fields.keys() {
                found.push(Violation::new("schema/unknown-field", &at.key(key), format!("unknown field `{key}`")));
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                dropped(item, kind, &at.index(index), found);
            }
        }
        _ => {}
    }
}

/// Go cannot tell a boolean that is not set from one that is false.
fn is_optional(object: &Object, definition: &str, name: &str) -> bool {
    object.property(name).is_some_and(|schema| schema.kind == Type::Boolean) || required::is_optional(definition, name)
}

/// What Go's decoder leaves behind for a field that was not written.
fn is_unset(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::Object(_) | Value::Bool(_) => false,
    }
}

fn unknown_field(key: &str, object: &Object, at: &Pointer) -> Violation {
    let violation = Violation::new("schema/unknown-field", at, format!("unknown field `{key}`"));
    match did_you_mean(key, object.properties.iter().map(|(name, _)| &**name)) {
        Some(near) => violation.hint(format!("did you mean `{near}`?")),
        None => violation,
    }
}

fn wrong_integer(value: &Value, narrow: bool) -> Option<String> {
    let number = match (value.as_i64(), value.as_f64()) {
        (Some(number), _) => Some(number),
        // YAML's `3.0` reaches the server as `3`. The bounds are those of i64, which f64 holds exactly as powers of two.
        #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)]
        (None, Some(number)) if number.fract() == 0.0 && number >= i64::MIN as f64 && number < i64::MAX as f64 => Some(number as i64),
        _ => None,
    };
    match number {
        None if value.as_f64().is_some_and(|number| number.fract() != 0.0) => Some(format!("must be a whole number, not {value}")),
        None => Some(format!("{value} does not fit 64 bits")),
        Some(number) if narrow && i32::try_from(number).is_err() => Some(format!("{value} does not fit 32 bits")),
        Some(_) => None,
    }
}

fn has_default(schema: &Schema) -> bool {
    schema.default.as_ref().is_some_and(|default| !default.is_null())
}

/// The default of a field of the entries of a list.
fn default_of<'a>(array: &'a Array, key: &str) -> Option<&'a Value> {
    match &array.items.kind {
        Type::Object(object) => object.property(key)?.default.as_ref(),
        _ => None,
    }
}

fn duplicates(items: &[Value], array: &Array, at: &Pointer, found: &mut Vec<Violation>) {
    let key = |item: &Value| match &array.list_type {
        ListType::Atomic => None,
        ListType::Set => Some(item.to_string()),
        ListType::Map(keys) => Some(
            keys.iter()
                .map(|key| {
                    let value = item.get(&**key).filter(|value| !value.is_null()).or_else(|| default_of(array, key));
                    value.map_or_else(String::new, Value::to_string)
                })
                .collect::<Vec<_>>()
                .join(", "),
        ),
    };
    let mut seen = std::collections::HashSet::new();
    for (index, item) in items.iter().enumerate() {
        if let Some(key) = key(item)
            && !seen.insert(key.clone())
        {
            found.push(Violation::new("schema/duplicate", &at.index(index), format!("{key} stands here twice")));
        }
    }
}

const fn expected(kind: &Type) -> &'static str {
    match kind {
        Type::Object(_) | Type::Reference(_) => "a mapping",
        Type::Array(_) => "a list",
        Type::String(_) => "a string",
        Type::Integer { .. } => "a whole number",
        Type::Number => "a number",
        Type::Boolean => "`true` or `false`",
        Type::IntOrString => "a whole number or a string",
        Type::Any => "anything",
    }
}

const fn actual(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "a mapping",
    }
}

fn quotes(kind: &Type, value: &Value) -> Option<String> {
    match (kind, value) {
        (Type::String(_), Value::Number(_) | Value::Bool(_)) => Some(format!("write it in quotes: \"{value}\"")),
        (Type::Integer { .. } | Type::Number, Value::String(text)) if text.parse::<f64>().is_ok() => {
            Some("write it without quotes".to_owned())
        }
        (Type::Boolean, Value::String(text)) if matches!(&**text, "true" | "false") => Some("write it without quotes".to_owned()),
        _ => None,
    }
}
