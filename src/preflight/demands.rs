//! What a node asks of its machine.

use std::fmt;

use crate::config::{Cluster, DatastoreType, FlannelBackend, MeshType, NodeEntry, NodeRole};

/// What a node asks of its machine.
///
/// Sources: docs.k3s.io/installation/requirements (sizes, ports); pkg/cli/cmds and pkg/daemons of k3s (further ports on the machine itself).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Demands {
    /// The node's name, which is to be the host name.
    pub name: String,
    /// Whether it runs the control plane.
    pub server: bool,
    /// The folder of k3s' state.
    pub data_dir: String,
    /// How containerd stacks image layers.
    pub snapshotter: String,
    /// Whether k3s runs without root.
    pub rootless: bool,
    /// Whether the kubelet refuses a kernel that is not set as it wants.
    pub protect_kernel_defaults: bool,
    /// Whether the kubelet refuses cgroup v1 (`failCgroupV1`, the default from Kubernetes 1.35 on).
    pub refuses_cgroup_v1: bool,
    /// The file with the name servers for pods, where the config names one.
    pub resolv_conf: Option<String>,
    /// Addresses that the machine must have.
    pub addresses: Vec<String>,
    /// Ports that k3s, or the release, listens on.
    pub ports: Vec<Port>,
    /// Files that must be there and that others must not read.
    pub secret_files: Vec<String>,
    /// Kernel modules, and what needs each.
    pub modules: Vec<(&'static str, &'static str)>,
    /// Where the node joins, `host:port`.
    pub joins: Option<String>,
    /// Whether it is in a mesh of Tailscale's, which takes a TUN device.
    pub tun: bool,
}

/// A port that must be free.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Port {
    /// Its number.
    pub number: u16,
    /// Its protocol.
    pub protocol: Protocol,
    /// Who listens on it.
    pub what: String,
}

/// A protocol of ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

impl fmt::Display for Protocol {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        })
    }
}

/// What the kernel must be able to do, and for whom.
const MODULES: [(&str, &str); 6] = [
    ("br_netfilter", "network policies and Services between pods of one node"),
    ("nf_conntrack", "Services"),
    ("nf_nat", "Services"),
    ("veth", "pods' networks"),
    ("bridge", "pods' networks"),
    ("xt_comment", "kube-proxy's rules"),
];

impl Demands {
    /// What a node of a cluster asks; `node_ports` are those of the release's Services.
    #[must_use]
    pub fn of(cluster: &Cluster, at: usize, node: &NodeEntry, node_ports: &[(u16, Protocol, String)]) -> Self {
        let (k3s, flags) = (&cluster.k3s, node.flags(&cluster.k3s));
        let server = node.role == NodeRole::Server;
        let snapshotter = flags.snapshotter.clone().unwrap_or_else(|| "overlayfs".to_owned());
        let mesh = node.mesh.as_ref().map(|mesh| mesh.r#type);
        let mut modules = MODULES.to_vec();
        if snapshotter == "overlayfs" {
            modules.push(("overlay", "containerd's overlayfs snapshotter"));
        }
        match k3s.flannel_backend {
            FlannelBackend::Vxlan => modules.push(("vxlan", "flannel's VXLAN")),
            FlannelBackend::WireguardNative => modules.push(("wireguard", "flannel's WireGuard")),
            FlannelBackend::HostGw | FlannelBackend::None => {}
        }
        if mesh == Some(MeshType::Wireguard) && k3s.flannel_backend != FlannelBackend::WireguardNative {
            modules.push(("wireguard", "the mesh"));
        }
        let token = if server { Some(&k3s.token_file) } else { Some(k3s.agent_token_file.as_ref().unwrap_or(&k3s.token_file)) };
        let agent_token = k3s.agent_token_file.as_ref().filter(|_| server);
        let vpn = node.mesh.as_ref().and_then(|mesh| mesh.vpn_auth_file.as_ref());
        let database_key = k3s.datastore.key_file.as_ref().filter(|_| server);
        let files = [token, agent_token, vpn, database_key, flags.private_registry.as_ref()];
        let joins = cluster.join_url(at).and_then(|url| Some(url.strip_prefix("https://")?.to_owned()));
        let addresses = node.address.iter().chain(&node.ipv6_address).map(ToString::to_string).collect();
        Self {
            name: node.name.to_string(),
            server,
            data_dir: flags.data_dir.as_ref().map_or_else(|| "/var/lib/rancher/k3s".to_owned(), ToString::to_string),
            snapshotter,
            rootless: flags.rootless == Some(true),
            protect_kernel_defaults: flags.protect_kernel_defaults == Some(true),
            refuses_cgroup_v1: refuses_cgroup_v1(cluster, flags.kubelet_arg.as_deref().unwrap_or_default()),
            resolv_conf: flags.resolv_conf.as_ref().map(ToString::to_string),
            addresses,
            ports: ports(cluster, node, node_ports),
            secret_files: files.into_iter().flatten().map(ToString::to_string).collect(),
            modules,
            joins,
            tun: mesh == Some(MeshType::Tailscale),
        }
    }
}

fn refuses_cgroup_v1(cluster: &Cluster, kubelet: &[String]) -> bool {
    let minor: u32 = cluster.cluster.version.minor().split('.').nth(1).and_then(|minor| minor.parse().ok()).unwrap_or_default();
    match kubelet.iter().find_map(|flag| flag.strip_prefix("fail-cgroupv1=")) {
        Some(value) => value == "true",
        None => minor >= 35,
    }
}

fn ports(cluster: &Cluster, node: &NodeEntry, node_ports: &[(u16, Protocol, String)]) -> Vec<Port> {
    let (k3s, flags) = (&cluster.k3s, node.flags(&cluster.k3s));
    let tcp = |number: u16, what: &str| Port { number, protocol: Protocol::Tcp, what: what.to_owned() };
    let udp = |number: u16, what: &str| Port { number, protocol: Protocol::Udp, what: what.to_owned() };
    let mut ports = Vec::new();
    if node.role == NodeRole::Server {
        let api = flags.server.as_ref().and_then(|server| server.https_listen_port).map_or(6443, |port| port.0);
        ports.extend([tcp(api, "the API server"), tcp(10257, "the controller manager"), tcp(10259, "the scheduler")]);
        if k3s.datastore.r#type == DatastoreType::Etcd {
            ports.extend([tcp(2379, "etcd"), tcp(2380, "etcd's peers"), tcp(2381, "etcd's metrics")]);
        }
    }
    let balancer = flags.lb_server_port.map_or(6444, |port| port.0);
    ports.extend([
        tcp(balancer, "k3s' load balancer"),
        tcp(10250, "the kubelet"),
        tcp(10248, "the kubelet's health"),
        tcp(10010, "containerd"),
    ]);
    if !k3s.disable_kube_proxy {
        ports.extend([tcp(10249, "kube-proxy's metrics"), tcp(10256, "kube-proxy's health")]);
    }
    match k3s.flannel_backend {
        FlannelBackend::Vxlan => ports.push(udp(8472, "flannel's VXLAN")),
        FlannelBackend::WireguardNative => ports.push(udp(51820, "flannel's WireGuard")),
        FlannelBackend::HostGw | FlannelBackend::None => {}
    }
    if k3s.embedded_registry {
        ports.push(tcp(5001, "the embedded registry"));
    }
    ports.extend(node_ports.iter().map(|(number, protocol, what)| Port { number: *number, protocol: *protocol, what: what.clone() }));
    ports
}
