//! The folder that a guard's processes work in, and what is left of others' folders.
//!
//! A folder belongs to whoever holds the lock (`flock`) on it; the kernel frees the lock when its holder dies in whatever way. The folder itself is
//! locked rather than a file in it, so that there is no moment between the two.

use std::fs::{File, OpenOptions, Permissions};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FlockOperation, OFlags, flock};
use rustix::process::{Pid, PidfdFlags, Signal, geteuid, getpid, pidfd_open, pidfd_send_signal};

use super::descendants::ProcessTable;
use crate::process::control_group;

/// Names the scratch folder to every process that runs for it, and so tells later which processes were left behind.
pub(super) const MARKER: &str = "MANIFESTGEN_SCRATCH";

const PREFIX: &str = "manifestgen-";

/// A locked folder, mode 0700.
pub(super) struct Scratch {
    path: PathBuf,
    _lock: File,
}

impl Scratch {
    /// Makes `manifestgen-OWNER-RANDOM` below `parent`.
    pub(super) fn create(parent: &Path, owner: u32) -> io::Result<Self> {
        let mut problem = io::Error::other("no free name");
        for _ in 0..16 {
            let path = tempfile::Builder::new()
                .prefix(&format!("{PREFIX}{owner}-"))
                .rand_bytes(10)
                .permissions(Permissions::from_mode(0o700))
                .tempdir_in(parent)?
                .keep();
            // Another run's sweep may have taken the folder between its creation and this lock.
            match lock(&path) {
                Ok(Some(lock)) => return Ok(Self { path, _lock: lock }),
                Ok(None) => {}
                Err(error) => problem = error,
            }
        }
        Err(problem)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Removes the folder and the control groups of its name, then frees the lock.
    pub(super) fn remove(self) -> io::Result<()> {
        remove(&self.path)
    }
}

/// Removes the folders below `parent` whose guard is dead, and ends the processes that still run for them.
///
/// Only folders of this user are touched. What cannot be removed is left to the next run.
pub(super) fn sweep(parent: &Path) {
    let Ok(entries) = std::fs::read_dir(parent) else { return };
    for entry in entries.flatten().filter(|entry| is_ours(&entry.file_name())) {
        let path = entry.path();
        let Ok(folder) = open_folder(&path) else { continue };
        let own = folder.metadata().is_ok_and(|metadata| metadata.uid() == geteuid().as_raw());
        if own && lock_now(&folder).is_ok() {
            end_leftovers(&path);
            let _ = remove(&path);
        }
    }
}

/// The groups go first: nobody finds them without the folder.
fn remove(folder: &Path) -> io::Result<()> {
    if let Some(name) = folder.file_name() {
        control_group::remove(name)?;
    }
    std::fs::remove_dir_all(folder)
}

fn is_ours(name: &std::ffi::OsStr) -> bool {
    name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.split_once('-')).is_some_and(|(owner, random)| {
        !owner.is_empty()
            && owner.bytes().all(|byte| byte.is_ascii_digit())
            && random.len() == 10
            && random.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

fn open_folder(path: &Path) -> io::Result<File> {
    let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW;
    OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path)
}

fn lock_now(folder: &File) -> io::Result<()> {
    Ok(flock(folder, FlockOperation::NonBlockingLockExclusive)?)
}

/// Locks a folder just made; none when a sweep was faster.
fn lock(path: &Path) -> io::Result<Option<File>> {
    let locked = open_folder(path).and_then(|folder| {
        lock_now(&folder)?;
        let (open, now) = (folder.metadata()?, std::fs::symlink_metadata(path)?);
        Ok(((open.dev(), open.ino()) == (now.dev(), now.ino())).then_some(folder))
    });
    match locked {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::WouldBlock) => Ok(None),
        other => other,
    }
}

/// Kills the processes whose environment names this folder. Children of a killed guard die with it, but not what they forked.
fn end_leftovers(scratch: &Path) {
    let marker = [MARKER.as_bytes(), b"=", scratch.as_os_str().as_bytes()].concat();
    for entry in ProcessTable::read().all().iter().filter(|entry| entry.pid != getpid()) {
        // The environment is read through a number that the pidfd holds, so that it cannot be another process' by now.
        let Ok(handle) = pidfd_open(entry.pid, PidfdFlags::empty()) else { continue };
        if has_in_environment(entry.pid, &marker) && pidfd_send_signal(&handle, Signal::KILL).is_ok() {
            let patience = Timespec::try_from(Duration::from_secs(2)).ok();
            // One that hangs in the kernel is waited for no longer.
            let _ = poll(&mut [PollFd::new(&handle, PollFlags::IN)], patience.as_ref());
        }
    }
}

fn has_in_environment(pid: Pid, marker: &[u8]) -> bool {
    std::fs::read(format!("/proc/{}/environ", pid.as_raw_nonzero()))
        .is_ok_and(|environment| environment.split(|byte| *byte == 0).any(|variable| variable == marker))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_free_folder_is_swept_a_held_one_and_strangers_stay() {
        let parent = tempfile::tempdir().expect("a folder");
        let held = Scratch::create(parent.path(), 1).expect("a scratch folder");
        let free = Scratch::create(parent.path(), 2).expect("a scratch folder").path().to_owned();
        for stranger in ["manifestgen-notes", "manifestgen-1-short", "other-1-abcdefghij"] {
            std::fs::create_dir(parent.path().join(stranger)).expect("a folder");
        }
        std::fs::write(free.join("file"), "x").expect("a file");
        sweep(parent.path());
        assert!(!free.exists());
        assert_eq!(std::fs::read_dir(parent.path()).expect("readable").count(), 4);
        assert_eq!(std::fs::metadata(held.path()).expect("still there").mode() & 0o777, 0o700);
        held.remove().expect("removed");
    }
}
