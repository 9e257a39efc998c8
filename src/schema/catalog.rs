//! The kinds that a check knows, and the check of one object.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::data::{self, CustomKind, Definitions, Kind, Scope};
use crate::diag::{Result, Severity};

use super::cel;
use super::pointer::Pointer;
use super::semantic;
use super::unknown_kind;
use super::violation::Violation;
use super::walk::{Dialect, Walk};

/// The kinds of one Kubernetes version, and custom ones.
#[derive(Debug, Clone)]
pub struct Catalog {
    definitions: &'static Definitions,
    /// By `apiVersion` and kind; they stand in front of the embedded ones.
    custom: BTreeMap<(Box<str>, Box<str>), CustomKind>,
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
        Ok(Self { definitions: data::kubernetes(version)?, custom: BTreeMap::new() })
    }

    /// Adds the kinds of a `CustomResourceDefinition`, in place of embedded ones of the same name.
    ///
    /// # Errors
    /// Wrong usage when it is none, or its schema cannot be read.
    pub fn add_crd(&mut self, crd: &Value) -> Result<()> {
        self.add_kinds(data::custom_kinds(crd)?);
        Ok(())
    }

    /// Adds the kinds of a `CustomResourceDefinition` that was read already ([`data::custom_kinds`]).
    pub fn add_kinds(&mut self, kinds: impl IntoIterator<Item = CustomKind>) {
        self.custom.extend(kinds.into_iter().map(|custom| ((custom.kind.api_version.clone(), custom.kind.kind.clone()), custom)));
    }

    /// What is known of a kind: built in, given with [`Self::add_crd`], or embedded.
    #[must_use]
    pub fn kind(&self, api_version: &str, kind: &str) -> Option<&Kind> {
        let custom = || self.custom_kind(api_version, kind).map(|custom| &custom.kind);
        self.definitions.kind(api_version, kind).or_else(custom)
    }

    fn custom_kind(&self, api_version: &str, kind: &str) -> Option<&CustomKind> {
        let given = self.custom.get(&(api_version.into(), kind.into()));
        given.or_else(|| data::embedded_kind(api_version, kind))
    }

    /// Everything that an API server would refuse in one object, in the order of the object's fields.
    #[must_use]
    pub fn check(&self, object: &Value) -> Vec<Violation> {
        match object {
            Value::Object(fields) => self.check_fields(fields),
            _ => vec![Violation::new("schema/type", &Pointer::ROOT, "an object must be a mapping")],
        }
    }

    /// As [`Self::check`], for the fields of an object.
    #[must_use]
    pub fn check_fields(&self, fields: &Map<String, Value>) -> Vec<Violation> {
        let mut found = Vec::new();
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
        let scope = self.kind(api_version, name).map_or(Scope::Namespaced, |kind| kind.scope);
        if let Some((schema, definition)) = self.definitions.schema(api_version, name) {
            if let Some(kind) = self.definitions.kind(api_version, name).filter(|kind| !kind.is_served_by_default()) {
                found.push(unknown_kind::not_served(self.definitions, kind));
            }
            Walk::new(self.definitions, Dialect::BuiltIn).root(fields, schema, definition, &mut found);
        } else if let Some(custom) = self.custom_kind(api_version, name) {
            Walk::new(self.definitions, Dialect::Custom { status_is_dropped: custom.status_is_dropped }).root(
                fields,
                &custom.schema,
                "",
                &mut found,
            );
            // The server asks the rules of what fits otherwise.
            if found.iter().all(|violation| violation.severity != Severity::Error) {
                cel::check(fields, custom, &mut found);
            }
        } else {
            // Nothing else can be said about it.
            found.push(unknown_kind::violation(self.definitions, api_version, name));
            return found;
        }
        let group = api_version.split_once('/').map_or("", |(group, _)| group);
        semantic::metadata(fields, semantic::Of { group, kind: name, scope, definitions: self.definitions }, &mut found);
        if semantic::is_answered(group, name) {
            found.retain(|violation| {
                !violation.path.starts_with("/metadata/") || matches!(violation.rule, "schema/type" | "schema/unknown-field")
            });
        }
        found
    }
}
