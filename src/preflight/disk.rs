//! The disk that k3s keeps its state and images on.

use super::check::Check;
use super::demands::Demands;
use super::machine::Machine;
use super::mounts::mount_of;

const GIB: u64 = 1 << 30;
/// k3s itself, its images and a small database.
const LEAST: u64 = 2 * GIB;
/// What leaves room for some applications' images.
const COMFORTABLE: u64 = 10 * GIB;
/// The kubelet evicts pods below 15 % for images and 10 % for the node (its defaults, `imagefs.available` and `nodefs.available`).
const EVICTION: u64 = 15;

pub(super) fn check(machine: &Machine, demands: &Demands, checks: &mut Vec<Check>) {
    checks.push(space(machine, demands));
    checks.extend(file_system(machine, demands));
}

fn space(machine: &Machine, demands: &Demands) -> Check {
    let folder = &demands.data_dir;
    let Ok(found) = rustix::fs::statvfs(machine.existing(folder)) else {
        return Check::unknown("disk", format!("the system does not tell how much of {folder} is free"), "see that it is 10 GiB");
    };
    let (free, all) = (found.f_bavail * found.f_frsize, (found.f_blocks * found.f_frsize).max(1));
    let percent = free.saturating_mul(100) / all;
    let message = format!("{} GiB of {} ({percent} %) are free at {folder}", free / GIB, all / GIB);
    if free < LEAST {
        Check::fail("disk", message, "make room: k3s, its images and its database take 2 GiB at least")
    } else if percent < EVICTION {
        Check::warn("disk", message, "make room: below 15 % the kubelet removes images, below 10 % it evicts pods")
    } else if free < COMFORTABLE {
        Check::warn("disk", message, "make room: images and logs of a few applications take 10 GiB")
    } else {
        Check::pass("disk", message)
    }
}

fn file_system(machine: &Machine, demands: &Demands) -> Option<Check> {
    let mount = mount_of(machine, &demands.data_dir)?;
    let folder = &demands.data_dir;
    let has = |option: &str| mount.options.split(',').any(|set| set == option);
    if has("noexec") {
        let message = format!("{folder} is on {}, mounted with `noexec`: k3s unpacks its programs there", mount.point);
        return Some(Check::fail("file system", message, format!("mount {} without `noexec`, or set `dataDir`", mount.point)));
    }
    if has("ro") {
        let message = format!("{folder} is on {}, which is read-only", mount.point);
        return Some(Check::fail("file system", message, "mount it writable, or set `dataDir`"));
    }
    let plain = demands.snapshotter == "overlayfs";
    Some(match mount.kind.as_str() {
        "nfs" | "nfs4" | "cifs" | "smb3" => {
            let message = format!("{folder} is on {}: the database is damaged there, and layers cannot be stacked", mount.kind);
            Check::fail("file system", message, "keep k3s' state on a local disk")
        }
        "overlay" | "aufs" if plain => {
            let message = format!("{folder} is on {}, and overlayfs cannot be stacked on it", mount.kind);
            Check::fail("file system", message, "mount a volume there, or set `snapshotter` to `fuse-overlayfs` or `native`")
        }
        "tmpfs" | "ramfs" => {
            let message = format!("{folder} is on {}: the next boot forgets the cluster", mount.kind);
            Check::warn("file system", message, "keep k3s' state on a disk")
        }
        "zfs" if plain => {
            let message = format!("{folder} is on zfs, on which overlayfs works from OpenZFS 2.2 on");
            Check::warn("file system", message, "set `snapshotter: zfs` with a dataset at the snapshotter's folder, or use OpenZFS 2.2")
        }
        kind => Check::pass("file system", format!("{kind} at {}", mount.point)),
    })
}
