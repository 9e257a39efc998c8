//! Files that never reach a disk.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock, statfs};

use super::Plain;
use crate::diag::{Error, Result};

const PREFIX: &str = "manifestgen-plain-";
/// `TMPFS_MAGIC` and `RAMFS_MAGIC` of linux/magic.h.
const IN_MEMORY: [i64; 2] = [0x0102_1994, 0x8584_58f6];

/// A folder in memory, for files that other programs have to read. All in it is wiped when this is dropped; what a killed run left, by the
/// next run.
#[derive(Debug)]
pub struct VolatileFolder {
    path: PathBuf,
    /// Tells others that somebody works here.
    _lock: File,
}

impl VolatileFolder {
    /// Makes one that nobody else can look into.
    ///
    /// # Errors
    /// Environment, when this machine has no folder in memory, or none that can be written.
    pub fn new() -> Result<Self> {
        let place = place().ok_or_else(|| Error::environment(format!("there is no folder in memory: {NO_PLACE}")).hint(MOUNT))?;
        Self::below(&place)
    }

    fn below(place: &Path) -> Result<Self> {
        sweep(place);
        let mut number = u64::from(std::process::id());
        loop {
            let path = place.join(format!("{PREFIX}{number}"));
            match DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => {}
                Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => {
                    number += u64::from(u32::MAX);
                    continue;
                }
                Err(cause) => return Err(cannot_write(&path, cause)),
            }
            // Somebody who sweeps may have taken it for one that a killed run left: then there is another.
            match File::open(&path) {
                Ok(lock) if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok() && path.exists() => {
                    return Ok(Self { path, _lock: lock });
                }
                Err(cause) if cause.kind() != io::ErrorKind::NotFound => return Err(cannot_write(&path, cause)),
                _ => number += u64::from(u32::MAX),
            }
        }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a file that the user alone can read, and tells where.
    ///
    /// # Errors
    /// Environment, when it is there already or cannot be written.
    pub fn write(&self, name: &str, value: &Plain) -> Result<PathBuf> {
        let path = self.path.join(name);
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .and_then(|mut target| target.write_all(value.bytes()))
            .map_err(|cause| cannot_write(&path, cause))?;
        Ok(path)
    }
}

impl Drop for VolatileFolder {
    fn drop(&mut self) {
        wipe(&self.path);
    }
}

/// A file in memory, in a folder of its own.
#[derive(Debug)]
pub(super) struct VolatileFile {
    folder: VolatileFolder,
    name: String,
}

impl VolatileFile {
    /// Writes a value to a file that an editor can open.
    pub(super) fn new(name: &str, value: &Plain) -> Result<Self> {
        let place = place().ok_or_else(|| {
            Error::environment(format!("there is no folder in memory for the editor: {NO_PLACE}"))
                .hint(format!("{MOUNT}, or give the whole value with `secret edit NAME --from FILE`"))
        })?;
        let folder = VolatileFolder::below(&place)?;
        folder.write(name, value)?;
        Ok(Self { folder, name: name.to_owned() })
    }

    pub(super) fn path(&self) -> PathBuf {
        self.folder.path().join(&self.name)
    }

    /// What the file holds now.
    pub(super) fn read(&self) -> Result<Plain> {
        File::open(self.path()).and_then(Plain::read).map_err(|cause| {
            Error::environment(format!("`{}` cannot be read after the editor", self.path().display()))
                .hint("the secret was not changed")
                .caused_by(cause)
        })
    }
}

const NO_PLACE: &str = "neither $XDG_RUNTIME_DIR nor /dev/shm is a tmpfs that can be written";
const MOUNT: &str = "mount a tmpfs on /dev/shm";

/// A folder in memory: the user's own of the session, or the one that all share.
fn place() -> Option<PathBuf> {
    let own = std::env::var_os("XDG_RUNTIME_DIR").filter(|value| !value.is_empty()).map(PathBuf::from);
    let is_in_memory = |folder: &PathBuf| statfs(folder).is_ok_and(|found| IN_MEMORY.contains(&found.f_type));
    let is_usable = |folder: &PathBuf| is_in_memory(folder) && rustix::fs::access(folder, rustix::fs::Access::WRITE_OK).is_ok();
    own.into_iter().chain([PathBuf::from("/dev/shm")]).find(is_usable)
}

/// Wipes what killed runs left: folders of ours that nobody holds.
fn sweep(place: &Path) {
    for entry in fs::read_dir(place).into_iter().flatten().flatten() {
        if !entry.file_name().to_string_lossy().starts_with(PREFIX) {
            continue;
        }
        let is_free = |folder: &File| flock(folder, FlockOperation::NonBlockingLockExclusive).is_ok();
        if File::open(entry.path()).is_ok_and(|folder| is_free(&folder)) {
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
    let flags = rustix::fs::OFlags::NOFOLLOW.bits().try_into().unwrap_or_default();
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
        let folder = file.folder.path().to_owned();
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
        let left = alive.folder.path().with_file_name(format!("{PREFIX}left-{}", std::process::id()));
        fs::create_dir(&left).expect("a folder");
        fs::write(left.join("name"), "value").expect("written");
        let next = VolatileFile::new("name", &Plain::text("value".to_owned())).expect("a file");
        assert!(!left.exists() && alive.path().exists() && next.path().exists());
    }
}
