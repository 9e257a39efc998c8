//! How lists of a kind are merged: what its schema says.

use serde_json::Value;

use crate::data::{self, Definitions, ListType, Object, Schema, Type};
use crate::versions::KUBERNETES_MINORS;

/// A place in a schema; none where nothing is known.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    definitions: &'a Definitions,
    schema: Option<&'a Schema>,
}

impl<'a> Place<'a> {
    /// A built-in kind, or one of `custom`.
    pub(super) fn root(definitions: &'a Definitions, custom: &'a [data::CustomKind], api_version: &str, kind: &str) -> Self {
        let own = || custom.iter().find(|own| *own.kind.api_version == *api_version && *own.kind.kind == *kind).map(|own| &own.schema);
        let schema = definitions.schema(api_version, kind).map(|(schema, _)| schema).or_else(own);
        Self { definitions, schema }.resolved()
    }

    fn resolved(self) -> Self {
        Self { schema: self.schema.map(|schema| self.definitions.resolve(schema).0), ..self }
    }

    fn object(self) -> Option<&'a Object> {
        match &self.schema?.kind {
            Type::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The place of a mapping's field.
    pub(super) fn field(self, name: &str) -> Self {
        let schema = self.object().and_then(|object| object.property(name).or(object.additional.as_deref()));
        Self { schema, ..self }.resolved()
    }

    /// How the list here is merged.
    pub(super) fn list_type(self) -> Option<&'a ListType> {
        match &self.schema?.kind {
            Type::Array(array) => Some(&array.list_type),
            _ => None,
        }
    }

    /// The place of the list's entries.
    pub(super) fn items(self) -> Self {
        let schema = match self.schema.map(|schema| &schema.kind) {
            Some(Type::Array(array)) => Some(&*array.items),
            _ => None,
        };
        Self { schema, ..self }.resolved()
    }

    /// What stands here when nothing is written.
    pub(super) fn default(self) -> Option<&'a Value> {
        self.schema.and_then(|schema| schema.default.as_ref())
    }
}

/// The definitions of a server's version, or of the nearest that is known.
pub(super) fn definitions_of(server_version: &str) -> &'static Definitions {
    let last = KUBERNETES_MINORS[KUBERNETES_MINORS.len() - 1];
    let minor = |version: &str| version.split('.').nth(1).and_then(|minor| minor.parse::<u32>().ok());
    let is_older = minor(server_version) < minor(KUBERNETES_MINORS[0]);
    let nearest = if is_older { KUBERNETES_MINORS[0] } else { last };
    data::kubernetes(server_version).or_else(|_| data::kubernetes(nearest)).expect("the minors of the table are embedded")
}
