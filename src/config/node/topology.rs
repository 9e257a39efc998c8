//! Who is reached where: which server is the primer, what the others join by, and which network each node's pods talk over.

use std::net::IpAddr;

use crate::config::{Cluster, FlannelBackend, Host, IpAddress, K3s, MeshType, NodeEntry, NodeFlags, NodeMesh, NodeRole};

/// The network that carries the traffic between a node's pods and those of other nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Underlay {
    /// The local network.
    Lan,
    /// The mesh.
    Mesh(MeshType),
    /// The local network, with a route from the mesh (`mesh.advertiseRoute`): nodes of both reach it.
    Routed(MeshType),
    /// The network of external addresses.
    External,
    /// k3s' own VPN (`mesh.vpnAuthFile`).
    Vpn,
}

impl Underlay {
    /// What messages call it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lan | Self::Routed(_) => "the local network",
            Self::Mesh(MeshType::Tailscale) => "Tailscale",
            Self::Mesh(MeshType::Wireguard) => "WireGuard",
            Self::External => "external addresses",
            Self::Vpn => "k3s' VPN",
        }
    }
}

impl Cluster {
    /// The servers with their places in `nodes`.
    pub fn servers(&self) -> impl Iterator<Item = (usize, &NodeEntry)> {
        self.nodes.iter().enumerate().filter(|(_, node)| node.role == NodeRole::Server)
    }

    /// The first server, which starts the cluster and which the others join.
    #[must_use]
    pub fn primer(&self) -> Option<(usize, &NodeEntry)> {
        self.servers().next()
    }

    /// The URL by which a node joins; none for the primer itself, nor where there is nothing to join.
    #[must_use]
    pub fn join_url(&self, at: usize) -> Option<String> {
        let node = self.nodes.get(at)?;
        let primer = self.primer();
        if primer.is_some_and(|(primer_at, _)| primer_at == at) {
            return None;
        }
        let port = primer.and_then(|(_, primer)| primer.flags(&self.k3s).server?.https_listen_port).map_or(6443, |port| port.0);
        let host = match (&self.k3s.registration_address, primer) {
            (Some(host), _) => host.as_str(),
            (None, Some((_, primer))) => primer.host_for(node, &self.k3s),
            (None, None) => return None,
        };
        let brackets = host.parse::<IpAddr>().is_ok_and(|address| address.is_ipv6());
        Some(if brackets { format!("https://[{host}]:{port}") } else { format!("https://{host}:{port}") })
    }
}

impl NodeEntry {
    /// The settings of k3s on this node: its own, and the cluster's defaults where it has none.
    #[must_use]
    pub fn flags(&self, k3s: &K3s) -> NodeFlags {
        self.k3s.or_defaults(&k3s.defaults)
    }

    /// The mesh that the operating system brings up; none when k3s does it.
    fn system_mesh(&self) -> Option<&NodeMesh> {
        self.mesh.as_ref().filter(|mesh| mesh.vpn_auth_file.is_none())
    }

    /// Whether k3s itself logs in to the mesh; it then works out the node's addresses itself.
    #[must_use]
    pub fn uses_vpn(&self) -> bool {
        self.mesh.as_ref().is_some_and(|mesh| mesh.vpn_auth_file.is_some())
    }

    /// k3s' `node-ip`: the local addresses, or else that in the mesh.
    #[must_use]
    pub fn node_ips(&self) -> Vec<&IpAddress> {
        if self.uses_vpn() {
            return Vec::new();
        }
        let local: Vec<&IpAddress> = self.address.iter().chain(&self.ipv6_address).collect();
        if local.is_empty() { self.mesh.iter().flat_map(|mesh| &mesh.address).collect() } else { local }
    }

