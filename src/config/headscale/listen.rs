//! Where the server listens, and how it is reached.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::{DnsLabel, DnsName, Host, HttpUrl, IpAddress, Port};

/// Where the server listens inside of its pod.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Listen {
    /// The address of all its listeners: `0.0.0.0`, or `::` in a cluster whose pods have IPv6 addresses only.
    pub address: IpAddress,
    /// The TCP port of the mesh protocol, the API, DERP and `/health`.
    pub port: Port,
}

impl Default for Listen {
    fn default() -> Self {
        Self { address: "0.0.0.0".into(), port: Port(8080) }
    }
}

/// The remote-control API. Headscale serves it only with TLS, or with `allowInsecure`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Grpc {
    /// The TCP port.
    pub port: Port,
    /// Whether the API is served in plain text where the server has no TLS.
    pub allow_insecure: bool,
    /// The NodePort of the API, where the Service is of type `NodePort`; none keeps the API inside of the cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_port: Option<Port>,
}

impl Default for Grpc {
    fn default() -> Self {
        Self { port: Port(50443), allow_insecure: false, node_port: None }
    }
}

/// Metrics for Prometheus at `/metrics`. The same port serves Headscale's debug pages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Metrics {
    /// Whether they are served.
    pub enabled: bool,
    /// The TCP port.
    pub port: Port,
    /// A NodePort for metrics; none keeps them inside of the cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_port: Option<Port>,
    /// Namespaces whose pods may read them, where the cluster has network policies; none means all.
    pub from_namespaces: Vec<DnsLabel>,
}

impl Default for Metrics {
    fn default() -> Self {
        Self { enabled: true, port: Port(9090), node_port: None, from_namespaces: vec!["monitoring".into()] }
    }
}

/// Certificates of the server itself: from a Secret, or from Let's Encrypt, not both.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Tls {
    /// A Secret of type `kubernetes.io/tls` in the same namespace, with `tls.crt` and `tls.key`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_name: Option<DnsName>,
    /// Headscale asks an ACME authority for its certificate. The server must be reachable from there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lets_encrypt: Option<LetsEncrypt>,
}

/// A certificate from an ACME authority.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LetsEncrypt {
    /// The name that the certificate is for.
    pub hostname: Host,
    /// The address that the authority writes to before a certificate expires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The authority's ACME directory.
    #[serde(default = "acme_directory")]
    pub acme_url: HttpUrl,
    /// How the authority checks that the name is ours.
    #[serde(default)]
    pub challenge_type: ChallengeType,
    /// The TCP port inside of the pod that answers `HTTP-01`; whoever asks comes to port 80, which has to be led here.
    #[serde(default = "challenge_port")]
    pub challenge_port: Port,
    /// The NodePort of the challenge, where the Service is of type `NodePort`.
    #[serde(default = "challenge_node_port")]
    pub challenge_node_port: Port,
}

fn acme_directory() -> HttpUrl {
    "https://acme-v02.api.letsencrypt.org/directory".into()
}

const fn challenge_port() -> Port {
    Port(8081)
}

const fn challenge_node_port() -> Port {
    Port(30081)
}

/// How an ACME authority checks a name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ChallengeType {
    /// By a request to port 80 of the name.
    #[default]
    #[serde(rename = "HTTP-01")]
    Http01,
    /// By a TLS handshake with port 443 of the name.
    #[serde(rename = "TLS-ALPN-01")]
    TlsAlpn01,
}

/// How the server is reached from outside of its pod.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Service {
    /// The type of its Services. Metrics stay inside of the cluster unless `metrics.nodePort` says otherwise.
    pub r#type: ServiceType,
    /// The port of the Service inside of the cluster.
    pub port: Port,
    /// The port on every node, where the type is `NodePort`.
    pub node_port: Port,
    /// The UDP port of STUN on the node that runs the pod, where the type is `NodePort` and the embedded DERP server is on.
    pub stun_node_port: Port,
    /// Annotations, such as those of a load balancer.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

impl Default for Service {
    fn default() -> Self {
        Self {
            r#type: ServiceType::NodePort,
            port: Port(8080),
            node_port: Port(30080),
            stun_node_port: Port(30478),
            annotations: BTreeMap::new(),
        }
    }
}

/// The type of a Service.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ServiceType {
    /// A port on every node.
    #[default]
    NodePort,
    /// Inside of the cluster only, as behind an ingress.
    ClusterIP,
    /// An address from a load balancer.
    LoadBalancer,
}

impl ServiceType {
    /// Kubernetes' own word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NodePort => "NodePort",
            Self::ClusterIP => "ClusterIP",
            Self::LoadBalancer => "LoadBalancer",
        }
    }
}
