//! containerd of a node, and its network for pods.

use std::net::SocketAddr;
use std::path::Path;

use serde::Serialize;
use serde_json::{Value, json};

use super::programs::Programs;

/// The image that holds a pod's namespaces, and does nothing, which every lab has.
pub const PAUSE_IMAGE: &str = "manifestgen.invalid/pause:1";

/// Where containerd listens. A node has a `/run` of its own.
pub(super) const CONTAINERD_SOCKET: &str = "/run/containerd/containerd.sock";

/// The folder of the network's configuration; a node has a `/var/lib` of its own.
pub(super) const NETWORK_FOLDER: &str = "/var/lib/cni/net.d";

/// containerd's configuration, version 2 of its form, which containerd 1.6 to 2.x read (containerd's `docs/cri/config.md`).
pub(super) fn containerd(programs: &Programs, snapshotter: &str, hosts: &Path) -> impl Serialize {
    json!({
        "version": 2,
        "root": "/var/lib/containerd",
        "state": "/run/containerd",
        "oom_score": 0,
        "disabled_plugins": ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.devmapper"],
        "grpc": {"address": CONTAINERD_SOCKET},
        "plugins": {
            // It makes this folder, by default below /opt.
            "io.containerd.internal.v1.opt": {"path": "/var/lib/containerd/opt"},
            "io.containerd.grpc.v1.cri": {
                "sandbox_image": PAUSE_IMAGE,
                // Without CAP_SYS_RESOURCE, as in many containers, nobody may lower the score, and runc ends without a word.
                "restrict_oom_score_adj": true,
                "containerd": {
                    "snapshotter": snapshotter,
                    "default_runtime_name": "runc",
                    "runtimes": {"runc": {
                        "runtime_type": "io.containerd.runc.v2",
                        "options": {"BinaryName": programs.runc, "SystemdCgroup": false},
                    }},
                },
                "registry": {"config_path": hosts},
                "cni": {"bin_dir": programs.network_plugins, "conf_dir": NETWORK_FOLDER},
            },
        },
    })
}

/// Which server containerd asks for the images of all registries (containerd's `docs/hosts.md`): the lab's own, and no other.
pub(super) fn hosts(mirror: SocketAddr) -> impl Serialize {
    let server = format!("http://{mirror}");
    json!({"server": server, "host": {&server: {"capabilities": ["pull", "resolve"]}}})
}

/// A routed cable to each pod. A bridge would hand packets between its own pods on without asking kube-proxy's rules, unless the kernel
/// has `br_netfilter`.
pub(super) fn network(pods: ipnet::Ipv4Net) -> Value {
    json!({
        "cniVersion": "0.4.0",
        "name": "lab",
        "plugins": [{
            "type": "ptp",
            "ipMasq": false,
            "ipam": {"type": "host-local", "dataDir": "/var/lib/cni/addresses", "ranges": [[{"subnet": pods}]], "routes": [{"dst": "0.0.0.0/0"}]},
        }],
    })
}
