//! What lives elsewhere.

use std::collections::BTreeSet;

/// An object that the set needs and that something else delivers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct External {
    /// Its kind, `Secret`; for `CustomResourceDefinition` the name is `KIND.GROUP`, `Certificate.cert-manager.io`.
    pub kind: String,
    /// Its namespace; none for a cluster-scoped object, or when it is in every namespace.
    pub namespace: Option<String>,
    /// Its name; `*` stands for any.
    pub name: String,
    /// Its keys, for a `ConfigMap` or Secret. When none is named, every key is taken to be there.
    pub keys: BTreeSet<String>,
}

impl External {
    pub(super) fn is(&self, kind: &str, namespace: &str, name: &str) -> bool {
        self.kind == kind
            && (self.name == "*" || self.name == name)
            && self.namespace.as_deref().is_none_or(|own| own == namespace || namespace.is_empty())
    }
}
