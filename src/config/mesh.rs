//! The `mesh` section: a WireGuard network between the nodes that have `mesh.type: wireguard`.

mod check;

use std::collections::BTreeSet;
use std::net::IpAddr;

use ipnet::IpNet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(super) use check::check;

use super::{AbsolutePath, Cidr, Cluster, Destination, IpAddress, MeshType, NodeEntry, NodeMesh, Port, SecretEntry};

/// A WireGuard network between the nodes that have `mesh.type: wireguard`, each with each.
///
/// `manifestgen mesh` makes each node's configuration of it and brings it up (docs/MESH.md).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(example = serde_json::json!({"cidr": "10.250.0.0/24"}))]
#[schemars(extend("x-elsewhere" = {
    "peers": "each node that has `mesh.type: wireguard` is a peer of the others",
    "nodes": "a node is in the mesh when its entry in `nodes` has `mesh.type: wireguard`",
    "interface": "it is `nodes[].mesh.interface`",
    "listenPort": "it is `port`",
}))]
pub struct Mesh {
    /// The range that nodes have their addresses in the mesh from. `manifestgen mesh allocate` writes one into each node's `mesh.address`,
    /// where it stays whatever nodes come and go.
    pub cidr: Cidr,
    /// The UDP port of every node that has no `mesh.port` of its own.
    #[serde(default = "port")]
    pub port: Port,
    /// The largest packet, in bytes. WireGuard adds 60 bytes to a packet over IPv4 and 80 over IPv6, so 1420 fits into Ethernet's 1500 either
    /// way. Where a part of the way takes less (PPPoE 1492, mobile networks, another tunnel), 1280 fits everywhere: it is the least
    /// that IPv6 asks of any network (RFC 8200, section 5).
    #[serde(default = "mtu")]
    #[schemars(range(min = 576, max = 8920))]
    pub mtu: u16,
    /// Seconds between the packets with which a node behind a NAT keeps its way through it open. Most NATs forget UDP after 30 s or more.
    #[serde(default = "persistent_keepalive")]
    #[schemars(range(min = 1, max = 65535))]
    pub persistent_keepalive: u16,
    /// That nodes tell each other where they are, so that they are found when their endpoints change or are not in this file. `{}` is enough.
    /// `manifestgen mesh discover` runs it on each node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discovery: Option<MeshDiscovery>,
}

/// How nodes of the mesh find each other when they are elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("x-elsewhere" = {
    "seeds": "each node that has an `endpoint`, `externalAddress` or `address` is one",
    "type": "it is gossip inside of the mesh; where a coordination server is to do it, nodes have `mesh.type: tailscale`",
}))]
pub struct MeshDiscovery {
    /// The UDP port that nodes gossip on, the same for all, at their addresses in the mesh alone. Default: the next one after those of flannel's
    /// WireGuard.
    #[serde(default = "discovery_port")]
    pub port: Port,
}

/// What `wg-quick`, the NixOS module and most documents use.
const fn port() -> Port {
    Port(51820)
}

const fn mtu() -> u16 {
    1420
}

/// The value of WireGuard's own quick start (wireguard.com/quickstart, "NAT and Firewall Traversal Persistence").
const fn persistent_keepalive() -> u16 {
    25
}

const fn discovery_port() -> Port {
    Port(51822)
}

/// Where a peer is called: a host and a UDP port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// An address (of IPv6 without brackets) or a DNS name.
    pub host: String,
    /// The UDP port.
    pub port: u16,
}

impl std::fmt::Display for Endpoint {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.host.contains(':') { write!(out, "[{}]:{}", self.host, self.port) } else { write!(out, "{}:{}", self.host, self.port) }
    }
}

/// Takes `HOST`, `HOST:PORT`, `[IPv6]` or `[IPv6]:PORT` apart; none when the text is nothing of it.
fn parse_endpoint(text: &str, port: u16) -> Option<Endpoint> {
    let with = |host: &str, after: &str| {
        let port = if after.is_empty() { port } else { after.strip_prefix(':')?.parse().ok().filter(|port| *port > 0)? };
        Some(Endpoint { host: host.to_owned(), port })
    };
    if let Some(rest) = text.strip_prefix('[') {
        let (host, after) = rest.split_once(']')?;
        host.parse::<std::net::Ipv6Addr>().ok()?;
        return with(host, after);
    }
    let (host, after) = text.find(':').map_or((text, ""), |at| text.split_at(at));
    let label = |label: &str| {
        let good = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        !label.is_empty() && label.len() <= 63 && label.chars().all(good) && !label.starts_with('-') && !label.ends_with('-')
    };
    let numeric = host.chars().all(|c| c.is_ascii_digit() || c == '.');
    let good = if numeric { host.parse::<std::net::Ipv4Addr>().is_ok() } else { host.len() <= 253 && host.split('.').all(label) };
    if good { with(host, after) } else { None }
}

impl Mesh {
    /// The UDP port of a node.
    #[must_use]
    pub fn port_of(&self, node: &NodeMesh) -> u16 {
        node.port.unwrap_or(self.port).0
    }

