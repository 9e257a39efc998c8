//! Which labs run on this machine: a file each, locked by the process that keeps the lab.
//!
//! The kernel frees the lock when that process dies in whatever way, so a file without a lock is what a dead lab left.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, OFlags, flock};
use rustix::process::geteuid;
use serde::{Deserialize, Serialize};

use super::nodes::NodeInfo;
use crate::diag::{Error, Result};

/// What is written down about a lab that runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// `api`, `kubernetes` or `k3s`.
    pub engine: String,
    /// What its API server calls itself.
    pub version: String,
    /// The process that keeps it.
    pub pid: u32,
    /// Its kubeconfig file.
    pub kubeconfig: PathBuf,
    /// The folder of its data and logs.
    pub scratch: PathBuf,
    /// When it ends by itself, in seconds since 1970.
    pub deadline: u64,
    /// Its nodes, the primer first; none with the engine `api`.
    pub nodes: Vec<NodeInfo>,
}

/// The entry of a lab that this process keeps; it goes when this is dropped.
#[derive(Debug)]
pub(super) struct Held {
    file: File,
    path: PathBuf,
}

/// The folder of the entries: `manifestgen/labs` in `$XDG_RUNTIME_DIR`, else a folder of this user's in TMPDIR.
fn folder() -> Result<PathBuf> {
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").filter(|value| !value.is_empty()).map(|value| Path::new(&value).join("manifestgen"));
    let user = geteuid().as_raw();
    let folder = runtime.unwrap_or_else(|| std::env::temp_dir().join(format!("manifestgen-user-{user}"))).join("labs");
    let cannot = |cause: io::Error| Error::environment(format!("cannot use `{}`", folder.display())).caused_by(cause);
    DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(cannot)?;
    let owner = std::fs::symlink_metadata(&folder).map_err(cannot)?.uid();
    if owner == user { Ok(folder) } else { Err(Error::environment(format!("`{}` belongs to user {owner}", folder.display()))) }
}

fn path(name: &str) -> Result<PathBuf> {
    let good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if name.is_empty() || name.len() > 40 || !name.bytes().all(good) {
        return Err(Error::usage(format!("`{name}` cannot be a lab's name")).hint("use up to 40 of a-z, 0-9 and -"));
    }
    Ok(folder()?.join(format!("{name}.json")))
}

fn open(path: &Path, create: bool) -> io::Result<File> {
    let flags = OFlags::NOFOLLOW.bits().cast_signed();
    OpenOptions::new().read(true).write(true).create(create).truncate(false).mode(0o600).custom_flags(flags).open(path)
}

impl Held {
    /// Takes a name.
    ///
    /// # Errors
    /// A usage error when a lab of this name runs.
    pub(super) fn take(name: &str) -> Result<Self> {
        let path = path(name)?;
        let cannot = |cause: io::Error| Error::environment(format!("cannot use `{}`", path.display())).caused_by(cause);
        loop {
            let file = open(&path, true).map_err(cannot)?;
            if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
                return Err(Error::usage(format!("a lab `{name}` runs already"))
                    .hint(format!("`manifestgen lab down --name {name}` ends it, another `--name` makes a second one")));
            }
            // Whoever held it before may have removed the file between the two calls.
            let same = std::fs::metadata(&path).is_ok_and(|now| file.metadata().is_ok_and(|own| own.ino() == now.ino()));
            if same {
                file.set_len(0).map_err(cannot)?;
                return Ok(Self { file, path });
            }
        }
    }

    pub(super) fn write(&mut self, entry: &Entry) -> Result<()> {
        let written = serde_json::to_vec(entry).map_err(io::Error::from).and_then(|bytes| {
            self.file.rewind()?;
            self.file.write_all(&bytes)
        });
        written.map_err(|cause| Error::environment(format!("cannot write `{}`", self.path.display())).caused_by(cause))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // Before the lock is freed, so that nobody sees a file that seems to be a dead lab's.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Every lab of this user that runs, by name. What dead labs left is removed.
pub fn labs() -> Result<Vec<Entry>> {
    let folder = folder()?;
    let entries =
        std::fs::read_dir(&folder).map_err(|cause| Error::environment(format!("cannot read `{}`", folder.display())).caused_by(cause))?;
    let mut labs: Vec<Entry> = entries.flatten().filter_map(|entry| read(&entry.path())).collect();
    labs.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(labs)
}

/// The lab of this name.
///
/// # Errors
/// A usage error that names the labs that run.
pub fn lab(name: &str) -> Result<Entry> {
    if let Some(entry) = read(&path(name)?) {
        return Ok(entry);
    }
    let others: Vec<String> = labs()?.into_iter().map(|lab| format!("`{}`", lab.name)).collect();
    let hint = if others.is_empty() {
        "none runs; `manifestgen lab up` starts one".to_owned()
    } else {
        format!("these run: {}; choose one with `--name`", others.join(", "))
    };
    Err(Error::usage(format!("no lab `{name}` runs")).hint(hint))
}

/// None for one that is dead, or not ready yet.
fn read(path: &Path) -> Option<Entry> {
    let mut file = open(path, false).ok()?;
    if flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok() {
        let _ = std::fs::remove_file(path);
        return None;
    }
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}