    /// k3s' `node-external-ip`: the external address, or else that in the mesh where it adds something to `node-ip`.
    #[must_use]
    pub fn external_ip(&self, k3s: &K3s) -> Option<&IpAddress> {
        if self.uses_vpn() {
            return None;
        }
        let in_mesh = self.mesh.as_ref().filter(|mesh| !mesh.advertise_route || k3s.flannel_external_ip);
        let in_mesh = in_mesh.and_then(|mesh| mesh.address.as_ref());
        self.external_address
            .as_ref()
            .or_else(|| in_mesh.filter(|_| self.address.is_some() || self.ipv6_address.is_some() || k3s.flannel_external_ip))
    }

    /// k3s' `flannel-iface`: as set, or else the mesh's interface for a node whose pods talk over the mesh.
    ///
    /// With `flannelExternalIp` the interface is left open, so that k3s starts before the mesh is up.
    #[must_use]
    pub fn flannel_iface(&self, k3s: &K3s) -> Option<String> {
        let by_interface = !k3s.flannel_external_ip && k3s.flannel_backend != FlannelBackend::None;
        let mesh = self.system_mesh().filter(|mesh| by_interface && !mesh.advertise_route);
        self.flags(k3s).flannel_iface.or_else(|| Some(mesh?.interface().to_owned()))
    }

