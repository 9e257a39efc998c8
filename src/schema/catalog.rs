//! The kinds that a check knows, and the check of one object.

use serde_json::Value;

use crate::data::{self, Definitions};
use crate::diag::Result;

use super::pointer::Pointer;
use super::unknown_kind;
use super::violation::Violation;
use super::walk::{Dialect, Walk};

/// The kinds of one Kubernetes version.
#[derive(Debug, Clone)]
pub struct Catalog {
    definitions: &'static Definitions,
}

/// Everything that an API server of this version would refuse in one object, in the order of the object's fields.
///
/// # Errors
/// Wrong usage when the version is not known.
pub fn check(object: &Value, version: &str) -> Result<Vec<Violation>> {
    Ok(Catalog::new(version)?.check(object))
}

impl Catalog {
    /// The kinds of a Kubernetes version, `1.36` or `1.36.3`.
    ///
    /// # Errors
    /// Wrong usage when the version is not known.
    pub fn new(version: &str) -> Result<Self> {
        Ok(Self { definitions: data::kubernetes(version)? })
    }

    /// Everything that an API server would refuse in one object, in the order of the object's fields.
    #[must_use]
    pub fn check(&self, object: &Value) -> Vec<Violation> {
        let mut found = Vec::new();
        let Some(fields) = object.as_object() else {
            found.push(Violation::new("schema/type", &Pointer::ROOT, "an object must be a mapping"));
            return found;
        };
        let mut text = |key: &'static str| match fields.get(key) {
            Some(Value::String(text)) if !text.is_empty() => Some(text.as_str()),
            None | Some(Value::Null | Value::String(_)) => {
                found.push(Violation::new("schema/required", &Pointer::ROOT.key(key), format!("`{key}` is missing")));
                None
            }
            Some(_) => {
                found.push(Violation::new("schema/type", &Pointer::ROOT.key(key), format!("`{key}` must be a string")));
                None
            }
        };
        let (api_version, kind) = (text("apiVersion"), text("kind"));
        let (Some(api_version), Some(name)) = (api_version, kind) else { return found };
        let Some(kind) = self.definitions.kind(api_version, name) else {
            found.push(unknown_kind::violation(self.definitions, api_version, name));
            return found;
        };
        if !kind.is_served_by_default() {
            found.push(unknown_kind::not_served(self.definitions, kind));
        }
        Walk::new(self.definitions, Dialect::BuiltIn).root(
            fields,
            self.definitions.schema(kind),
            self.definitions.name_of(kind),
            &mut found,
        );
        found
    }
}
