//! The real parts that nodes are made of.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::diag::{Error, Result};
use crate::process::Places;

/// Every program that a lab with nodes runs, by its whole path.
#[derive(Debug, Clone)]
pub(super) struct Programs {
    pub manifestgen: PathBuf,
    pub etcd: PathBuf,
    pub kube_apiserver: PathBuf,
    pub kube_controller_manager: PathBuf,
    pub kube_scheduler: PathBuf,
    pub kubelet: PathBuf,
    pub kube_proxy: PathBuf,
    pub kube_router: PathBuf,
    pub containerd: PathBuf,
    pub runc: PathBuf,
    pub ip: PathBuf,
    pub unshare: PathBuf,
    pub nsenter: PathBuf,
    /// The folder of the CNI plugins.
    pub network_plugins: PathBuf,
    /// PATH of the programs themselves, which run others: `mount`, `nft`, `ipset`, the shim.
    pub search: OsString,
}

const OWN: [&str; 7] = ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy", "kube-router"];
const SYSTEM: [&str; 10] =
    ["containerd", "containerd-shim-runc-v2", "runc", "nft", "iptables", "ipset", "mount", "ip", "unshare", "nsenter"];
const NETWORK_PLUGINS: [&str; 3] = ["ptp", "host-local", "loopback"];

/// Where distributions put CNI plugins, which are in no PATH.
const NETWORK_PLUGIN_FOLDERS: [&str; 3] = ["/usr/lib/cni", "/opt/cni/bin", "/usr/libexec/cni"];

/// Where administrators' programs are when PATH is an ordinary user's.
const SYSTEM_FOLDERS: [&str; 4] = ["/usr/sbin", "/sbin", "/usr/bin", "/bin"];

impl Programs {
    /// Finds all of them.
    ///
    /// # Errors
    /// An environment error that names everything that is missing and the way to get it.
    pub(super) fn find(places: &Places, manifestgen: PathBuf) -> Result<Self> {
        let mut missing = Vec::new();
        let mut search = BTreeSet::new();
        let mut find = |name: &'static str| {
            let elsewhere = || SYSTEM_FOLDERS.iter().map(|folder| Path::new(folder).join(name)).find(|path| path.is_file());
            // A node has a `/run` of its own, so no path may lead through there, as NixOS' do.
            let Some(found) = places.find(name).or_else(elsewhere).and_then(|path| path.canonicalize().ok()) else {
                missing.push(name);
                return PathBuf::new();
            };
            search.extend(found.parent().map(Path::to_owned));
            found
        };
        let [etcd, kube_apiserver, kube_controller_manager, kube_scheduler, kubelet, kube_proxy, kube_router] = OWN.map(&mut find);
        let [containerd, _, runc, _, _, _, _, ip, unshare, nsenter] = SYSTEM.map(&mut find);
        let mut folders = places.assets.iter().map(|folder| folder.join("cni")).chain(NETWORK_PLUGIN_FOLDERS.map(PathBuf::from));
        let network_plugins = folders.find(|folder| NETWORK_PLUGINS.iter().all(|plugin| folder.join(plugin).is_file()));
        if network_plugins.is_none() {
            missing.push("CNI plugins");
        }
        search.extend(SYSTEM_FOLDERS.map(PathBuf::from).into_iter().filter(|folder| folder.is_dir()));
        let (Some(network_plugins), true) = (network_plugins, missing.is_empty()) else { return Err(not_found(&missing)) };
        // No folder that was found above has a colon in it: PATH led there.
        let search = std::env::join_paths(search).unwrap_or_default();
        Ok(Self {
            manifestgen,
            etcd,
            kube_apiserver,
            kube_controller_manager,
            kube_scheduler,
            kubelet,
            kube_proxy,
            kube_router,
            containerd,
            runc,
            ip,
            unshare,
            nsenter,
            network_plugins,
            search,
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
    if missing.iter().any(|name| !OWN.contains(name)) {
        error = error
            .hint("on Debian: `apt-get install containerd runc containernetworking-plugins nftables iptables ipset iproute2 util-linux`");
    }
    error
}
