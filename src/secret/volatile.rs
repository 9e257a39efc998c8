//! Files that never reach a disk.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, OFlags, flock, statfs};
use rustix::process::geteuid;

use super::Plain;
use crate::diag::{Error, Result};

const PREFIX: &str = "manifestgen-edit-";
/// `TMPFS_MAGIC` and `RAMFS_MAGIC` of linux/magic.h.
const IN_MEMORY: [i64; 2] = [0x0102_1994, 0x8584_58f6];

/// A file in memory, in a folder of its own. Both are wiped when this is dropped; what a killed run left, by the next run.
#[derive(Debug)]
pub(super) struct VolatileFile {
    folder: PathBuf,
    path: PathBuf,
    /// Tells others that somebody works here.
    _lock: File,
}

impl VolatileFile {
    /// Writes a value to a file that an editor can open.
    pub(super) fn new(name: &str, value: &Plain) -> Result<Self> {
        let place = memory().ok_or_else(|| {
            Error::environment(
                "there is no folder in memory for the editor: neither $XDG_RUNTIME_DIR nor /dev/shm is a tmpfs that can be written",
            )
            .hint("mount a tmpfs on /dev/shm, or give the whole value with `secret edit NAME --from FILE`")
        })?;
        sweep(&place);
        let mut number = u64::from(std::process::id());
        let folder = loop {
            let folder = place.join(format!("{PREFIX}{number}"));
            match DirBuilder::new().mode(0o700).create(&folder) {
                Ok(()) => break folder,
                Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => number += u64::from(u32::MAX),
                Err(cause) => return Err(cannot_write(&folder, cause)),
            }
        };
        let lock = File::open(&folder).map_err(|cause| cannot_write(&folder, cause))?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive).map_err(|cause| cannot_write(&folder, cause.into()))?;
        let file = Self { path: folder.join(name), folder, _lock: lock };
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&file.path)
            .and_then(|mut target| target.write_all(value.bytes()))
            .map_err(|cause| cannot_write(&file.path, cause))?;
        Ok(file)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// What the file holds now.
    pub(super) fn read(&self) -> Result<Plain> {
        File::open(&self.path).and_then(Plain::read).map_err(|cause| {
            Error::environment(format!("`{}` cannot be read after the editor", self.path.display()))
                .hint("the secret was not changed")
                .caused_by(cause)
        })
    }
}

impl Drop for VolatileFile {
    fn drop(&mut self) {
        wipe(&self.folder);
    }
}

/// A folder in memory: the user's own of the session, or the one that all share. None when there is no such one that can be written.
#[must_use]
pub fn memory() -> Option<PathBuf> {
    let own = std::env::var_os("XDG_RUNTIME_DIR").filter(|value| !value.is_empty()).map(PathBuf::from);
    let is_in_memory = |folder: &PathBuf| statfs(folder).is_ok_and(|found| IN_MEMORY.contains(&found.f_type));
    let is_usable = |folder: &PathBuf| is_in_memory(folder) && rustix::fs::access(folder, rustix::fs::Access::WRITE_OK).is_ok();
    own.into_iter().chain([PathBuf::from("/dev/shm")]).find(is_usable)
}

/// Wipes what killed runs left: folders of ours that nobody holds.
fn sweep(place: &Path) {
    let flags = (OFlags::DIRECTORY | OFlags::NOFOLLOW).bits().try_into().unwrap_or_default();
    for entry in fs::read_dir(place).into_iter().flatten().flatten() {
        if !entry.file_name().to_string_lossy().starts_with(PREFIX) {
            continue;
        }
        // All may write there: what is a link, or somebody else's, leads to files that are not ours.
        let Ok(folder) = OpenOptions::new().read(true).custom_flags(flags).open(entry.path()) else { continue };
        let is_own = folder.metadata().is_ok_and(|metadata| metadata.uid() == geteuid().as_raw());
        if is_own && flock(&folder, FlockOperation::NonBlockingLockExclusive).is_ok() {
            wipe(&entry.path());
        }
    }
}

/// Overwrites all files of a folder, also those that an editor put beside ours, and removes it.
fn wipe(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            wipe(&entry.path());
            continue;
        }
        let _ = overwrite(&entry.path());
        let _ = fs::remove_file(entry.path());
    }
    let _ = fs::remove_dir(folder);
}

fn overwrite(path: &Path) -> io::Result<()> {
    // A symbolic link could lead to a file that is not ours.
    let flags = OFlags::NOFOLLOW.bits().try_into().unwrap_or_default();
    let mut file = OpenOptions::new().write(true).custom_flags(flags).open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(0))?;
    io::copy(&mut io::Read::take(io::repeat(0), length), &mut file)?;
    Ok(())
}

fn cannot_write(path: &Path, cause: io::Error) -> Box<Error> {
    Error::environment(format!("`{}` cannot be written", path.display())).caused_by(cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_in_memory_goes_with_all_that_an_editor_left_beside_it() {
        let file = VolatileFile::new("name", &Plain::text("value".to_owned())).expect("a file");
        let folder = file.folder.clone();
        fs::write(folder.join(".name.swp"), "value").expect("written");
        fs::create_dir(folder.join("backup")).expect("a folder");
        fs::write(folder.join("backup/name"), "value").expect("written");
        assert_eq!(file.read().expect("read").bytes(), b"value");
        drop(file);
        assert!(!folder.exists());
    }

    #[test]
    fn what_a_killed_run_left_is_swept_and_what_lives_is_not() {
        let alive = VolatileFile::new("name", &Plain::text("value".to_owned())).expect("a file");
        let left = alive.folder.with_file_name(format!("{PREFIX}left-{}", std::process::id()));
        fs::create_dir(&left).expect("a folder");
        fs::write(left.join("name"), "value").expect("written");
        let next = VolatileFile::new("name", &Plain::text("value".to_owned())).expect("a file");
        assert!(!left.exists() && alive.path().exists() && next.path().exists());
    }

    /// Whatever a link of that name led to was wiped.
    #[test]
    fn a_link_is_no_folder_of_ours() {
        let other = tempfile::tempdir().expect("a folder");
        fs::write(other.path().join("file"), "kept").expect("written");
        let place = tempfile::tempdir().expect("a folder");
        std::os::unix::fs::symlink(other.path(), place.path().join(format!("{PREFIX}1"))).expect("a link");
        sweep(place.path());
        assert_eq!(fs::read_to_string(other.path().join("file")).expect("there"), "kept");
    }
}
