//! One node's view of the mesh: its interface and the others as its peers.

use std::net::IpAddr;

use ipnet::IpNet;

use super::Keys;
use crate::config::{AbsolutePath, Cluster, Endpoint, IpAddress, NodeEntry, NodeMesh};
use crate::diag::{Error, Result, did_you_mean};

/// The WireGuard interface of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface {
    /// The cluster's name.
    pub cluster: String,
    /// The node's name.
    pub node: String,
    /// The interface's name, `wg0`.
    pub name: String,
    /// Its address, with the prefix length of the whole mesh.
    pub address: IpNet,
    /// The UDP port.
    pub port: u16,
    /// The largest packet.
    pub mtu: u16,
    /// The node's own public key, as it is recorded.
    pub public_key: String,
    /// The file on the node with its private key.
    pub private_key_file: AbsolutePath,
    /// The UDP port that nodes gossip on in the mesh, where they look for each other.
    pub discovery: Option<u16>,
    /// The others, by name.
    pub peers: Vec<Peer>,
}

/// Another node, as this one sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// Its name.
    pub name: String,
    /// Its public key.
    pub public_key: String,
    /// Its address in the mesh.
    pub address: IpAddr,
    /// What is reached through it: its address, and its own addresses where they are routed into the mesh.
    pub allowed_ips: Vec<IpNet>,
    /// Where it is called; none when it calls.
    pub endpoint: Option<Endpoint>,
    /// Seconds between packets that keep a NAT open.
    pub persistent_keepalive: Option<u16>,
}

impl Interface {
    /// The first line of each file that is made of it; `#` begins a comment in all of their languages.
    pub(super) fn heading(&self) -> String {
        format!("# Node `{}` of the cluster `{}`, by `manifestgen mesh config`.\n", self.node, self.cluster)
    }

    /// What is reached through a peer and lies outside of the mesh's own range.
    pub fn routes(&self) -> impl Iterator<Item = IpNet> {
        let range = self.address.trunc();
        self.peers.iter().flat_map(|peer| peer.allowed_ips.iter().copied()).filter(move |net| !range.contains(net))
    }
}

/// The interface of a node.
///
/// # Errors
/// Usage: no such node in the mesh, no section `mesh`, nodes without an address or the node without a private key.
pub fn interface(cluster: &Cluster, node: &str, keys: &Keys) -> Result<Interface> {
    let members: Vec<(&NodeEntry, &NodeMesh)> = cluster.mesh_nodes().map(|(_, node, mesh)| (node, mesh)).collect();
    let Some((entry, own)) = members.iter().find(|(entry, _)| entry.name.as_str() == node) else { return Err(no_member(cluster, node)) };
    let Some((mesh, range)) = cluster.mesh.as_ref().and_then(|mesh| Some((mesh, mesh.cidr.network()?))) else {
        return Err(Error::usage("the cluster file has no section `mesh`")
            .hint("add `mesh: {cidr: 10.250.0.0/24}`, which all else has defaults for"));
    };
    let without: Vec<String> =
        members.iter().filter(|(_, mesh)| address(mesh).is_none()).map(|(entry, _)| format!("`{}`", entry.name)).collect();
    let (Some(own_address), true) = (address(own), without.is_empty()) else {
        return Err(Error::usage(format!("there is no address in the mesh of {}", without.join(", ")))
            .hint("`manifestgen mesh allocate` gives out addresses and writes them into the cluster file"));
    };
    let private_key_file = cluster.mesh_private_key_file(entry).ok_or_else(|| {
        Error::usage(format!("nothing says where node `{node}` has its private key")).hint(format!(
            "add `{{name: wireguard-{node}, make: {{type: wireguard-key}}}}` to `secrets`, or `mesh.privateKeyFile` to the node"
        ))
    })?;
    let key = |name: &str| {
        let none = || Error::internal(format!("the key of node `{name}` was not read"));
        keys.get(name).cloned().ok_or_else(none)
    };
    let calls_only = mesh.only_calls(entry);
    let mut peers = Vec::new();
    for (peer, of_peer) in members.iter().filter(|(peer, _)| peer.name != entry.name) {
        let endpoint = mesh.endpoint_of(peer);
        // Of one whom nobody calls the address was seen above.
        let Some(in_mesh) = address(of_peer) else { continue };
        peers.push(Peer {
            name: peer.name.to_string(),
            public_key: key(peer.name.as_str())?,
            address: in_mesh,
            allowed_ips: mesh.networks_of(peer),
            // With discovery one without an endpoint gets one later.
            persistent_keepalive: (calls_only && (endpoint.is_some() || mesh.discovery.is_some())).then_some(mesh.persistent_keepalive),
            endpoint,
        });
    }
    peers.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Interface {
        cluster: cluster.cluster.name.to_string(),
        node: node.to_owned(),
        name: own.interface().to_owned(),
        address: with_prefix(own_address, range),
        port: mesh.port_of(own),
        mtu: mesh.mtu,
        public_key: key(node)?,
        private_key_file,
        discovery: mesh.discovery_port(),
        peers,
    })
}

