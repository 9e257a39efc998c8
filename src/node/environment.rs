//! What kind of place a node is, as far as k3s has to know.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::path::Path;

use rustix::process::{geteuid, getpid};
use serde::Serialize;

use super::snapshotter::Snapshotter;
use crate::process::Places;

/// Which control groups are mounted (`man 7 cgroups`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum CgroupVersion {
    /// A hierarchy for each controller.
    V1,
    /// One hierarchy.
    V2,
    /// None that can be seen.
    None,
}

/// What kind of place a node is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Environment {
    /// Whether this user is root, here.
    pub root: bool,
    /// Whether root here is another user outside: rootless containers, `unshare --user`.
    pub user_namespace: bool,
    /// What tells that it is a container.
    pub container: Option<String>,
    /// Whether the kernel is Microsoft's: WSL2, and Docker Desktop on it.
    pub wsl: bool,
    /// Whether this is the first process, which has to reap orphans.
    pub first_process: bool,
    /// Which control groups there are.
    pub cgroups: CgroupVersion,
    /// The snapshotter that works in k3s' data folder.
    pub snapshotter: Snapshotter,
    /// Whether the kernel's log can be read, which a kubelet watches for killed processes.
    pub kmsg: bool,
    /// Whether the machine swaps.
    pub swap: bool,
    /// The address that leads to the default route.
    pub address: Option<IpAddr>,
}

impl Environment {
    /// Looks around. `data` is k3s' data folder, or the nearest one above it that is there.
    #[must_use]
    pub fn probe(data: &Path, places: &Places) -> Self {
        let fuse = Path::new("/dev/fuse").exists() && places.find("fuse-overlayfs").is_some();
        let folder = data.ancestors().find(|folder| folder.is_dir()).unwrap_or(Path::new("/"));
        Self {
            snapshotter: Snapshotter::probe(folder, fuse),
            address: source_address((Ipv4Addr::new(192, 0, 2, 1), 9).into()),
            ..Self::read(Path::new("/"))
        }
    }

    /// What files tell, below a root.
    fn read(root: &Path) -> Self {
        let text = |path: &str| fs::read_to_string(root.join(path)).unwrap_or_default();
        let is_there = |path: &str| root.join(path).exists();
        let cgroups = match (is_there("sys/fs/cgroup/cgroup.controllers"), is_there("sys/fs/cgroup/cpu")) {
            (true, _) => CgroupVersion::V2,
            (false, true) => CgroupVersion::V1,
            (false, false) => CgroupVersion::None,
        };
        Self {
            root: geteuid().is_root(),
            user_namespace: !maps_everybody(&text("proc/self/uid_map")),
            container: container(root),
            wsl: text("proc/sys/kernel/osrelease").to_lowercase().contains("microsoft"),
            first_process: getpid().is_init(),
            cgroups,
            snapshotter: Snapshotter::Overlayfs,
            kmsg: fs::File::open(root.join("dev/kmsg")).is_ok(),
            // A line of headings, and one for each swap.
            swap: text("proc/swaps").lines().count() > 1,
            address: None,
        }
    }
}

/// The address by which a packet to there would leave. Nothing is sent: connecting a datagram socket only asks for the route.
pub(super) fn source_address(target: SocketAddr) -> Option<IpAddr> {
    let any: IpAddr = if target.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { std::net::Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((any, 0)).ok()?;
    socket.connect(target).ok()?;
    socket.local_addr().ok().map(|address| address.ip()).filter(|address| !address.is_unspecified() && !address.is_loopback())
}

/// The first user namespace maps all 2^32 - 1 users to themselves (`man 7 user_namespaces`).
fn maps_everybody(map: &str) -> bool {
    map.is_empty() || map.split_whitespace().eq(["0", "0", "4294967295"])
}

/// Docker and Podman leave a file, others a variable for the first process (systemd's `CONTAINER_INTERFACE.md`).
fn container(root: &Path) -> Option<String> {
    let files = [".dockerenv", "run/.containerenv"];
    if let Some(file) = files.into_iter().find(|file| root.join(file).exists()) {
        return Some(format!("/{file}"));
    }
    let environment = fs::read(root.join("proc/1/environ")).unwrap_or_default();
    let value = environment.split(|byte| *byte == 0).find_map(|variable| variable.strip_prefix(b"container="));
    value.map(|value| format!("container={}", String::from_utf8_lossy(value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        for (path, text) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            fs::write(path, text).expect("written");
        }
        folder
    }

    #[test]
    fn a_machine_is_told_from_a_container() {
        let machine = root(&[
            ("proc/self/uid_map", "         0          0 4294967295\n"),
            ("proc/sys/kernel/osrelease", "6.18.1\n"),
            ("proc/swaps", "Filename Type Size Used Priority\n"),
            ("sys/fs/cgroup/cgroup.controllers", "cpu memory\n"),
            ("dev/kmsg", ""),
        ]);
        let seen = Environment::read(machine.path());
        assert_eq!((seen.user_namespace, seen.container, seen.wsl, seen.kmsg, seen.swap), (false, None, false, true, false));
        assert_eq!(seen.cgroups, CgroupVersion::V2);

        let container = root(&[
            ("proc/self/uid_map", "0 100000 65536\n"),
            ("proc/sys/kernel/osrelease", "5.15.153.1-microsoft-standard-WSL2\n"),
            ("proc/swaps", "Filename Type Size Used Priority\n/dev/sdb partition 1 0 -2\n"),
            ("sys/fs/cgroup/cpu/tasks", ""),
            ("proc/1/environ", "A=b\0container=podman\0"),
        ]);
        let seen = Environment::read(container.path());
        assert_eq!((seen.user_namespace, seen.container.as_deref(), seen.wsl), (true, Some("container=podman"), true));
        assert_eq!((seen.kmsg, seen.swap, seen.cgroups), (false, true, CgroupVersion::V1));
    }
}
