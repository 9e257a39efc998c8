//! The files that programs of nodes read.

use std::path::Path;

use serde::Serialize;
use serde_json::Value;

use super::addresses::Addresses;
use super::programs::Programs;
use super::{Node, kubelet, policies, runtime};
use crate::diag::{Error, Result};
use crate::lab::certificates::{Authority, Identity, TokenKeys};
use crate::lab::kubeconfig::kubeconfig;
use crate::lab::parts::write_private;

/// The user of people on the primer.
pub(super) const ADMINISTRATOR: &str = "administrator";

/// What the primer has for the control plane.
pub(super) fn control_plane(folder: &Path, authority: &Authority, addresses: &Addresses, domain: &str) -> Result<()> {
    let (node, service) = (addresses.node(0).to_string(), addresses.api_service().to_string());
    let (whole, short) = (format!("kubernetes.default.svc.{domain}"), "kubernetes.default.svc");
    let names = ["127.0.0.1", "localhost", "primer", &node, &service, "kubernetes", "kubernetes.default", short, &whole];
    pair(folder, "server", &authority.server("kube-apiserver", &names)?)?;
    pair(folder, "apiserver-kubelet", &authority.administrator()?)?;
    let tokens = TokenKeys::generate()?;
    write_private(&folder.join("service-account.key"), &tokens.private)?;
    write_private(&folder.join("service-account.pub"), &tokens.public)?;
    for name in ["kube-controller-manager", "kube-scheduler"] {
        user(folder, name, &authority.client(&format!("system:{name}"), None)?, authority, addresses)?;
    }
    user(folder, ADMINISTRATOR, &authority.administrator()?, authority, addresses)
}

/// What every node has.
pub(super) fn node(
    node: &Node,
    index: u8,
    authority: &Authority,
    addresses: &Addresses,
    domain: &str,
    group: &str,
    programs: &Programs,
) -> Result<()> {
    let (folder, name) = (node.namespaces.folder.as_path(), node.name.as_str());
    write_private(&folder.join("ca.crt"), &authority.certificate)?;
    pair(folder, "kubelet", &authority.server(&format!("system:node:{name}"), &[name, &addresses.node(index).to_string()])?)?;
    user(folder, "kubelet", &authority.client(&format!("system:node:{name}"), Some("system:nodes"))?, authority, addresses)?;
    user(folder, "kube-proxy", &authority.client("system:kube-proxy", None)?, authority, addresses)?;
    user(folder, "kube-router", &authority.client(policies::USER, None)?, authority, addresses)?;
    json(&folder.join("kubelet.json"), &kubelet::kubelet(addresses, domain, &format!("{group}/{name}")))?;
    json(&folder.join("kube-proxy.json"), &kubelet::kube_proxy(name, addresses))?;
    let hosts = folder.join("registries");
    toml_file(&folder.join("containerd.toml"), &runtime::containerd(programs, &node.namespaces.snapshotter, &hosts))?;
    toml_file(&hosts.join("_default/hosts.toml"), &runtime::hosts(addresses.mirror()))?;
    // The node's own `/var/lib`.
    let network = folder.join("lib").join(runtime::NETWORK_FOLDER.trim_start_matches("/var/lib/"));
    make_folder(&network)?;
    json(&network.join("10-lab.conflist"), &runtime::network(addresses.pods_of(index)))
}

fn pair(folder: &Path, name: &str, identity: &Identity) -> Result<()> {
    write_private(&folder.join(format!("{name}.crt")), &identity.certificate)?;
    write_private(&folder.join(format!("{name}.key")), &identity.key)
}

fn user(folder: &Path, name: &str, identity: &Identity, authority: &Authority, addresses: &Addresses) -> Result<()> {
    json(&folder.join(format!("{name}.kubeconfig")), &kubeconfig(&format!("https://{}", addresses.api()), authority, identity))
}

fn make_folder(path: &Path) -> Result<()> {
    std::fs::create_dir_all(path).map_err(|cause| Error::environment(format!("cannot make `{}`", path.display())).caused_by(cause))
}

fn toml_file(path: &Path, content: &impl Serialize) -> Result<()> {
    path.parent().map_or(Ok(()), make_folder)?;
    let text =
        toml::to_string(content).map_err(|cause| Error::internal(format!("`{}` cannot be written", path.display())).caused_by(cause))?;
    write_private(path, &text)
}

fn json(path: &Path, value: &Value) -> Result<()> {
    write_private(path, &value.to_string())
}
