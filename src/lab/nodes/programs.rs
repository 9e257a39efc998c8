//! The real parts that nodes are made of.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::diag::{Error, Result};
use crate::process::Places;

/// What makes namespaces and the network between them, by whole paths.
#[derive(Debug, Clone)]
pub(super) struct Base {
    pub manifestgen: PathBuf,
    pub ip: PathBuf,
    pub unshare: PathBuf,
    pub nsenter: PathBuf,
    /// PATH of the programs themselves, which run others: `mount`, `nft`, `ipset`, the shim.
    pub search: OsString,
}

/// Every program that a lab with nodes runs, by its whole path.
#[derive(Debug, Clone)]
pub(super) struct Programs {
    pub base: Base,
    pub etcd: PathBuf,
    pub kube_apiserver: PathBuf,
    pub kube_controller_manager: PathBuf,
    pub kube_scheduler: PathBuf,
    pub kubelet: PathBuf,
    pub kube_proxy: PathBuf,
    pub kube_router: PathBuf,
    pub containerd: PathBuf,
    pub runc: PathBuf,
    /// The folder of the CNI plugins.
    pub network_plugins: PathBuf,
}

const OWN: [&str; 7] = ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy", "kube-router"];
const SYSTEM: [&str; 10] =
    ["containerd", "containerd-shim-runc-v2", "runc", "nft", "iptables", "ipset", "mount", "ip", "unshare", "nsenter"];
const MESH: [&str; 5] = ["wg", "age", "age-keygen", "ping", "wireguard-go"];
/// What people on a node call, where it is there.
const CALLED: [&str; 3] = ["kubectl", "tailscale", "curl"];
const NETWORK_PLUGINS: [&str; 3] = ["ptp", "host-local", "loopback"];

/// Where distributions put CNI plugins, which are in no PATH.
const NETWORK_PLUGIN_FOLDERS: [&str; 3] = ["/usr/lib/cni", "/opt/cni/bin", "/usr/libexec/cni"];

/// Where administrators' programs are when PATH is an ordinary user's.
const SYSTEM_FOLDERS: [&str; 4] = ["/usr/sbin", "/sbin", "/usr/bin", "/bin"];

/// A program by its whole path, and its folder for PATH. A node has a `/run` of its own, so no path may lead through there, as NixOS' do.
fn find(places: &Places, name: &str, search: &mut BTreeSet<PathBuf>) -> Option<PathBuf> {
    let elsewhere = || SYSTEM_FOLDERS.iter().map(|folder| Path::new(folder).join(name)).find(|path| path.is_file());
    let found = places.find(name).or_else(elsewhere)?.canonicalize().ok()?;
    search.extend(found.parent().map(Path::to_owned));
    Some(found)
}

/// No folder in which a program was found has a colon in it: PATH led there.
fn path_of(mut folders: BTreeSet<PathBuf>) -> OsString {
    folders.extend(SYSTEM_FOLDERS.map(PathBuf::from).into_iter().filter(|folder| folder.is_dir()));
    std::env::join_paths(folders).unwrap_or_default()
}

impl Base {
    /// Finds them, and `others` that nodes run by their names.
    ///
    /// # Errors
    /// An environment error that names everything that is missing.
    pub(super) fn find(places: &Places, manifestgen: PathBuf, others: &[&str]) -> Result<Self> {
        let mut search = BTreeSet::new();
        let mut missing: Vec<&str> = others.iter().copied().filter(|name| find(places, name, &mut search).is_none()).collect();
        let [ip, unshare, nsenter] = ["ip", "unshare", "nsenter"].map(|name| {
            find(places, name, &mut search).unwrap_or_else(|| {
                missing.push(name);
                PathBuf::new()
            })
        });
        if missing.is_empty() { Ok(Self { manifestgen, ip, unshare, nsenter, search: path_of(search) }) } else { Err(not_found(&missing)) }
    }
}

impl Programs {
    /// Finds all of them.
    ///
    /// # Errors
    /// An environment error that names everything that is missing and the way to get it.
    pub(super) fn find(places: &Places, manifestgen: PathBuf) -> Result<Self> {
        let mut missing = Vec::new();
        let mut search = BTreeSet::new();
        for name in CALLED {
            find(places, name, &mut search);
        }
        let mut find = |name: &'static str| {
            find(places, name, &mut search).unwrap_or_else(|| {
                missing.push(name);
                PathBuf::new()
            })
        };
        let [etcd, kube_apiserver, kube_controller_manager, kube_scheduler, kubelet, kube_proxy, kube_router] = OWN.map(&mut find);
        let [containerd, _, runc, _, _, _, _, ip, unshare, nsenter] = SYSTEM.map(&mut find);
        let mut folders = places.assets.iter().map(|folder| folder.join("cni")).chain(NETWORK_PLUGIN_FOLDERS.map(PathBuf::from));
        let network_plugins = folders.find(|folder| NETWORK_PLUGINS.iter().all(|plugin| folder.join(plugin).is_file()));
        if network_plugins.is_none() {
            missing.push("CNI plugins");
        }
        let (Some(network_plugins), true) = (network_plugins, missing.is_empty()) else { return Err(not_found(&missing)) };
        Ok(Self {
            base: Base { manifestgen, ip, unshare, nsenter, search: path_of(search) },
            etcd,
            kube_apiserver,
            kube_controller_manager,
            kube_scheduler,
            kubelet,
            kube_proxy,
            kube_router,
            containerd,
            runc,
            network_plugins,
        })
    }
}

fn not_found(missing: &[&str]) -> Box<Error> {
    let quoted = missing.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let mut error = Error::environment(format!("a lab with nodes needs programs that are not there: {quoted}"));
    if missing.iter().any(|name| OWN.contains(name)) {
        error = error.hint(
            "build Kubernetes' own from a checkout of manifestgen: `tests/toolchain/build etcd kubernetes coredns pause kube-router`",
        );
    }
    if missing.iter().any(|name| !OWN.contains(name) && !MESH.contains(name)) {
        error = error
            .hint("on Debian: `apt-get install containerd runc containernetworking-plugins nftables iptables ipset iproute2 util-linux`");
    }
    if missing.iter().any(|name| MESH.contains(name)) {
        error = error.hint(
            "for the mesh, on Debian: `apt-get install wireguard-tools age iputils-ping`; where the kernel has no WireGuard: \
             `tests/toolchain/build wireguard-go` from a checkout of manifestgen",
        );
    }
    error
}