    /// The UDP port of discovery, where there is discovery.
    #[must_use]
    pub fn discovery_port(&self) -> Option<u16> {
        self.discovery.as_ref().map(|discovery| discovery.port.0)
    }

    /// Where others call a node; none for one that only calls others itself.
    #[must_use]
    pub fn endpoint_of(&self, node: &NodeEntry) -> Option<Endpoint> {
        let of_mesh = node.mesh.as_ref()?;
        let port = self.port_of(of_mesh);
        match &of_mesh.endpoint {
            Some(text) => parse_endpoint(text, port),
            None if of_mesh.behind_nat => None,
            None => {
                let address = node.external_address.as_ref().or(node.address.as_ref()).or(node.ipv6_address.as_ref())?;
                Some(Endpoint { host: address.to_string(), port })
            }
        }
    }

    /// Whether a node has to keep its ways to the others open, because they cannot call it.
    #[must_use]
    pub fn only_calls(&self, node: &NodeEntry) -> bool {
        node.mesh.as_ref().is_some_and(|mesh| mesh.behind_nat) || self.endpoint_of(node).is_none()
    }

    /// What is reached through a node: its address in the mesh, and its own addresses where they are routed into it, but for the one
    /// that it is called by: that one leads outside, as the mesh's own packets take it. None without an address in the mesh.
    #[must_use]
    pub fn networks_of(&self, node: &NodeEntry) -> Vec<IpNet> {
        let Some((mesh, address)) = node.mesh.as_ref().and_then(|mesh| Some((mesh, mesh.address.as_ref()?.address()?))) else {
            return Vec::new();
        };
        let own = node.address.iter().chain(&node.ipv6_address).filter(|_| mesh.advertise_route);
        let called = self.endpoint_of(node).and_then(|endpoint| endpoint.host.parse::<IpAddr>().ok());
        let routed = own.filter_map(IpAddress::address).filter(|address| called != Some(*address));
        let mut seen = BTreeSet::new();
        std::iter::once(address).chain(routed).filter(|address| seen.insert(*address)).map(IpNet::from).collect()
    }
}

impl Cluster {
    /// The nodes of the WireGuard mesh, with their places in `nodes`.
    pub fn mesh_nodes(&self) -> impl Iterator<Item = (usize, &NodeEntry, &NodeMesh)> {
        self.nodes.iter().enumerate().filter_map(|(at, node)| {
            let mesh = node.mesh.as_ref().filter(|mesh| mesh.r#type == MeshType::Wireguard)?;
            Some((at, node, mesh))
        })
    }

    /// The name of the secret that holds a node's private key of WireGuard: as its entry says, or `wireguard-NODE`.
    #[must_use]
    pub fn mesh_secret_name(&self, node: &NodeEntry) -> String {
        let named = node.mesh.as_ref().and_then(|mesh| mesh.secret.as_ref());
        named.map_or_else(|| format!("wireguard-{}", node.name), ToString::to_string)
    }

    /// That secret, where the cluster file declares it.
    #[must_use]
    pub fn mesh_secret(&self, node: &NodeEntry) -> Option<&SecretEntry> {
        let name = self.mesh_secret_name(node);
        self.secrets.iter().find(|secret| secret.name.as_str() == name)
    }

    /// The file beside the secret that its public key is recorded in.
    #[must_use]
    pub fn mesh_public_key_file(&self, node: &NodeEntry) -> Option<String> {
        self.mesh_secret(node).map(|secret| format!("{}.pub", secret.path().trim_end_matches(".age")))
    }

    /// The file on the node that holds its private key: as its entry says, or where its secret is decrypted to.
    #[must_use]
    pub fn mesh_private_key_file(&self, node: &NodeEntry) -> Option<AbsolutePath> {
        if let Some(path) = node.mesh.as_ref().and_then(|mesh| mesh.private_key_file.clone()) {
            return Some(path);
        }
        let secret = self.mesh_secret(node)?;
        let path = secret.deliver.iter().find_map(|to| match to {
            Destination::File { path, .. } => path.clone(),
            _ => None,
        });
        Some(path.unwrap_or_else(|| format!("/run/agenix/{}", secret.name).into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_hosts_with_or_without_a_port() {
        let said = |text: &str| parse_endpoint(text, 51820).map(|endpoint| endpoint.to_string());
        for (text, endpoint) in [
            ("203.0.113.1", "203.0.113.1:51820"),
            ("203.0.113.1:7", "203.0.113.1:7"),
            ("home.example.com", "home.example.com:51820"),
            ("home.example.com:443", "home.example.com:443"),
            ("[2001:db8::1]", "[2001:db8::1]:51820"),
            ("[2001:db8::1]:7", "[2001:db8::1]:7"),
        ] {
            assert_eq!(said(text).as_deref(), Some(endpoint), "{text}");
        }
        for wrong in ["", ":51820", "a b", "2001:db8::1", "203.0.113.256", "1.2.3", "a:0", "a:65536", "a:", "[::1", "[::1]7", "-a", "a..b"]
        {
            assert_eq!(said(wrong), None, "{wrong}");
        }
    }
}
