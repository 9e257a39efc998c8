//! What whoever sets up the machines has to know of a release before it is built: their names, addresses, ports, files, secrets.
//!
//! NixOS modules read it as a file that is committed: to read a release while they are evaluated they would have to build it first
//! (Nix manual, "Import From Derivation"). It names no version of anything but images, so it changes with the
//! machines and not with each manifest.

mod ports;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::config::headscale::{PolicyMode, ServerUrl, ServiceType};
use crate::config::{
    Cluster, Destination, Headscale, INDEX_KEY, INDEX_KEY_NAME, IpAddress, MeshType, NodeEntry, NodeMesh, NodeRole, SecretEntry,
};
use crate::diag::{Error, Result};
use crate::manifest::Release;
use crate::nix;
use crate::reference::Template;

pub use ports::{NodePorts, PortSet};

/// The form of the index. A reader that knows another one must refuse it.
pub const FORM: u32 = 1;

/// Where k3s writes the administrator's kubeconfig (docs.k3s.io/cli/server, `write-kubeconfig`).
const KUBECONFIG: &str = "/etc/rancher/k3s/k3s.yaml";

/// What whoever sets up the machines has to know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Index {
    /// [`FORM`].
    pub form: u32,
    /// The cluster's name.
    pub cluster: String,
    /// The node that starts the cluster, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub primer: Option<String>,
    /// The machines by name.
    pub nodes: BTreeMap<String, Node>,
    /// The images of all pods of the release. What k3s brings along is not among them.
    pub images: BTreeSet<String>,
    /// Network interfaces of a node by which its own pods, and those of other nodes, reach it.
    pub pod_interfaces: Vec<&'static str>,
    /// The encrypted files, relative to the cluster file.
    pub secret_files: Vec<String>,
    /// The secrets whose values go into the cluster.
    pub delivered_secrets: Vec<String>,
    /// The coordination server of the mesh, where the cluster runs it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headscale: Option<Coordinator>,
}

/// One machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Node {
    /// `server` or `agent`.
    pub role: NodeRole,
    /// Its addresses in the local network, as other nodes of it use them.
    pub addresses: Vec<IpAddress>,
    /// The address by which nodes of other networks reach it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_address: Option<IpAddress>,
    /// Its public keys for secrets.
    pub host_keys: Vec<String>,
    /// Its place in a mesh.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mesh: Option<Mesh>,
    /// The files that the release has for it, as paths on the machine.
    pub files: Vec<String>,
    /// Images that its k3s needs beside those of pods.
    pub images: Vec<String>,
    /// The port of the API, on a server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_port: Option<u16>,
    /// The administrator's kubeconfig, on a server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kubeconfig: Option<String>,
    /// The ports that others reach it by.
    pub ports: NodePorts,
    /// What it decrypts, by the name under which agenix does.
    pub secrets: BTreeMap<String, SecretFile>,
}

/// A file that a machine decrypts. What is not said is agenix' own default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SecretFile {
    /// The encrypted file, relative to the cluster file.
    pub file: String,
    /// Where it is decrypted to, who owns it, and its permissions.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub target: Option<SecretTarget>,
}

/// Where a secret is decrypted to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SecretTarget {
    /// The path on the machine.
    pub path: String,
    /// The user that owns it.
    pub owner: String,
    /// The group that owns it.
    pub group: String,
    /// Its permissions, octal.
    pub mode: String,
}

/// A machine's place in a mesh.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Mesh {
    /// `tailscale` or `wireguard`.
    pub r#type: MeshType,
    /// The network interface.
    pub interface: String,
    /// Its address in the mesh.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<IpAddress>,
    /// Whether k3s logs in itself.
    pub joined_by_k3s: bool,
    /// Whether its own addresses are routed into the mesh.
    pub advertise_route: bool,
    /// The networks that it routes into the mesh.
    pub routes: Vec<String>,
    /// What WireGuard has to know of it; none without the section `mesh`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wireguard: Option<Wireguard>,
}

