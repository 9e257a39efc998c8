//! The `k3s` section: what all servers of the cluster must agree on, and what all nodes share.
//!
//! k3s refuses to join a server, or runs a broken cluster, when one of its critical settings differs between servers
//! (docs.k3s.io/cli/server, "Critical Configuration Values"; `CriticalControlArgs` in k3s' pkg/daemons/config/types.go). Here such a setting
//! has one place for the whole cluster, so that no two servers can differ.

mod agent_flags;
mod datastore;
mod elsewhere;
mod node_flags;
mod registries;
mod server_flags;
mod values;

pub use agent_flags::AgentFlags;
pub use datastore::{Datastore, DatastoreType};
pub use node_flags::NodeFlags;
pub use registries::{Mirror, Registries, RegistryConfig, RegistryTls};
pub use server_flags::ServerFlags;
pub use values::{BucketLookup, EgressSelectorMode, FlannelBackend, PACKAGED_COMPONENTS, SecretsEncryptionProvider};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{AbsolutePath, DnsLabel, DnsName, Host, Image};

/// What all k3s servers of the cluster must agree on, and what all nodes share.
///
/// Pod and Service networks, the DNS address and the cluster domain stand in `cluster.network`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[schemars(extend("x-elsewhere" = elsewhere::in_cluster()))]
pub struct K3s {
    /// The file on every node that holds the cluster's join token. The token itself never stands here; the default is where agenix
    /// puts a secret named `k3s-token`.
    pub token_file: AbsolutePath,
    /// The file on every node that holds a token of its own for agents, so that an agent's token cannot join a server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_token_file: Option<AbsolutePath>,
    /// Where the servers keep the cluster's state.
    pub datastore: Datastore,
    /// A host in front of all servers (a load balancer, a virtual IP, a DNS name with several addresses) by which nodes join, in place
    /// of the first server's address. Every server's certificate holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registration_address: Option<Host>,
    /// Further names and addresses that every server's certificate holds. The addresses and names of the nodes are in it anyway.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tls_san: Vec<Host>,
    /// How flannel carries the traffic between pods of different nodes.
    pub flannel_backend: FlannelBackend,
    /// Whether flannel sends to a node's external address (`nodes[].externalAddress`, or its mesh address) in place of its internal one.
    /// Needed with `wireguard-native` when nodes share no network.
    pub flannel_external_ip: bool,
    /// Whether IPv6 traffic of pods leaves the cluster under the node's address.
    pub flannel_ipv6_masq: bool,
    /// How the API server reaches kubelets and pods. k3s' default is `agent`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub egress_selector_mode: Option<EgressSelectorMode>,
    /// Whether nodes serve the images that they hold to each other (k3s' embedded registry mirror, Spegel). Only registries that
    /// `registries.mirrors` names take part.
    pub embedded_registry: bool,
    /// Turns k3s' own cloud controller off. It then also needs another one that clears the taint of new nodes.
    pub disable_cloud_controller: bool,
    /// Turns k3s' Helm controller off: `HelmChart` objects then do nothing.
    pub disable_helm_controller: bool,
    /// Turns k3s' network policy controller off: network policies then do nothing, unless another CNI enforces them.
    pub disable_network_policy: bool,
    /// Turns kube-proxy off on all nodes, for a CNI that does its work.
    pub disable_kube_proxy: bool,
    /// Whether k3s deploys the Traefik that it brings along. Off, because the `ingress` component brings its own.
    pub bundled_traefik: bool,
    /// Other components of k3s that no server deploys: `coredns`, `servicelb`, `local-storage`, `metrics-server`, `runtimes`, or the
    /// name of an `AddOn`. k3s removes one that it had deployed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub disable: Vec<DnsName>,
    /// Whether Secrets are encrypted in the datastore, from the first start on. Before k3s 1.35 it could not be turned on later.
    pub secrets_encryption: bool,
    /// The cipher of that encryption.
    pub secrets_encryption_provider: SecretsEncryptionProvider,
    /// Ports that Services of type `NodePort` may use, `first-last`. k3s' default is `30000-32767`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_node_port_range: Option<String>,
    /// The namespace that the pods of k3s' load balancer run in. k3s' default is `kube-system`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub servicelb_namespace: Option<DnsLabel>,
    /// The folder on every node in which `local-path` volumes lie. k3s' default is `/var/lib/rancher/k3s/storage`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_local_storage_path: Option<AbsolutePath>,
    /// The image of the jobs that install Helm charts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub helm_job_image: Option<Image>,
    /// A registry (`host` or `host:port`) that k3s' own images are taken from, in place of docker.io.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system_default_registry: Option<String>,
    /// Settings of every node, unless the node's own `k3s` sets them.
    pub defaults: NodeFlags,
    /// Registries of every node; a node's own `registries` add to these, by registry.
    #[serde(skip_serializing_if = "Registries::is_empty")]
    pub registries: Registries,
}

impl Default for K3s {
    fn default() -> Self {
        Self {
            token_file: "/run/agenix/k3s-token".into(),
            agent_token_file: None,
            datastore: Datastore::default(),
            registration_address: None,
            tls_san: Vec::new(),
            flannel_backend: FlannelBackend::default(),
            flannel_external_ip: false,
            flannel_ipv6_masq: false,
            egress_selector_mode: None,
            embedded_registry: false,
            disable_cloud_controller: false,
            disable_helm_controller: false,
            disable_network_policy: false,
            disable_kube_proxy: false,
            bundled_traefik: false,
            disable: Vec::new(),
            secrets_encryption: true,
            secrets_encryption_provider: SecretsEncryptionProvider::default(),
            service_node_port_range: None,
            servicelb_namespace: None,
            default_local_storage_path: None,
            helm_job_image: None,
            system_default_registry: None,
            defaults: NodeFlags::default(),
            registries: Registries::default(),
        }
    }
}
