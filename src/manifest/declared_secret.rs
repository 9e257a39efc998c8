//! A Secret that the release needs and does not carry.

use std::collections::BTreeSet;

use crate::source::ConfigPath;

/// A Secret that the release's workloads use and that something else delivers, so that no manifest holds a plain value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclaredSecret {
    /// Where it must be.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The keys that are used.
    pub keys: BTreeSet<String>,
    /// The component that uses it.
    pub component: &'static str,
    /// The config entry that asked for it.
    pub origin: ConfigPath,
}
