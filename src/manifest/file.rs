//! A file that is not a Kubernetes object.

use std::collections::BTreeMap;

use crate::source::ConfigPath;

/// A file of the release: node configuration, a script, a README.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseFile {
    /// Where it goes, relative to the output folder, with `/` between its parts.
    pub path: String,
    /// Its text.
    pub contents: String,
    /// Whether it is to be run.
    pub executable: bool,
    /// The component that made it.
    pub component: &'static str,
    /// The config entry that asked for it.
    pub origin: ConfigPath,
    /// What else is known about it, such as the node it belongs to and its path there.
    pub facts: BTreeMap<&'static str, String>,
}
