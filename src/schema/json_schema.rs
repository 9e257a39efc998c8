//! Where the schema in a definition holds a schema or something else, which the server's OpenAPI does not tell.
//!
//! Source: `pkg/apis/apiextensions/v1/marshal.go` of the Go module `k8s.io/apiextensions-apiserver` 0.36. What is read there is
//! read without a look at unknown fields.

use serde_json::Value;

use crate::data::{Definitions, Schema};

use super::pointer::Pointer;
use super::violation::Violation;
use super::walk::Walk;

const PACKAGE: &str = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.";

/// What a schema is, where `definition` is one of the types that hold a schema or something else.
pub(super) fn of<'a>(definitions: &'a Definitions, definition: &str) -> Option<&'a Schema> {
    matches!(definition.strip_prefix(PACKAGE)?, "JSONSchemaPropsOrArray" | "JSONSchemaPropsOrBool")
        .then(|| definitions.number(&format!("{PACKAGE}JSONSchemaProps")))
        .flatten()
        .map(|number| definitions.definition(number))
}

impl Walk<'_> {
    /// A value that is a schema, or what else may stand there.
    pub(super) fn schema_or_else(self, value: &Value, schema: &Schema, definition: &str, at: &Pointer, found: &mut Vec<Violation>) {
        let or_list = definition.ends_with("OrArray");
        match value {
            Value::Object(_) => self.value(value, schema, at, found),
            Value::Array(items) if or_list => {
                for (index, item) in items.iter().enumerate() {
                    self.value(item, schema, &at.index(index), found);
                }
            }
            // Anything else counts as a list without entries; what is wrong with that the structure says.
            _ if or_list => {}
            Value::Bool(_) | Value::Null => {}
            _ => found.push(Violation::new("schema/type", at, "must be a schema, `true` or `false`")),
        }
    }
}
