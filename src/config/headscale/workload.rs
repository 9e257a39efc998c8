//! What the pod needs from the cluster.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::{DnsName, LabelKey, LabelValue, Quantity, TaintEffect};

/// Where Headscale keeps its files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Storage {
    /// Whether files outlive the pod. With `ephemeral`, SQLite and generated keys are gone with it, and every node has to join again.
    pub r#type: StorageType,
    /// How much room; for `ephemeral` a limit.
    pub size: Quantity,
    /// The storage class; by default the cluster's `storage.defaultClass`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<DnsName>,
}

impl Default for Storage {
    fn default() -> Self {
        Self { r#type: StorageType::Persistent, size: "1Gi".into(), class: None }
    }
}

/// Whether files outlive the pod.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum StorageType {
    /// An emptyDir: gone with the pod.
    Ephemeral,
    /// A PersistentVolumeClaim.
    #[default]
    Persistent,
}

/// CPU and memory of a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Resources {
    /// What is kept free for it, by resource.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub requests: BTreeMap<String, Quantity>,
    /// What it may use at most, by resource.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub limits: BTreeMap<String, Quantity>,
}

impl Default for Resources {
    /// Enough for a mesh of some hundred nodes. No CPU limit, so that a burst of joins is not slowed down.
    fn default() -> Self {
        let of = |pairs: &[(&str, &str)]| pairs.iter().map(|(name, amount)| ((*name).to_owned(), Quantity::from(*amount))).collect();
        Self { requests: of(&[("cpu", "50m"), ("memory", "64Mi")]), limits: of(&[("memory", "512Mi")]) }
    }
}

/// A taint that a pod tolerates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Toleration {
    /// The taint's key.
    pub key: LabelKey,
    /// The taint's value; none tolerates every value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<LabelValue>,
    /// The taint's effect; none tolerates every effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<TaintEffect>,
}
