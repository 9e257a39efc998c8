//! What has to be so before k3s starts, in a container.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::Path;

use rustix::mount::{MountPropagationFlags, mount_change};
use serde::Serialize;

use super::environment::{CgroupVersion, Environment};

/// A change to the place that k3s runs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Preparation {
    /// The processes of the root group move to one below, and controllers are handed on.
    LeafGroup,
    /// `/dev/kmsg` leads to the console.
    KernelLog,
    /// What is mounted below `/` is seen by containers that share mounts.
    SharedMounts,
}

impl Preparation {
    /// Those that an environment needs.
    pub(super) fn of(environment: &Environment) -> Vec<Self> {
        // On a machine with an init system of its own all of this is that one's matter.
        if !environment.first_process || !environment.root {
            return Vec::new();
        }
        let mut needed = Vec::new();
        if environment.cgroups == CgroupVersion::V2 {
            needed.push(Self::LeafGroup);
        }
        if !environment.kmsg {
            needed.push(Self::KernelLog);
        }
        needed.push(Self::SharedMounts);
        needed
    }

    /// What is done, and why.
    #[must_use]
    pub const fn why(self) -> &'static str {
        match self {
            Self::LeafGroup => {
                "this process moves to the control group `/init` and enables all controllers: a group of version 2 that has processes of \
                 its own cannot hand them on"
            }
            Self::KernelLog => "`/dev/kmsg` becomes a link to `/dev/console`: a kubelet does not start without it",
            Self::SharedMounts => "mounts below `/` are shared, so that pods that ask for it see what is mounted later",
        }
    }

    /// Does it.
    pub(super) fn run(self) -> io::Result<()> {
        match self {
            Self::LeafGroup => leaf_group(Path::new("/sys/fs/cgroup")),
            Self::KernelLog => match symlink("/dev/console", "/dev/kmsg") {
                // Somebody made it in the meantime, or it is there and cannot be read.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
                other => other,
            },
            Self::SharedMounts => Ok(mount_change("/", MountPropagationFlags::SHARED | MountPropagationFlags::REC)?),
        }
    }
}

/// The way of the kernel's documentation (`admin-guide/cgroup-v2.rst`, "No Internal Process Constraint").
fn leaf_group(root: &Path) -> io::Result<()> {
    let leaf = root.join("init");
    if let Err(error) = fs::create_dir(&leaf)
        && error.kind() != io::ErrorKind::AlreadyExists
    {
        return Err(error);
    }
    for pid in fs::read_to_string(root.join("cgroup.procs"))?.lines() {
        // One that has ended in the meantime has nothing to move.
        let _ = fs::write(leaf.join("cgroup.procs"), pid);
    }
    for controller in fs::read_to_string(root.join("cgroup.controllers"))?.split_whitespace() {
        fs::write(root.join("cgroup.subtree_control"), format!("+{controller}"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::Snapshotter;

    fn container() -> Environment {
        Environment {
            root: true,
            user_namespace: false,
            container: Some("/.dockerenv".to_owned()),
            wsl: false,
            first_process: true,
            cgroups: CgroupVersion::V2,
            snapshotter: Snapshotter::Overlayfs,
            kmsg: false,
            swap: false,
            address: None,
        }
    }

    #[test]
    fn only_the_first_process_of_a_container_prepares() {
        assert_eq!(Preparation::of(&container()), [Preparation::LeafGroup, Preparation::KernelLog, Preparation::SharedMounts]);
        let old = Environment { cgroups: CgroupVersion::V1, kmsg: true, ..container() };
        assert_eq!(Preparation::of(&old), [Preparation::SharedMounts]);
        assert_eq!(Preparation::of(&Environment { first_process: false, ..container() }), []);
    }

    #[test]
    fn processes_move_before_controllers_are_handed_on() {
        let root = tempfile::tempdir().expect("a folder");
        fs::write(root.path().join("cgroup.procs"), "1\n").expect("written");
        fs::write(root.path().join("cgroup.controllers"), "memory\n").expect("written");
        leaf_group(root.path()).expect("moved");
        assert_eq!(fs::read_to_string(root.path().join("init/cgroup.procs")).expect("readable"), "1");
        assert_eq!(fs::read_to_string(root.path().join("cgroup.subtree_control")).expect("readable"), "+memory");
    }
}
