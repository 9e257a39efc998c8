//! Settings of k3s that take one of a few values.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The components that k3s deploys itself (its help text of `--disable`); the file of each is named so.
pub const PACKAGED_COMPONENTS: [&str; 6] = ["coredns", "local-storage", "metrics-server", "runtimes", "servicelb", "traefik"];

/// How flannel carries the traffic between pods of different nodes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FlannelBackend {
    /// In VXLAN packets, UDP port 8472, not encrypted.
    #[default]
    Vxlan,
    /// By plain routes; all nodes must be in one layer 2 network.
    HostGw,
    /// Encrypted by the kernel's WireGuard, UDP port 51820 (51821 for IPv6).
    WireguardNative,
    /// Not at all: another CNI does it.
    None,
}

/// How the API server reaches kubelets and pods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EgressSelectorMode {
    /// Kubelets through the tunnel that each agent keeps open.
    Agent,
    /// Kubelets and pods through tunnels, found by Endpoints.
    Cluster,
    /// Kubelets and pods through tunnels, found by Nodes.
    Pod,
    /// Directly: servers must run an agent and reach every kubelet.
    Disabled,
}

/// The cipher of Secrets at rest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SecretsEncryptionProvider {
    /// `XSalsa20` with Poly1305, which also notices tampering.
    #[default]
    Secretbox,
    /// AES in CBC mode, k3s' own default.
    Aescbc,
}

/// How the bucket stands in the address of an S3 request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BucketLookup {
    /// As the endpoint is known to want it.
    Auto,
    /// In the host name.
    Dns,
    /// In the path.
    Path,
}
