//! What is known of a kind without its schema.

/// Whether objects of a kind live in a namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// In a namespace.
    Namespaced,
    /// In none.
    Cluster,
}

/// A kind that can be created by a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kind {
    /// Group and version as written in a manifest, `apps/v1`.
    pub api_version: Box<str>,
    /// The kind, `Deployment`.
    pub kind: Box<str>,
    /// The name of its collection in URLs, `deployments`.
    pub plural: Box<str>,
    /// Whether its objects live in a namespace.
    pub scope: Scope,
}

impl Kind {
    /// The API group; empty for the core group.
    #[must_use]
    pub fn group(&self) -> &str {
        self.api_version.split_once('/').map_or("", |(group, _)| group)
    }

    /// The version without its group, `v1`.
    #[must_use]
    pub fn version(&self) -> &str {
        self.api_version.rsplit('/').next().unwrap_or_default()
    }

    /// Whether an API server serves it without `--runtime-config`: since Kubernetes 1.24 no new alpha or beta version is on by
    /// default (KEP-3136), and since 1.32 no old one is left (`pkg/controlplane/instance.go`).
    #[must_use]
    pub fn is_served_by_default(&self) -> bool {
        !self.version().contains("alpha") && !self.version().contains("beta")
    }
}