fn no_member(cluster: &Cluster, node: &str) -> Box<Error> {
    let names: Vec<&str> = cluster.mesh_nodes().map(|(_, entry, _)| entry.name.as_str()).collect();
    let error = if cluster.nodes.iter().any(|entry| entry.name.as_str() == node) {
        return Error::usage(format!("node `{node}` is not in the WireGuard mesh")).hint("write `mesh: {type: wireguard}` into its entry");
    } else {
        Error::usage(format!("the cluster file has no node `{node}`"))
    };
    match did_you_mean(node, names.iter().copied()) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None if names.is_empty() => {
            error.hint("no node is in the WireGuard mesh: write `mesh: {type: wireguard}` into an entry of `nodes`")
        }
        None => error.hint(format!("in the mesh are {}", names.join(", "))),
    }
}

fn address(mesh: &NodeMesh) -> Option<IpAddr> {
    mesh.address.as_ref().and_then(IpAddress::address)
}

/// An address with the prefix length of a range.
fn with_prefix(address: IpAddr, range: IpNet) -> IpNet {
    // The checks of the config have seen that both are of one family.
    IpNet::new(address, range.prefix_len()).unwrap_or_else(|_| IpNet::from(address))
}

/// Networks as WireGuard's configuration files have them.
pub(super) fn joined(networks: &[IpNet]) -> String {
    networks.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::{Value, json};

    use super::*;

    pub(in crate::mesh) const KEYS: [&str; 3] = [
        "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=",
        "TrMvSoP4jYQlY6RIzBgbssQqY3vxI2Pi+y71lOWWXX0=",
        "gN65BkIKy1eCE9pP1wdc8ROUtkHLF2PfAqYdyYBz6EA=",
    ];

    /// A server that can be called, one in the same cellar, and one behind a NAT.
    pub(in crate::mesh) fn view(node: &str, more: Value) -> Result<Interface> {
        let mut config = json!({
            "cluster": {"name": "home"},
            "mesh": {"cidr": "10.250.0.0/24"},
            "nodes": [
                {"name": "primer", "role": "server", "address": "192.168.1.10", "externalAddress": "203.0.113.7",
                 "mesh": {"type": "wireguard", "address": "10.250.0.1", "advertiseRoute": true}},
                {"name": "cellar", "address": "192.168.1.11", "mesh": {"type": "wireguard", "address": "10.250.0.2", "port": 51900}},
                {"name": "away", "mesh": {"type": "wireguard", "address": "10.250.0.3", "behindNat": true}},
                {"name": "other"},
            ],
            "secrets": [
                {"name": "wireguard-primer", "make": {"type": "wireguard-key"}},
                {"name": "wireguard-cellar", "make": {"type": "wireguard-key"}, "deliver": [{"type": "file", "path": "/etc/wg.key"}]},
                {"name": "wireguard-away", "make": {"type": "wireguard-key"}},
            ],
        });
        for (key, value) in more.as_object().expect("a mapping") {
            config[key] = value.clone();
        }
        let cluster: Cluster = serde_json::from_value(config).expect("a cluster");
        let names = ["primer", "cellar", "away"];
        let keys = names.iter().zip(KEYS).map(|(name, key)| ((*name).to_owned(), key.to_owned())).collect();
        interface(&cluster, node, &keys)
    }

    #[test]
    fn who_cannot_be_called_calls_and_keeps_the_way_open() {
        let away = view("away", json!({})).expect("a view");
        let seen: Vec<_> = away
            .peers
            .iter()
            .map(|peer| (peer.name.as_str(), peer.endpoint.as_ref().map(ToString::to_string), peer.persistent_keepalive))
            .collect();
        assert_eq!(
            seen,
            [("cellar", Some("192.168.1.11:51900".to_owned()), Some(25)), ("primer", Some("203.0.113.7:51820".to_owned()), Some(25))]
        );
        let primer = view("primer", json!({})).expect("a view");
        let seen: Vec<_> =
            primer.peers.iter().map(|peer| (peer.name.as_str(), peer.endpoint.is_some(), peer.persistent_keepalive)).collect();
        assert_eq!(seen, [("away", false, None), ("cellar", true, None)]);
        assert_eq!(
            (primer.address.to_string(), primer.private_key_file.as_str()),
            ("10.250.0.1/24".to_owned(), "/run/agenix/wireguard-primer")
        );
        assert_eq!(view("cellar", json!({})).expect("a view").private_key_file.as_str(), "/etc/wg.key");
    }

    #[test]
    fn with_discovery_all_ways_through_a_nat_are_kept_open() {
        let nodes = json!([
            {"name": "primer", "address": "192.168.1.10", "mesh": {"type": "wireguard", "address": "10.250.0.1"}},
            {"name": "cellar", "mesh": {"type": "wireguard", "address": "10.250.0.2", "behindNat": true}},
            {"name": "away", "mesh": {"type": "wireguard", "address": "10.250.0.3", "behindNat": true}},
        ]);
        let away = view("away", json!({"nodes": nodes, "mesh": {"cidr": "10.250.0.0/24", "discovery": {}}})).expect("a view");
        assert_eq!(away.discovery, Some(51822));
        let seen: Vec<_> = away.peers.iter().map(|peer| (peer.name.as_str(), peer.endpoint.is_some(), peer.persistent_keepalive)).collect();
        assert_eq!(seen, [("cellar", false, Some(25)), ("primer", true, Some(25))]);
    }

    #[test]
    fn an_address_is_routed_into_the_mesh_unless_the_mesh_is_carried_by_it() {
        let away = view("away", json!({})).expect("a view");
        assert_eq!(away.routes().map(|route| route.to_string()).collect::<Vec<_>>(), ["192.168.1.10/32"]);
        let nodes = json!([
            {"name": "primer", "address": "192.168.1.10", "mesh": {"type": "wireguard", "address": "10.250.0.1", "advertiseRoute": true}},
            {"name": "away", "mesh": {"type": "wireguard", "address": "10.250.0.3"}},
        ]);
        assert_eq!(view("away", json!({"nodes": nodes})).expect("a view").routes().count(), 0);
    }

    #[test]
    fn what_is_missing_is_said() {
        let said = |node: &str, more: Value| {
            let error = view(node, more).expect_err("not whole");
            format!("{error} | {}", error.hints.join(" | "))
        };
        let placeless =
            json!({"nodes": [{"name": "away", "mesh": {"type": "wireguard"}}, {"name": "cellar", "mesh": {"type": "wireguard"}}]});
        let said = [
            said("celar", json!({})),
            said("other", json!({})),
            said("away", json!({"mesh": null})),
            said("away", placeless),
            said("away", json!({"secrets": []})),
        ];
        insta::assert_snapshot!(said.join("\n"), @"
        the cluster file has no node `celar` | did you mean `cellar`?
        node `other` is not in the WireGuard mesh | write `mesh: {type: wireguard}` into its entry
        the cluster file has no section `mesh` | add `mesh: {cidr: 10.250.0.0/24}`, which all else has defaults for
        there is no address in the mesh of `away`, `cellar` | `manifestgen mesh allocate` gives out addresses and writes them into the cluster file
        nothing says where node `away` has its private key | add `{name: wireguard-away, make: {type: wireguard-key}}` to `secrets`, or `mesh.privateKeyFile` to the node
        ");
    }
}