    /// The network that carries its pods' traffic; none where flannel does not.
    #[must_use]
    pub fn underlay(&self, k3s: &K3s) -> Option<Underlay> {
        if self.uses_vpn() {
            return Some(Underlay::Vpn);
        }
        if k3s.flannel_backend == FlannelBackend::None {
            return None;
        }
        if k3s.flannel_external_ip {
            self.external_ip(k3s)?;
            let mesh = self.mesh.as_ref().filter(|mesh| self.external_address.is_none() && mesh.address.is_some());
            return Some(mesh.map_or(Underlay::External, |mesh| Underlay::Mesh(mesh.r#type)));
        }
        let iface = self.flannel_iface(k3s);
        Some(match self.system_mesh() {
            Some(mesh) if iface.as_deref() == Some(mesh.interface()) => Underlay::Mesh(mesh.r#type),
            Some(mesh) if mesh.advertise_route => Underlay::Routed(mesh.r#type),
            _ => Underlay::Lan,
        })
    }

    /// The host by which another node reaches this one: over the mesh when both are in the same, by the external address when nodes
    /// talk over those, or else by the local one.
    fn host_for(&self, other: &Self, k3s: &K3s) -> &str {
        let host_in_mesh = self.mesh.as_ref().and_then(NodeMesh::host);
        let same_mesh =
            matches!((&self.mesh, &other.mesh), (Some(ours), Some(theirs)) if ours.r#type == theirs.r#type && !ours.advertise_route);
        host_in_mesh
            .filter(|_| same_mesh)
            .or_else(|| self.external_address.as_ref().filter(|_| k3s.flannel_external_ip).map(IpAddress::as_str))
            .or_else(|| self.address.iter().chain(&self.ipv6_address).chain(&self.external_address).next().map(IpAddress::as_str))
            .or(host_in_mesh)
            .unwrap_or(self.name.as_str())
    }

    /// The names and addresses that a client may reach this server by, for its certificate.
    #[must_use]
    pub fn hosts(&self) -> Vec<Host> {
        let mesh = self.mesh.as_ref();
        let local = self.address.iter().chain(&self.ipv6_address);
        let addresses = local.chain(&self.external_address).chain(mesh.and_then(|mesh| mesh.address.as_ref())).map(IpAddress::as_str);
        let name_in_mesh = mesh.and_then(|mesh| mesh.name.as_ref()).map(super::super::DnsName::as_str);
        std::iter::once(self.name.as_str()).chain(addresses).chain(name_in_mesh).map(Host::from).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn cluster(value: Value) -> Cluster {
        serde_json::from_value(value).expect("a cluster")
    }

    #[test]
    fn a_worker_in_the_mesh_joins_by_the_primers_name_there() {
        let cluster = cluster(json!({"cluster": {"name": "c"}, "nodes": [
            {"name": "primer", "role": "server", "address": "192.168.1.10", "mesh": {"type": "tailscale", "name": "primer.mesh.example.com"}},
            {"name": "near", "address": "192.168.1.11"},
            {"name": "far", "mesh": {"type": "tailscale"}},
            {"name": "other", "mesh": {"type": "wireguard"}},
        ]}));
        assert_eq!(cluster.join_url(0), None);
        assert_eq!(cluster.join_url(1).as_deref(), Some("https://192.168.1.10:6443"));
        assert_eq!(cluster.join_url(2).as_deref(), Some("https://primer.mesh.example.com:6443"));
        assert_eq!(cluster.join_url(3).as_deref(), Some("https://192.168.1.10:6443"));
    }

    #[test]
    fn an_ipv6_primer_and_its_port_are_joined_by_a_right_url() {
        let cluster = cluster(json!({"cluster": {"name": "c"}, "nodes": [
            {"name": "primer", "role": "server", "address": "fd00::1", "k3s": {"server": {"httpsListenPort": 7443}}},
            {"name": "worker"},
        ]}));
        assert_eq!(cluster.join_url(1).as_deref(), Some("https://[fd00::1]:7443"));
    }

    #[test]
    fn a_primer_whose_address_is_routed_into_the_mesh_does_not_use_the_mesh() {
        let cluster = cluster(json!({"cluster": {"name": "c"}, "nodes": [
            {"name": "primer", "role": "server", "address": "192.168.1.10",
             "mesh": {"type": "tailscale", "name": "primer.mesh.internal", "address": "100.64.0.1", "advertiseRoute": true}},
            {"name": "far", "mesh": {"type": "tailscale", "address": "100.64.0.2"}},
        ]}));
        let primer = &cluster.nodes[0];
        assert_eq!(cluster.join_url(1).as_deref(), Some("https://192.168.1.10:6443"));
        assert_eq!((primer.flannel_iface(&cluster.k3s), primer.external_ip(&cluster.k3s)), (None, None));
        assert_eq!(primer.underlay(&cluster.k3s), Some(Underlay::Routed(MeshType::Tailscale)));
        assert_eq!(cluster.nodes[1].flannel_iface(&cluster.k3s).as_deref(), Some("tailscale0"));
    }

    #[test]
    fn a_primer_without_any_address_is_joined_by_its_name() {
        let cluster = cluster(json!({"cluster": {"name": "c"}, "nodes": [{"name": "primer", "role": "server"}, {"name": "worker"}]}));
        assert_eq!(cluster.join_url(1).as_deref(), Some("https://primer:6443"));
    }

    #[test]
    fn agents_of_a_cluster_that_is_not_described_here_join_the_registration_address() {
        let cluster =
            cluster(json!({"cluster": {"name": "c"}, "k3s": {"registrationAddress": "k3s.example.com"}, "nodes": [{"name": "a"}]}));
        assert_eq!(cluster.join_url(0).as_deref(), Some("https://k3s.example.com:6443"));
    }

    #[test]
    fn flannel_uses_the_meshs_interface_unless_it_sends_to_external_addresses() {
        let of = |k3s: Value| {
            let cluster = cluster(json!({"cluster": {"name": "c"}, "k3s": k3s, "nodes": [{"name": "a", "mesh": {"type": "wireguard"}}]}));
            (cluster.nodes[0].flannel_iface(&cluster.k3s), cluster.nodes[0].underlay(&cluster.k3s))
        };
        assert_eq!(of(json!({})), (Some("wg0".to_owned()), Some(Underlay::Mesh(MeshType::Wireguard))));
        assert_eq!(of(json!({"flannelExternalIp": true})), (None, None));
        assert_eq!(of(json!({"flannelBackend": "none"})), (None, None));
        assert_eq!(of(json!({"defaults": {"flannelIface": "eth1"}})), (Some("eth1".to_owned()), Some(Underlay::Lan)));
    }
}
