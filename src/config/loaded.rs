//! A config that was read, with the places of its values.

use serde_json::Value as Json;

use super::layers::Layers;
use super::{Cluster, findings};
use crate::diag::{Finding, Origin};
use crate::source::{ConfigPath, Location, Sources};
use crate::yaml::Node;

/// A config that was read: the typed values, and where each of them came from.
#[derive(Debug)]
pub struct Loaded {
    cluster: Cluster,
    json: Json,
    tree: Node,
    layers: Layers,
    profile: Option<String>,
    warnings: Vec<Finding>,
}

impl Loaded {
    pub(super) const fn new(
        cluster: Cluster,
        json: Json,
        tree: Node,
        layers: Layers,
        profile: Option<String>,
        warnings: Vec<Finding>,
    ) -> Self {
        Self { cluster, json, tree, layers, profile, warnings }
    }

    /// The typed config, with all defaults.
    #[must_use]
    pub const fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// The merged config as it was written, without defaults.
    #[must_use]
    pub const fn json(&self) -> &Json {
        &self.json
    }

    /// The profile that was asked for.
    #[must_use]
    pub fn profile(&self) -> Option<&str> {
        self.profile.as_deref()
    }

    /// The file's own profiles, in its order.
    #[must_use]
    pub fn own_profiles(&self) -> &[String] {
        &self.layers.profiles
    }

    /// What is most likely not as meant.
    #[must_use]
    pub fn warnings(&self) -> &[Finding] {
        &self.warnings
    }

    /// Where the value at a path stands, or else its nearest parent that was written, and which layer it came from.
    ///
    /// The origin's key is the path that was asked for. None where nothing was written at all.
    #[must_use]
    pub fn place(&self, path: &ConfigPath, sources: &Sources) -> Option<(Location, Origin)> {
        let span = findings::place(&self.tree, path);
        let origin = findings::origin(span, path, &self.layers)?;
        Some((findings::locate(span, sources), origin))
    }

    /// The merged tree.
    pub(super) const fn tree(&self) -> &Node {
        &self.tree
    }
}
