//! The hidden command `__init`: the first process of a node.
//!
//! It runs as process 1 in namespaces of its own (processes, mounts, network), prepares them, says so, and then only reaps what others leave
//! behind. When it ends, the kernel ends every process of the node, and mounts, interfaces and rules go with the namespaces.

use std::ffi::{CStr, OsString};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use rustix::io::Errno;
use rustix::mount::{MountFlags, MountPropagationFlags, mount, mount_bind, mount_change};
use rustix::process::{WaitOptions, wait};

use crate::node::{Snapshotter, overlay_works};

/// The hidden first argument; the node's folder follows, and folders below `/etc` of which it has its own.
pub(in crate::lab) const INIT: &str = "__init";

/// What it says when the node is prepared; the snapshotter's name follows.
pub(super) const PREPARED: &str = "prepared";

/// Folders that programs of a node insist on, each with where it lies in the node's folder.
pub(super) const PRIVATE: [(&str, &str); 2] = [("/var/lib", "lib"), ("/var/log", "log")];

/// Where the node keeps what it changes in `/etc`: in memory, and gone with it.
const ETC: &str = "/run/manifestgen-etc";

/// Settings of the whole machine that a kubelet changes when they are not so (`pkg/kubelet/cm/container_manager_linux.go` and
/// `k8s.io/component-helpers/node/util/sysctl`). A node sees files with these values in their place, so that the machine keeps its own.
///
/// And the machine's resolver, which a client of a mesh may want to become.
const PRIVATE_FILES: [(&str, &str); 7] = [
    ("/proc/sys/vm/overcommit_memory", "1\n"),
    ("/proc/sys/vm/panic_on_oom", "0\n"),
    ("/proc/sys/kernel/panic", "10\n"),
    ("/proc/sys/kernel/panic_on_oops", "1\n"),
    ("/proc/sys/kernel/keys/root_maxkeys", "1000000\n"),
    ("/proc/sys/kernel/keys/root_maxbytes", "25000000\n"),
    ("/etc/resolv.conf", "# nothing outside of the lab answers\n"),
];

/// Settings of the network namespace.
const NETWORK_SETTINGS: [(&str, &str); 3] = [
    ("ipv4/ip_forward", "1"),
    // Packets to a Service leave by a route and come back by another.
    ("ipv4/conf/all/rp_filter", "0"),
    ("ipv4/conf/default/rp_filter", "0"),
];

/// The primer's bridge stands for the wire between nodes. Where the kernel shows its frames to the packet filter, one that goes back to
/// the port that it came from is dropped: a request to the primer's NodePort from the node that has the pod.
const BRIDGE_SETTING: &str = "/proc/sys/net/bridge/bridge-nf-call-iptables";

pub(in crate::lab) fn init(mut arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let Some(folder) = arguments.next().map(PathBuf::from) else { return ExitCode::from(2) };
    let own: Vec<PathBuf> = arguments.map(PathBuf::from).collect();
    match prepare(&folder, &own) {
        Ok(snapshotter) => {
            // Stdout is the log file that the lab reads.
            let _ = writeln!(io::stdout(), "{PREPARED} {snapshotter}");
            reap()
        }
        Err(error) => {
            let _ = writeln!(io::stderr(), "cannot prepare the node: {error}");
            ExitCode::FAILURE
        }
    }
}

fn prepare(folder: &Path, own: &[PathBuf]) -> io::Result<&'static str> {
    // Only inside of this namespace: what the kubelet mounts, a container that asks for it has to see.
    mount_change("/", MountPropagationFlags::SHARED | MountPropagationFlags::REC).map_err(|error| at("/", error))?;
    mount("tmpfs", "/run", "tmpfs", MountFlags::NOSUID | MountFlags::NODEV, c"mode=755").map_err(|error| at("/run", error))?;
    for (path, own) in PRIVATE {
        let own = folder.join(own);
        fs::create_dir_all(&own)?;
        mount_bind(&own, path).map_err(|error| at(path, error))?;
    }
    if !own.is_empty() {
        own_settings(folder, own)?;
    }
    for (path, value) in PRIVATE_FILES {
        if Path::new(path).exists() {
            let own = folder.join(path.trim_start_matches('/').replace('/', "."));
            fs::write(&own, value)?;
            mount_bind(&own, path).map_err(|error| at(path, error))?;
        }
    }
    for (setting, value) in NETWORK_SETTINGS {
        fs::write(Path::new("/proc/sys/net").join(setting), value)
            .map_err(|error| io::Error::new(error.kind(), format!("{setting}: {error}")))?;
    }
    if Path::new(BRIDGE_SETTING).exists() {
        fs::write(BRIDGE_SETTING, "0")?;
    }
    // Containers' layers are mounted over each other where that can be done in the node's folder.
    Ok(if overlay_works(folder)? { Snapshotter::Overlayfs } else { Snapshotter::Native }.name())
}

/// Most machines have no folder of that name, and none may be made there: the node's `/etc` is a layer over the machine's.
fn own_settings(folder: &Path, own: &[PathBuf]) -> io::Result<()> {
    const HOSTS: &str = "/etc/hosts";
    let hosts = fs::read(HOSTS);
    for part in ["upper", "work"] {
        fs::create_dir_all(Path::new(ETC).join(part))?;
    }
    let layers = format!("lowerdir=/etc,upperdir={ETC}/upper,workdir={ETC}/work\0");
    let layers = CStr::from_bytes_with_nul(layers.as_bytes()).map_err(io::Error::other)?;
    mount("overlay", "/etc", "overlay", MountFlags::empty(), layers).map_err(|error| at("/etc", error))?;
    // In a container the file is often mounted over an empty one, which is what the layer shows.
    if let Ok(hosts) = hosts
        && fs::read(HOSTS).ok().as_ref() != Some(&hosts)
    {
        fs::write(HOSTS, hosts)?;
    }
    for place in own {
        let there = folder.join(place.strip_prefix("/").unwrap_or(place));
        fs::create_dir_all(&there)?;
        fs::create_dir_all(place)?;
        mount_bind(&there, place).map_err(|error| at(&place.display().to_string(), error))?;
    }
    Ok(())
}

fn at(place: &str, error: Errno) -> io::Error {
    io::Error::other(format!("mount at {place}: {}", io::Error::from(error)))
}

/// As process 1 it is the parent of every orphan.
fn reap() -> ExitCode {
    loop {
        if let Err(Errno::CHILD) = wait(WaitOptions::empty()) {
            std::thread::sleep(Duration::from_millis(200));
        }
    }
}
