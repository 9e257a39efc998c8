//! The machines of the cluster.

mod mesh;
mod taint;
mod topology;

pub use mesh::{MeshType, NodeMesh};
pub use taint::{Taint, TaintEffect};
pub use topology::Underlay;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{DnsLabel, IpAddress, LabelKey, LabelValue, NodeFlags, PublicKey, Registries};

/// One machine of the cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("x-elsewhere" = {
    "meshAddress": "it goes to `mesh.address`",
    "nodeIp": "it is `address`",
    "tokenFile": "all nodes share `k3s.tokenFile`",
    "clusterInit": "the first server of an embedded etcd gets it: set `k3s.datastore.type: etcd`",
}))]
pub struct NodeEntry {
    /// Its name, also its host name.
    pub name: DnsLabel,
    /// What it does. The first server of the list is the primer, which the others join.
    #[serde(default)]
    pub role: NodeRole,
    /// Its address in the local network. k3s takes that of the default route when there is none here and none in the mesh.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<IpAddress>,
    /// Its IPv6 address in the local network, beside an IPv4 `address`, for a dual-stack cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = "fd00::10")]
    pub ipv6_address: Option<IpAddress>,
    /// The address by which nodes of other networks reach it, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_address: Option<IpAddress>,
    /// Its place in a mesh network, for a node that joins by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mesh: Option<NodeMesh>,
    /// Its public keys for secrets: the line of `/etc/ssh/ssh_host_ed25519_key.pub`, or an age key whose private part lies on the node.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub host_keys: Vec<PublicKey>,
    /// Labels that it registers with. k3s sets them once: to change them later takes `kubectl label`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("propertyNames" = {"format": "label-key"}))]
    pub labels: BTreeMap<LabelKey, LabelValue>,
    /// Taints that it registers with. k3s sets them once: to change them later takes `kubectl taint`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub taints: Vec<Taint>,
    /// Settings of k3s on this node, before those of `k3s.defaults`.
    #[serde(default)]
    pub k3s: NodeFlags,
    /// Registries of this node, besides `k3s.registries`.
    #[serde(default, skip_serializing_if = "Registries::is_empty")]
    pub registries: Registries,
}

/// What a node does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NodeRole {
    /// It runs the control plane, and pods too.
    Server,
    /// It runs pods.
    #[default]
    Agent,
}
