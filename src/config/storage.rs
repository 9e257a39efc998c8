//! Storage classes.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::DnsName;

/// The storage class that k3s brings (its `local-storage` add-on).
pub const K3S_STORAGE_CLASS: &str = "local-path";

/// Storage classes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Storage {
    /// The class of volumes that name none. `local-path` is k3s' own and needs no object.
    pub default_class: DnsName,
    /// Classes of your own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-merge-key" = "name"))]
    pub classes: Vec<StorageClassEntry>,
}

impl Default for Storage {
    fn default() -> Self {
        Self { default_class: K3S_STORAGE_CLASS.into(), classes: Vec::new() }
    }
}

/// A storage class. All but its name and provisioner cannot be changed later: a class is replaced, not edited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StorageClassEntry {
    /// Its name.
    pub name: DnsName,
    /// Who makes the volumes.
    #[schemars(extend("examples" = ["rancher.io/local-path", "zfs.csi.openebs.io"]))]
    pub provisioner: String,
    /// What the provisioner is told.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, String>,
    /// What becomes of a volume whose claim is deleted.
    #[serde(default)]
    pub reclaim_policy: ReclaimPolicy,
    /// When a volume is made.
    #[serde(default)]
    pub volume_binding_mode: VolumeBindingMode,
    /// Whether a claim may grow.
    #[serde(default)]
    pub allow_volume_expansion: bool,
    /// Options of the mounts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [["noatime"]]))]
    pub mount_options: Vec<String>,
}

/// What becomes of a volume whose claim is deleted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ReclaimPolicy {
    /// It goes, with its data.
    #[default]
    Delete,
    /// It stays.
    Retain,
}

/// When a volume is made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum VolumeBindingMode {
    /// When a pod wants it, on that pod's node: what volumes of a node need.
    #[default]
    WaitForFirstConsumer,
    /// At once.
    Immediate,
}
