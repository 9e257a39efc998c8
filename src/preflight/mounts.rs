//! Which file system a path lies on.

use super::machine::Machine;

/// A mounted file system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mount {
    /// Where.
    pub point: String,
    /// Its type, `ext4`.
    pub kind: String,
    /// Its options, with commas.
    pub options: String,
}

/// The file system that an absolute path lies on (proc(5), `/proc/PID/mountinfo`: of two at one place the later hides the other).
pub(super) fn mount_of(machine: &Machine, path: &str) -> Option<Mount> {
    let text = machine.text("/proc/self/mountinfo")?;
    let mounts = text.lines().filter_map(mount);
    mounts.filter(|mount| covers(&mount.point, path)).max_by_key(|mount| mount.point.len())
}

fn mount(line: &str) -> Option<Mount> {
    let (first, second) = line.split_once(" - ")?;
    let mut first = first.split(' ').skip(4);
    let point = unescaped(first.next()?);
    Some(Mount { point, options: first.next()?.to_owned(), kind: second.split(' ').next()?.to_owned() })
}

fn covers(point: &str, path: &str) -> bool {
    point == "/" || path.strip_prefix(point).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Spaces and their like stand there as `\040`.
fn unescaped(text: &str) -> String {
    [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")]
        .iter()
        .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deepest_mount_counts() {
        let root = tempfile::tempdir().expect("a folder");
        std::fs::create_dir_all(root.path().join("proc/self")).expect("made");
        let text = "22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw\n\
                    30 22 0:40 / /var/lib rw,noexec shared:1 - xfs /dev/sdb rw\n\
                    31 22 0:41 / /var/lib/my\\040disk rw - zfs tank rw\n";
        std::fs::write(root.path().join("proc/self/mountinfo"), text).expect("written");
        let machine = Machine::at(root.path());
        let kind = |path: &str| mount_of(&machine, path).map(|mount| (mount.kind, mount.options));
        assert_eq!(kind("/var/lib/rancher"), Some(("xfs".to_owned(), "rw,noexec".to_owned())));
        assert_eq!(kind("/var/library"), Some(("ext4".to_owned(), "rw,relatime".to_owned())));
        assert_eq!(kind("/var/lib/my disk/x"), Some(("zfs".to_owned(), "rw".to_owned())));
    }
}
