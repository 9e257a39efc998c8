//! One machine of the cluster.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::DnsLabel;

/// One machine of the cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NodeEntry {
    /// Its name, also its host name.
    pub name: DnsLabel,
}
