//! Control groups (cgroups) that carry the name of a scratch folder, so that whoever removes the folder removes them, too.
//!
//! In version 1 each controller has a hierarchy of its own; in version 2 there is one (`man 7 cgroups`).

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long the kernel may take to let go of a group whose processes have ended.
const PATIENCE: Duration = Duration::from_secs(5);

/// One mounted hierarchy.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Hierarchy {
    folder: PathBuf,
    unified: bool,
}

/// Makes the group `name/child` in every hierarchy, ready for processes, and for groups of its own below it.
///
/// # Errors
/// Of the file system: no permission, or a hierarchy that is mounted read-only.
pub fn create(name: &str, child: &str) -> io::Result<()> {
    for hierarchy in hierarchies()? {
        let outer = hierarchy.folder.join(name);
        let inner = outer.join(child);
        for folder in [&outer, &inner] {
            if hierarchy.unified {
                // What the parent does not have it cannot hand on; a kubelet says itself what it misses.
                hand_controllers_on(folder.parent().unwrap_or(&hierarchy.folder));
            }
            match fs::create_dir(folder) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
                _ => inherit_processors(folder)?,
            }
        }
        if hierarchy.unified {
            hand_controllers_on(&inner);
        }
    }
    Ok(())
}

fn hand_controllers_on(folder: &Path) {
    let available = fs::read_to_string(folder.join("cgroup.controllers")).unwrap_or_default();
    for controller in available.split_whitespace() {
        let _ = fs::write(folder.join("cgroup.subtree_control"), format!("+{controller}"));
    }
}

/// A new group of the version 1 controller `cpuset` has no processors, and takes no process until it has.
fn inherit_processors(folder: &Path) -> io::Result<()> {
    for file in ["cpuset.cpus", "cpuset.mems"] {
        let (own, Some(parents)) = (folder.join(file), folder.parent().map(|parent| parent.join(file))) else { continue };
        if own.exists() && parents.exists() && fs::read_to_string(&own)?.trim().is_empty() {
            fs::write(own, fs::read_to_string(parents)?)?;
        }
    }
    Ok(())
}

/// Removes the group `name` and all groups below it from every hierarchy. Its processes have ended by then.
///
/// # Errors
/// When a group does not go within five seconds.
pub(super) fn remove(name: &std::ffi::OsStr) -> io::Result<()> {
    let deadline = Instant::now() + PATIENCE;
    for hierarchy in hierarchies()? {
        let group = hierarchy.folder.join(name);
        loop {
            match remove_tree(&group) {
                Ok(()) => break,
                Err(error) if error.kind() == io::ErrorKind::NotFound => break,
                Err(error) if Instant::now() >= deadline => return Err(error),
                Err(_) => std::thread::sleep(Duration::from_millis(20)),
            }
        }
    }
    Ok(())
}

/// Groups are folders whose files go with them: only folders are removed, the innermost first.
fn remove_tree(group: &Path) -> io::Result<()> {
    for entry in fs::read_dir(group)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            remove_tree(&entry.path())?;
        }
    }
    fs::remove_dir(group)
}

fn hierarchies() -> io::Result<Vec<Hierarchy>> {
    Ok(parse(&fs::read("/proc/self/mountinfo")?))
}

/// Reads the mounts of type `cgroup` and `cgroup2` (`man 5 proc`, section `mountinfo`).
fn parse(mounts: &[u8]) -> Vec<Hierarchy> {
    let line = |line: &[u8]| {
        let fields: Vec<&[u8]> = line.split(|byte| *byte == b' ').collect();
        let separator = fields.iter().position(|field| *field == b"-")?;
        let unified = match *fields.get(separator + 1)? {
            b"cgroup" => false,
            b"cgroup2" => true,
            _ => return None,
        };
        Some(Hierarchy { folder: unescaped(fields.get(4)?), unified })
    };
    mounts.split(|byte| *byte == b'\n').filter_map(line).collect()
}

/// Spaces and the like are written as three octal digits behind a backslash.
fn unescaped(field: &[u8]) -> PathBuf {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((first, after)) = rest.split_first() {
        let octal = after.get(..3).filter(|_| *first == b'\\');
        let code = octal.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok());
        bytes.push(code.unwrap_or(*first));
        rest = if code.is_some() { &after[3..] } else { after };
    }
    PathBuf::from(OsString::from_vec(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hierarchies_of_both_versions_are_found() {
        let mounts = b"24 1 0:22 / /proc rw - proc proc rw\n\
            31 25 0:27 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu\n\
            32 25 0:28 / /odd\\040place rw shared:7 master:3 - cgroup2 cgroup2 rw\n";
        let found = [("/sys/fs/cgroup/cpu", false), ("/odd place", true)];
        assert_eq!(parse(mounts), found.map(|(folder, unified)| Hierarchy { folder: folder.into(), unified }));
    }
}