/// A machine's WireGuard, for itself and for the others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Wireguard {
    /// The UDP port that it listens on.
    pub port: u16,
    /// The largest packet, in bytes.
    pub mtu: u16,
    /// Where the others call it, `HOST:PORT`; none when only it calls.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// What the others reach through it.
    #[serde(rename = "allowedIPs")]
    pub allowed_ips: Vec<String>,
    /// Seconds between packets to those that it calls; none where it can be called itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub persistent_keepalive: Option<u16>,
    /// The UDP port that nodes look for each other on, inside of the mesh; none without discovery.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discovery_port: Option<u16>,
    /// Its public key, where the cluster file says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_key: Option<String>,
    /// Otherwise the file with it, as seen from the cluster file's folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_key_file: Option<String>,
    /// The file on the machine with its private key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub private_key_file: Option<String>,
}

/// The coordination server of the mesh.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Coordinator {
    /// The namespace that it runs in.
    pub namespace: String,
    /// Where machines reach it; none when only pods of the cluster do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Where the primer asks whether it is well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health: Option<String>,
    /// The NodePort, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_port: Option<u16>,
    /// What its policy lets nodes do by themselves; none when the policy lies in its database.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<Approvals>,
}

/// What a policy lets nodes do by themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Approvals {
    /// Tags that nodes can have.
    pub tags: Vec<String>,
    /// Routes that need nobody's approval.
    pub routes: Vec<String>,
}

impl Index {
    /// The index of a cluster and what was rendered of it.
    #[must_use]
    pub fn of(cluster: &Cluster, release: &Release) -> Self {
        let delivered = cluster.secrets.iter().filter(|secret| secret.deliver.iter().any(Destination::is_in_cluster));
        Self {
            form: FORM,
            cluster: cluster.cluster.name.to_string(),
            primer: cluster.primer().map(|(_, node)| node.name.to_string()),
            nodes: cluster.nodes.iter().map(|entry| (entry.name.to_string(), node(cluster, release, entry))).collect(),
            images: images(release),
            pod_interfaces: ports::pod_interfaces(cluster),
            secret_files: cluster.secrets.iter().map(SecretEntry::path).collect(),
            delivered_secrets: delivered.map(|secret| secret.name.to_string()).collect(),
            headscale: cluster.headscale.as_ref().map(|headscale| coordinator(cluster, headscale)),
        }
    }

    /// The index as a file of Nix.
    ///
    /// # Errors
    /// An internal error when it holds what Nix cannot say.
    pub fn text(&self) -> Result<String> {
        let wrong = |cause| Error::internal("the index cannot be written for Nix").caused_by(cause);
        let value = serde_json::to_value(self).map_err(|cause| Error::internal("the index does not serialize").caused_by(cause))?;
        let body = nix::expression(&value).map_err(wrong)?;
        Ok(format!("# Written by `manifestgen render --format nix`, which `--check` compares with the cluster file.\n{body}\n"))
    }
}

fn images(release: &Release) -> BTreeSet<String> {
    let templates = release.objects().iter().enumerate().filter_map(|(number, object)| Template::of(number, object));
    let containers = templates.flat_map(|template| template.containers().collect::<Vec<_>>());
    containers.filter_map(|container| container.text("image").map(ToOwned::to_owned)).collect()
}

