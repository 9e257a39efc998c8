//! A node's place in a mesh network.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::{AbsolutePath, DnsName, IpAddress, Port};

/// A node's place in a mesh network.
///
/// A node in the mesh joins by the mesh's address or name of the first server, where that has one, and its pods talk over the mesh's
/// interface, unless `advertiseRoute` says otherwise. The operating system brings the interface up, unless `vpnAuthFile` leaves that to k3s.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("x-elsewhere" = {
    "privateKey": "no key stands in the config: `privateKeyFile` names the file, or `secret` an entry of `secrets`",
    "persistentKeepalive": "it is `mesh.persistentKeepalive`, for nodes that are `behindNat`",
    "listenPort": "it is `port`",
    "mtu": "it is `mesh.mtu`, the same for all nodes",
}))]
pub struct NodeMesh {
    /// The kind of mesh.
    pub r#type: MeshType,
    /// The node's address in the mesh. For `wireguard`, `manifestgen mesh allocate` writes one from `mesh.cidr` here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<IpAddress>,
    /// The node's DNS name in the mesh.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<DnsName>,
    /// The mesh's network interface. Default: `tailscale0` or `wg0`, after the type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interface: Option<String>,
    /// Whether the node's own `address` is routed into the mesh: it advertises the route (`tailscale up --advertise-routes=ADDRESS/32`),
    /// Headscale approves it, and the other nodes accept routes. k3s and flannel of the node then use that address alone and never wait for
    /// the mesh. A primer that runs Headscale needs it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub advertise_route: bool,
    /// For `tailscale`: the file that holds `name=tailscale,joinKey=…,controlServerURL=…`. k3s then logs in to the mesh itself and uses
    /// it in place of flannel. Experimental in k3s. All nodes must do it; the operating system must not have brought Tailscale up
    /// (k3s#11279); Headscale's policy must approve the pods' network as a route of the nodes (`autoApprovers`, k3s#8372); an embedded etcd does
    /// not work over it (k3s#10133).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vpn_auth_file: Option<AbsolutePath>,
    /// For `wireguard`: where the other nodes call this one, `HOST` or `HOST:PORT`. Default: the node's `externalAddress`, or else its `address`,
    /// unless it is `behindNat`. A forwarded port of a router is written here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^[^\s]+$"), extend("examples" = ["home.example.com:51820"]))]
    pub endpoint: Option<String>,
    /// For `wireguard`: whether a NAT or firewall stands before the node, so that others cannot call it unless it has an `endpoint`. It calls them,
    /// and keeps the way open with a packet every `mesh.persistentKeepalive` seconds.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub behind_nat: bool,
    /// For `wireguard`: the UDP port that the node listens on. Default: `mesh.port`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<Port>,
    /// For `wireguard`: the entry of `secrets`, made as `wireguard-key`, that holds the node's private key. Default: `wireguard-NODE`. Its public
    /// key is read from the `.pub` file beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<DnsName>,
    /// For `wireguard`: the node's public key (`wg pubkey`), where no secret of the cluster file has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$"), extend("examples" = ["xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg="]))]
    pub public_key: Option<String>,
    /// For `wireguard`: the file on the node that holds its private key. Default: where the secret is decrypted to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub private_key_file: Option<AbsolutePath>,
}

/// The kind of mesh.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MeshType {
    /// Tailscale, coordinated by Headscale. Its interface has an MTU of 1280, and routes over it are lost when tailscaled restarts (k3s#14142).
    Tailscale,
    /// A WireGuard interface of the operating system. (Flannel's own WireGuard is `k3s.flannelBackend: wireguard-native`.)
    Wireguard,
}

impl NodeMesh {
    /// The mesh's network interface.
    #[must_use]
    pub fn interface(&self) -> &str {
        self.interface.as_deref().unwrap_or(match self.r#type {
            MeshType::Tailscale => "tailscale0",
            MeshType::Wireguard => "wg0",
        })
    }

    /// How other nodes of the mesh reach the node: the name, which outlives a change of the address, or else the address.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        self.name.as_ref().map(DnsName::as_str).or_else(|| self.address.as_ref().map(IpAddress::as_str))
    }
}
