//! The volume of the cache.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::{AbsolutePath, DnsName, Host, Quantity};

/// The volume of the cache, `/var/lib/dagger`.
///
/// The file systems of build containers are made there, so it has to be fast and local, and no overlay file system. An engine locks it for
/// itself alone: a second one on the same volume does not start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct CacheStorage {
    /// Where it is.
    pub r#type: CacheStorageType,
    /// How much room for each replica, where `type` is `persistent`.
    pub size: Quantity,
    /// The storage class, where `type` is `persistent`; by default the cluster's `storage.defaultClass`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<DnsName>,
    /// A claim of your own, instead of one for each replica. One replica only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub existing_claim: Option<DnsName>,
    /// Whether claims stay when replicas are taken away or the engine is removed.
    pub retain: bool,
    /// The folder on the node, where `type` is `hostPath`.
    pub path: AbsolutePath,
    /// The share, where `type` is `nfs`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nfs: Option<NfsShare>,
}

impl Default for CacheStorage {
    fn default() -> Self {
        Self {
            r#type: CacheStorageType::Persistent,
            size: "50Gi".into(),
            class: None,
            existing_claim: None,
            retain: true,
            path: "/var/lib/dagger-engine".into(),
            nfs: None,
        }
    }
}

/// Where the cache is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum CacheStorageType {
    /// A claim for each replica, of a storage class.
    #[default]
    Persistent,
    /// A folder of the node. On another node the cache is empty.
    HostPath,
    /// A network share: builds become very slow, and there can be only one replica.
    Nfs,
}

/// A share of an NFS server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NfsShare {
    /// The server.
    pub server: Host,
    /// The path that it exports.
    pub path: AbsolutePath,
}