fn node(cluster: &Cluster, release: &Release, entry: &NodeEntry) -> Node {
    let folder = format!("nodes/{}", entry.name);
    let files = release.files().iter().filter_map(|file| file.path.strip_prefix(&folder)).filter(|path| path.starts_with('/'));
    let server = (entry.role == NodeRole::Server).then(|| entry.flags(&cluster.k3s).server.unwrap_or_default());
    Node {
        role: entry.role,
        addresses: entry.address.iter().chain(&entry.ipv6_address).cloned().collect(),
        external_address: entry.external_address.clone(),
        host_keys: entry.host_keys.iter().map(|key| key.0.clone()).collect(),
        mesh: entry.mesh.as_ref().map(|mesh| Mesh {
            r#type: mesh.r#type,
            interface: mesh.interface().to_owned(),
            address: mesh.address.clone(),
            joined_by_k3s: mesh.vpn_auth_file.is_some(),
            advertise_route: mesh.advertise_route,
            routes: if mesh.advertise_route { host_routes(entry) } else { Vec::new() },
            wireguard: wireguard(cluster, entry, mesh),
        }),
        files: files.map(ToOwned::to_owned).collect(),
        images: entry.flags(&cluster.k3s).pause_image.iter().map(ToString::to_string).collect(),
        api_port: server.as_ref().map(ports::api_port),
        kubeconfig: server.map(|server| server.write_kubeconfig.map_or_else(|| KUBECONFIG.to_owned(), |path| path.to_string())),
        ports: NodePorts::of(cluster, entry),
        secrets: secrets(cluster, entry),
    }
}

fn wireguard(cluster: &Cluster, entry: &NodeEntry, own: &NodeMesh) -> Option<Wireguard> {
    let mesh = cluster.mesh.as_ref().filter(|_| own.r#type == MeshType::Wireguard)?;
    let public_key_file = if own.public_key.is_some() { None } else { cluster.mesh_public_key_file(entry) };
    Some(Wireguard {
        port: mesh.port_of(own),
        mtu: mesh.mtu,
        endpoint: mesh.endpoint_of(entry).map(|endpoint| endpoint.to_string()),
        allowed_ips: mesh.networks_of(entry).iter().map(ToString::to_string).collect(),
        persistent_keepalive: mesh.only_calls(entry).then_some(mesh.persistent_keepalive),
        discovery_port: mesh.discovery_port(),
        public_key: own.public_key.clone(),
        public_key_file,
        private_key_file: cluster.mesh_private_key_file(entry).map(|path| path.to_string()),
    })
}

fn host_routes(entry: &NodeEntry) -> Vec<String> {
    let addresses = entry.address.iter().chain(&entry.ipv6_address);
    addresses.map(|address| format!("{address}/{}", if address.as_str().contains(':') { 128 } else { 32 })).collect()
}

fn secrets(cluster: &Cluster, entry: &NodeEntry) -> BTreeMap<String, SecretFile> {
    let files = cluster.secret_files_of(entry).into_iter().map(|file| {
        let target = SecretTarget { path: file.path.to_string(), owner: file.owner, group: file.group, mode: file.mode.to_string() };
        (file.name, SecretFile { file: file.file, target: Some(target) })
    });
    let key =
        cluster.reads_secret_index(entry).then(|| (INDEX_KEY_NAME.to_owned(), SecretFile { file: INDEX_KEY.to_owned(), target: None }));
    files.chain(key).collect()
}

fn coordinator(cluster: &Cluster, headscale: &Headscale) -> Coordinator {
    let url = ServerUrl::of(cluster, headscale).filter(|url| !url.is_in_cluster()).map(|url| url.to_string());
    let node_port = (headscale.service.r#type == ServiceType::NodePort).then_some(headscale.service.node_port.0);
    // Its certificate is not made out for the machine itself.
    let by_port = node_port.filter(|_| !headscale.serves_tls()).map(|port| format!("http://127.0.0.1:{port}/health"));
    let policy = &headscale.policy;
    Coordinator {
        namespace: headscale.namespace.to_string(),
        health: by_port.or_else(|| url.as_ref().map(|url| format!("{url}/health"))),
        url,
        node_port,
        policy: (policy.mode == PolicyMode::File).then(|| Approvals {
            tags: policy.tag_owners.keys().cloned().collect(),
            routes: policy.auto_approvers.routes.keys().map(ToString::to_string).collect(),
        }),
    }
}
