//! How clients find the engine, and who may connect.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::headscale::ServiceType;
use crate::config::{Cidr, DnsLabel, Host, Port};

/// How clients find the engine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct DaggerService {
    /// The name of the Service, and of what runs the engine.
    #[schemars(example = "dagger-dagger-helm-service")]
    pub name: DnsLabel,
    /// The TCP port.
    pub port: Port,
    /// Who can reach it: pods of the cluster (`ClusterIP`), or others as well.
    pub r#type: ServiceType,
    /// The port on every node, where the type is `NodePort`.
    pub node_port: Port,
    /// The host under which clients outside of the cluster reach it, such as that of a load balancer or of an ingress controller's TCP
    /// route; by default with `NodePort` the address of the first server node. The names of the cluster's own DNS mean nothing outside.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_host: Option<Host>,
    /// The port at `externalHost`, where a TCP route leads to the Service from another one than `port`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_port: Option<Port>,
    /// Annotations, such as those of a load balancer.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

impl Default for DaggerService {
    fn default() -> Self {
        Self {
            name: "dagger-engine".into(),
            port: Port(2555),
            r#type: ServiceType::ClusterIP,
            node_port: Port(32555),
            external_host: None,
            external_port: None,
            annotations: BTreeMap::new(),
        }
    }
}

/// Who may connect. Pods of the engine's own namespace always may.
///
/// Without `tls` the engine asks nobody who they are, so a NetworkPolicy lets nobody else in, whatever
/// `cluster.security.networkPolicies` says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct DaggerAccess {
    /// Further namespaces whose pods may connect.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [["concourse"]]))]
    pub namespaces: Vec<DnsLabel>,
    /// Networks outside of the cluster that may connect.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [["192.168.1.0/24"]]))]
    pub cidrs: Vec<Cidr>,
}
