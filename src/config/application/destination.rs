//! Which cluster an Application goes to.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::spec::Destination;

/// How Argo CD names the cluster that it runs in.
pub const LOCAL_SERVER: &str = "https://kubernetes.default.svc";
/// The same by name.
const LOCAL_NAME: &str = "in-cluster";

/// A cluster, by its URL or by its name in Argo CD.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(extend("examples" = ["in-cluster", "https://10.0.0.5:6443"]))]
pub struct TargetCluster(pub String);

impl TargetCluster {
    /// Whether it is the cluster that Argo CD runs in.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.0 == LOCAL_NAME || self.0 == LOCAL_SERVER
    }
}

impl Destination {
    /// A namespace of a cluster; without one, of the cluster that Argo CD runs in.
    #[must_use]
    pub fn new(cluster: Option<&TargetCluster>, namespace: Option<String>) -> Self {
        match cluster.filter(|cluster| !cluster.is_local()) {
            None => Self { server: Some(LOCAL_SERVER.to_owned()), name: None, namespace },
            Some(TargetCluster(url)) if url.contains("://") => Self { server: Some(url.clone()), name: None, namespace },
            Some(TargetCluster(name)) => Self { server: None, name: Some(name.clone()), namespace },
        }
    }
}
