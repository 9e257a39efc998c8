//! The section `gitops`: the repository that Argo CD follows.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::DnsLabel;

/// The Git repository that holds what `render --format gitops` writes, and that Argo CD keeps the cluster in step with.
///
/// With it, the release has the Applications that sync that tree: the root one, and one for each of its parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Gitops {
    /// The URL of the repository, as Argo CD reaches it.
    #[serde(rename = "repoURL")]
    #[schemars(extend("examples" = ["https://git.example.com/cluster.git"]))]
    pub repo_url: String,
    /// The branch, or a tag or commit.
    #[serde(default = "head")]
    pub target_revision: String,
    /// The folder in the repository that the tree is written to; by default its root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["clusters/home"]))]
    pub path: Option<String>,
    /// The environment, which has a folder in `infrastructure/overlays`. By default the profile that was chosen, or else `default`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["staging"]))]
    pub environment: Option<DnsLabel>,
}

fn head() -> String {
    "HEAD".to_owned()
}

/// The project of the Applications that sync the tree.
pub const TREE_PROJECT: &str = "tree";
/// The environment of a config without profiles.
const DEFAULT_ENVIRONMENT: &str = "default";

impl Gitops {
    /// The environment's name.
    #[must_use]
    pub fn environment(&self) -> &str {
        self.environment.as_ref().map_or(DEFAULT_ENVIRONMENT, DnsLabel::as_str)
    }
}

/// Names that the Applications of the tree have, so that no other may have them.
#[must_use]
pub const fn reserved_names() -> [&'static str; 6] {
    ["root", "argocd", "infrastructure", "operators", "system", "workloads"]
}
