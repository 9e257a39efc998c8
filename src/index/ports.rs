//! The ports that others reach a machine by (docs.k3s.io/installation/requirements, "Inbound Rules for K3s Nodes").

use serde::Serialize;

use crate::config::headscale::{self, ServiceType};
use crate::config::ingress::{self, Ingress};
use crate::config::{Cluster, DatastoreType, FlannelBackend, NodeEntry, NodeRole, ServerFlags};

/// Ports by protocol, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PortSet {
    /// Ports of TCP.
    pub tcp: Vec<u16>,
    /// Ports of UDP.
    pub udp: Vec<u16>,
}

impl PortSet {
    fn of(tcp: impl IntoIterator<Item = u16>, udp: impl IntoIterator<Item = u16>) -> Self {
        let (mut tcp, mut udp): (Vec<u16>, Vec<u16>) = (tcp.into_iter().collect(), udp.into_iter().collect());
        for ports in [&mut tcp, &mut udp] {
            ports.sort_unstable();
            ports.dedup();
        }
        Self { tcp, udp }
    }
}

/// The ports that others reach a machine by, after who they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NodePorts {
    /// Everybody.
    pub everybody: PortSet,
    /// The other nodes.
    pub nodes: PortSet,
    /// Pods.
    pub pods: PortSet,
}

/// The port of the kubelet.
const KUBELET: u16 = 10250;
/// Between members of etcd, for clients and for each other.
const ETCD: [u16; 2] = [2379, 2380];
/// Of k3s' embedded registry mirror, Spegel.
const REGISTRY_MIRROR: u16 = 5001;

impl NodePorts {
    pub(super) fn of(cluster: &Cluster, node: &NodeEntry) -> Self {
        let is_server = node.role == NodeRole::Server;
        let api = if is_server { api(cluster, node) } else { Vec::new() };
        let is_primer = cluster.primer().is_some_and(|(_, primer)| primer.name == node.name);
        let headscale: Vec<_> = cluster.headscale.iter().filter(|_| is_primer).flat_map(headscale::node_ports).collect();
        let of_headscale =
            |wanted: &'static str| headscale.iter().filter(move |(_, protocol, _)| *protocol == wanted).map(|(.., port)| *port);
        let has_members = cluster.k3s.datastore.r#type == DatastoreType::Etcd && cluster.servers().count() > 1;
        let etcd = ETCD.into_iter().filter(|_| is_server && has_members);
        let mirror = cluster.k3s.embedded_registry.then_some(REGISTRY_MIRROR);
        Self {
            everybody: PortSet::of(
                api.iter().copied().chain(of_headscale("TCP")).chain(cluster.ingress.iter().flat_map(|ingress| routes(cluster, ingress))),
                of_headscale("UDP"),
            ),
            nodes: PortSet::of(api.iter().copied().chain([KUBELET]).chain(etcd).chain(mirror), overlay(cluster, node)),
            // The kubelet for metrics-server; the API server's address is one of the node's own.
            pods: PortSet::of(api.iter().copied().chain([KUBELET]), []),
        }
    }
}

/// The ports of a server's API and of what stands behind it.
fn api(cluster: &Cluster, node: &NodeEntry) -> Vec<u16> {
    let server = node.flags(&cluster.k3s).server.unwrap_or_default();
    let further = [server.supervisor_port, server.apiserver_port].into_iter().flatten().map(|port| port.0);
    std::iter::once(api_port(&server)).chain(further).collect()
}

/// Where a server is joined and its API is asked (docs.k3s.io/cli/server, `https-listen-port`).
pub(super) fn api_port(server: &ServerFlags) -> u16 {
    server.https_listen_port.map_or(6443, |port| port.0)
}

/// Packets of flannel.
fn overlay(cluster: &Cluster, node: &NodeEntry) -> Vec<u16> {
    if node.uses_vpn() {
        return Vec::new();
    }
    match cluster.k3s.flannel_backend {
        FlannelBackend::Vxlan => vec![8472],
        FlannelBackend::WireguardNative => vec![51820, 51821],
        FlannelBackend::HostGw | FlannelBackend::None => Vec::new(),
    }
}

/// Where the ingress controller is reached on a node.
fn routes(cluster: &Cluster, ingress: &Ingress) -> Vec<u16> {
    if !ingress.installs_traefik(cluster) && !ingress.uses_bundled_traefik(cluster) {
        return Vec::new();
    }
    let service = &ingress.controller.service;
    match service.r#type {
        ServiceType::NodePort => ingress::node_ports(ingress).into_iter().map(|(.., port)| port).collect(),
        // k3s' own load balancer; another one has addresses of its own.
        ServiceType::LoadBalancer if !cluster.k3s.disable.iter().any(|name| name.as_str() == "servicelb") => {
            [service.http_port.0, service.https_port.0].into_iter().chain(ingress.listen_ports()).collect()
        }
        ServiceType::LoadBalancer | ServiceType::ClusterIP => Vec::new(),
    }
}

/// Interfaces that flannel makes, of either family (its `pkg/backend/{vxlan,wireguard}` and k3s' CNI bridge).
pub(super) fn pod_interfaces(cluster: &Cluster) -> Vec<&'static str> {
    match cluster.k3s.flannel_backend {
        FlannelBackend::Vxlan => vec!["cni0", "flannel.1", "flannel-v6.1"],
        FlannelBackend::WireguardNative => vec!["cni0", "flannel-wg", "flannel-wg-v6"],
        FlannelBackend::HostGw => vec!["cni0"],
        FlannelBackend::None => Vec::new(),
    }
}
