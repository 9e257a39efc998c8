//! Writing into a folder that others write to as well.
//!
//! Files are written aside and renamed, so that none is ever half there. An inventory, `.manifestgen.json`, names the files that
//! are ours with a digest each: those that are no longer rendered are removed, and what somebody else wrote or changed is
//! refused before anything is touched. The inventory is widened before the first rename and narrowed after the last, so that a
//! run which is killed in between is completed by the next one.

use std::collections::BTreeMap;
use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tempfile::{Builder, NamedTempFile};

use crate::diag::{Error, Result};
use crate::manifest::hex;

use super::Entry;

const INVENTORY: &str = ".manifestgen.json";
/// Where files are written aside. One that a killed run left is removed by the next, under the lock.
const STAGING: &str = ".manifestgen-staging-";

/// What [`write_folder`] did.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// New or changed files.
    pub changed: Vec<String>,
    /// Files that were there already, byte for byte.
    pub unchanged: usize,
    /// Files that are no longer rendered.
    pub removed: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Inventory {
    version: u32,
    /// Path to the SHA-256 of each content that may stand there; two while a run is under way.
    files: BTreeMap<String, Vec<String>>,
}

/// Writes one file: whole or not at all.
///
/// # Errors
/// An environment error when the folder cannot be written; what stood at the path is then still there.
pub fn write_file(path: &Path, contents: &str) -> Result<()> {
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // A device or a pipe (`-o /dev/stdout`) cannot be replaced, only written to.
    if fs::metadata(path).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir()) {
        return fs::write(path, contents).map_err(|cause| cannot_write(path, cause));
    }
    // A symbolic link stays one: the file that it names is replaced.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = if target == path { folder.to_owned() } else { target.parent().unwrap_or(folder).to_owned() };
    let staged = stage(&folder, contents, false)?;
    staged.persist(&target).map_err(|error| cannot_write(path, error.error))?;
    Ok(())
}

/// Brings a folder up to date; `force` replaces files that somebody changed or put in the way.
///
/// # Errors
/// A usage error that lists every file in the way; an environment error when the folder cannot be written.
pub fn write_folder(folder: &Path, entries: &[Entry], force: bool) -> Result<Written> {
    fs::create_dir_all(folder).map_err(|cause| cannot_write(folder, cause))?;
    let _lock = lock(folder)?;
    let inventory = read_inventory(folder)?;
    let wanted: BTreeMap<&str, &Entry> = entries.iter().map(|entry| (entry.path.as_str(), entry)).collect();
    let plan = Plan::make(folder, &inventory, &wanted)?;
    if !force && !plan.in_the_way.is_empty() {
        return Err(in_the_way(folder, &plan.in_the_way));
    }
    sweep(folder)?;
    let staging = Builder::new().prefix(STAGING).tempdir_in(folder).map_err(|cause| cannot_write(folder, cause))?;
    let mut staged = Vec::new();
    for entry in &plan.write {
        staged.push((*entry, stage(staging.path(), &entry.contents, entry.executable)?));
    }
    if !plan.write.is_empty() || !plan.remove.is_empty() {
        write_inventory(folder, staging.path(), &inventory.widened(&wanted))?;
    }
    for (entry, file) in staged {
        let target = folder.join(&entry.path);
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent).map_err(|cause| cannot_write(parent, cause))?;
        }
        file.persist(&target).map_err(|error| cannot_write(&target, error.error))?;
    }
    for path in &plan.remove {
        remove(folder, path)?;
    }
    let settled = Inventory::of(entries);
    if settled.files != inventory.files || !plan.write.is_empty() {
        write_inventory(folder, staging.path(), &settled)?;
    }
    Ok(Written {
        unchanged: wanted.len() - plan.write.len(),
        changed: plan.write.iter().map(|entry| entry.path.clone()).collect(),
        removed: plan.remove,
    })
}

/// What differs between a folder and what would be written into it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Stale {
    /// Files with another content, or other permissions.
    pub changed: Vec<String>,
    /// Files that are not there.
    pub missing: Vec<String>,
    /// Files of ours that are no longer rendered.
    pub extra: Vec<String>,
}

impl Stale {
    /// Whether nothing differs.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.changed.is_empty() && self.missing.is_empty() && self.extra.is_empty()
    }
}

/// Compares a folder with what would be written into it, and writes nothing. Files of others are left out. The inventory counts: without it,
/// or with a wrong one, files that are no longer rendered would go unseen.
///
/// # Errors
/// An environment error when the folder cannot be read.
pub fn check_folder(folder: &Path, entries: &[Entry]) -> Result<Stale> {
    let inventory = read_inventory(folder)?;
    let mut stale = Stale::default();
    if inventory.files != Inventory::of(entries).files {
        let list = if folder.join(INVENTORY).exists() { &mut stale.changed } else { &mut stale.missing };
        list.push(INVENTORY.to_owned());
    }
    for entry in entries {
        match found(folder, &entry.path)? {
            Found::Nothing => stale.missing.push(entry.path.clone()),
            Found::File { digest: there, executable } if there == digest(entry.contents.as_bytes()) && executable == entry.executable => {}
            Found::File { .. } | Found::Other => stale.changed.push(entry.path.clone()),
        }
    }
    for path in inventory.files.keys().filter(|path| !entries.iter().any(|entry| entry.path == **path)) {
        if !matches!(found(folder, path)?, Found::Nothing) {
            stale.extra.push(path.clone());
        }
    }
    stale.changed.sort();
    stale.missing.sort();
    Ok(stale)
}

/// The same for one file.
///
/// # Errors
/// An environment error when the file cannot be read.
pub fn check_file(path: &Path, contents: &str) -> Result<Stale> {
    let name = path.display().to_string();
    match fs::read(path) {
        Ok(there) if there == contents.as_bytes() => Ok(Stale::default()),
        Ok(_) => Ok(Stale { changed: vec![name], ..Stale::default() }),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(Stale { missing: vec![name], ..Stale::default() }),
        Err(cause) => Err(Error::environment(format!("`{name}` cannot be read")).caused_by(cause)),
    }
}

#[derive(Default)]
struct Plan<'a> {
    write: Vec<&'a Entry>,
    remove: Vec<String>,
    in_the_way: Vec<String>,
}

impl<'a> Plan<'a> {
    fn make(folder: &Path, inventory: &Inventory, wanted: &BTreeMap<&str, &'a Entry>) -> Result<Self> {
        let mut plan = Self::default();
        for (path, entry) in wanted {
            match found(folder, path)? {
                Found::Nothing => plan.write.push(entry),
                Found::File { digest: there, executable } => {
                    if there == digest(entry.contents.as_bytes()) && executable == entry.executable {
                        continue;
                    }
                    plan.write.push(entry);
                    if !inventory.owns(path, &there) {
                        plan.in_the_way.push((*path).to_owned());
                    }
                }
                Found::Other => return Err(not_a_file(&folder.join(path))),
            }
        }
        for path in inventory.files.keys().filter(|path| !wanted.contains_key(path.as_str())) {
            match found(folder, path)? {
                Found::File { digest, .. } => {
                    plan.remove.push(path.clone());
                    if !inventory.owns(path, &digest) {
                        plan.in_the_way.push(path.clone());
                    }
                }
                Found::Nothing | Found::Other => {}
            }
        }
        Ok(plan)
    }
}

impl Inventory {
    /// Of these files and no others.
    fn of(entries: &[Entry]) -> Self {
        let files = entries.iter().map(|entry| (entry.path.clone(), vec![digest(entry.contents.as_bytes())])).collect();
        Self { version: 1, files }
    }

    fn owns(&self, path: &str, digest: &str) -> bool {
        self.files.get(path).is_some_and(|digests| digests.iter().any(|known| known == digest))
    }

    fn widened(&self, wanted: &BTreeMap<&str, &Entry>) -> Self {
        let mut files = self.files.clone();
        for (path, entry) in wanted {
            let digests = files.entry((*path).to_owned()).or_default();
            let new = digest(entry.contents.as_bytes());
            if !digests.contains(&new) {
                digests.push(new);
            }
        }
        Self { version: 1, files }
    }
}

enum Found {
    Nothing,
    File { digest: String, executable: bool },
    Other,
}

/// What stands at a path inside the folder. No part of the way may be a symbolic link: it could lead out of the folder.
fn found(folder: &Path, path: &str) -> Result<Found> {
    let mut place = folder.to_owned();
    let mut parts = Path::new(path).components().peekable();
    while let Some(part) = parts.next() {
        let Component::Normal(part) = part else { return Err(Error::internal(format!("`{path}` leads out of the output folder"))) };
        place.push(part);
        let metadata = match fs::symlink_metadata(&place) {
            Ok(metadata) => metadata,
            // No file can have a name that is too long. An inventory may list such a one: of a run that failed at it.
            Err(cause) if matches!(cause.kind(), io::ErrorKind::NotFound | io::ErrorKind::InvalidFilename) => return Ok(Found::Nothing),
            Err(cause) => return Err(cannot_write(&place, cause)),
        };
        let last = parts.peek().is_none();
        if !last && !metadata.is_dir() {
            return Err(
                Error::environment(format!("`{}` is not a folder", place.display())).hint("move it away, or render into another folder")
            );
        }
        if last && metadata.is_file() {
            let contents = fs::read(&place).map_err(|cause| cannot_write(&place, cause))?;
            return Ok(Found::File { digest: digest(&contents), executable: metadata.permissions().mode() & 0o100 != 0 });
        }
    }
    Ok(Found::Other)
}

fn stage(folder: &Path, contents: &str, executable: bool) -> Result<NamedTempFile> {
    let write = || -> io::Result<NamedTempFile> {
        let mut file = Builder::new().prefix(".manifestgen-").tempfile_in(folder)?;
        file.write_all(contents.as_bytes())?;
        file.as_file().set_permissions(Permissions::from_mode(if executable { 0o755 } else { 0o644 }))?;
        // A full disk is found here and not after the rename.
        file.as_file().sync_all()?;
        Ok(file)
    };
    write().map_err(|cause| cannot_write(folder, cause))
}

/// Removes a file and the folders that it leaves empty.
fn remove(folder: &Path, path: &str) -> Result<()> {
    let target = folder.join(path);
    match fs::remove_file(&target) {
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => return Err(cannot_write(&target, cause)),
        _ => {}
    }
    let mut parent = target.parent();
    while let Some(empty) = parent.filter(|parent| *parent != folder && fs::remove_dir(parent).is_ok()) {
        parent = empty.parent();
    }
    Ok(())
}

/// Two renders into one folder wait for each other.
fn lock(folder: &Path) -> Result<File> {
    let handle = File::open(folder).map_err(|cause| cannot_write(folder, cause))?;
    rustix::fs::flock(&handle, rustix::fs::FlockOperation::LockExclusive).map_err(|cause| cannot_write(folder, cause.into()))?;
    Ok(handle)
}

fn read_inventory(folder: &Path) -> Result<Inventory> {
    let path = folder.join(INVENTORY);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(Inventory { version: 1, files: BTreeMap::new() }),
        Err(cause) => return Err(Error::environment(format!("`{}` cannot be read", path.display())).caused_by(cause)),
    };
    let inventory: Inventory = serde_json::from_str(&text).map_err(|cause| {
        Error::environment(format!("`{}` is damaged", path.display()))
            .caused_by(cause)
            .hint("remove it; files that are in the way are then named before anything is written")
    })?;
    let escapes = |path: &String| !Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
    if inventory.version != 1 || inventory.files.keys().any(escapes) {
        return Err(Error::environment(format!("`{}` is not an inventory of this version", path.display()))
            .hint("remove it; files that are in the way are then named before anything is written"));
    }
    Ok(inventory)
}

fn write_inventory(folder: &Path, staging: &Path, inventory: &Inventory) -> Result<()> {
    let mut text =
        serde_json::to_string_pretty(inventory).map_err(|cause| Error::internal("the inventory does not serialize").caused_by(cause))?;
    text.push('\n');
    let target = folder.join(INVENTORY);
    stage(staging, &text, false)?.persist(&target).map_err(|error| cannot_write(&target, error.error))?;
    Ok(())
}

fn sweep(folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>).map_err(|cause| cannot_write(folder, cause))? {
        if entry.file_name().to_string_lossy().starts_with(STAGING) {
            fs::remove_dir_all(entry.path()).map_err(|cause| cannot_write(&entry.path(), cause))?;
        }
    }
    Ok(())
}

fn digest(contents: &[u8]) -> String {
    hex(&Sha256::digest(contents))
}

fn in_the_way(folder: &Path, paths: &[String]) -> Box<Error> {
    let shown: Vec<String> = paths.iter().take(10).map(|path| format!("`{}`", folder.join(path).display())).collect();
    let more = paths.len().saturating_sub(shown.len());
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    Error::usage(format!("changed or written by somebody else: {}{more}; nothing was written", shown.join(", ")))
        .hint("move such a change into the config, or replace the files with `--force`")
}

fn not_a_file(path: &Path) -> Box<Error> {
    Error::environment(format!("`{}` is in the way and is not a regular file", path.display()))
        .hint("move it away, or render into another folder")
}

fn cannot_write(path: &Path, cause: io::Error) -> Box<Error> {
    Error::environment(format!("`{}` cannot be written", path.display())).caused_by(cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(path: &str, contents: &str) -> Entry {
        Entry { path: path.into(), contents: contents.into(), executable: false }
    }

    #[test]
    fn removes_what_is_no_longer_rendered_and_nothing_else() {
        let folder = tempfile::tempdir().expect("a folder");
        write_folder(folder.path(), &[entry("a/b.yaml", "1"), entry("c.yaml", "2")], false).expect("written");
        fs::write(folder.path().join("a/mine.yaml"), "mine").expect("written");
        let written = write_folder(folder.path(), &[entry("c.yaml", "2")], false).expect("written");
        assert_eq!(written, Written { changed: vec![], unchanged: 1, removed: vec!["a/b.yaml".into()] });
        assert!(folder.path().join("a/mine.yaml").exists());
        assert!(!folder.path().join("a/b.yaml").exists());
    }

    #[test]
    fn refuses_foreign_and_edited_files_before_it_writes_any() {
        let folder = tempfile::tempdir().expect("a folder");
        write_folder(folder.path(), &[entry("a.yaml", "1"), entry("b.yaml", "1")], false).expect("written");
        fs::write(folder.path().join("b.yaml"), "edited").expect("written");
        let error = write_folder(folder.path(), &[entry("a.yaml", "2"), entry("b.yaml", "2")], false).expect_err("edited");
        assert!(error.message.contains("b.yaml") && !error.message.contains("a.yaml"), "{error}");
        assert_eq!(fs::read_to_string(folder.path().join("a.yaml")).expect("read"), "1");
        write_folder(folder.path(), &[entry("a.yaml", "2"), entry("b.yaml", "2")], true).expect("forced");
        assert_eq!(fs::read_to_string(folder.path().join("b.yaml")).expect("read"), "2");
    }

    #[test]
    fn an_edited_file_that_is_no_longer_rendered_is_not_lost() {
        let folder = tempfile::tempdir().expect("a folder");
        write_folder(folder.path(), &[entry("a.yaml", "1")], false).expect("written");
        fs::write(folder.path().join("a.yaml"), "edited").expect("written");
        write_folder(folder.path(), &[], false).expect_err("edited");
        assert!(folder.path().join("a.yaml").exists());
    }

    #[test]
    fn a_killed_run_is_completed_by_the_next() {
        let folder = tempfile::tempdir().expect("a folder");
        write_folder(folder.path(), &[entry("a.yaml", "1"), entry("b.yaml", "1")], false).expect("written");
        // As left by a run that was killed after its first rename.
        let inventory = read_inventory(folder.path()).expect("read");
        let new = [entry("a.yaml", "2"), entry("b.yaml", "2")];
        let wanted = new.iter().map(|entry| (entry.path.as_str(), entry)).collect();
        let staging = folder.path().join(format!("{STAGING}dead"));
        fs::create_dir(&staging).expect("made");
        write_inventory(folder.path(), &staging, &inventory.widened(&wanted)).expect("written");
        fs::write(folder.path().join("a.yaml"), "2").expect("written");
        let written = write_folder(folder.path(), &new, false).expect("completed");
        assert_eq!(written, Written { changed: vec!["b.yaml".into()], unchanged: 1, removed: vec![] });
        assert!(!staging.exists());
    }

    /// Nothing could be written or checked any more, with `force` neither.
    #[test]
    fn a_run_that_failed_at_a_name_that_is_too_long_can_be_followed_by_a_good_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let long = format!("new/{}", "x".repeat(300));
        write_folder(folder.path(), &[entry("a.yaml", "1"), entry(&long, "1")], false).expect_err("too long");
        let good = [entry("a.yaml", "1")];
        assert_eq!(check_folder(folder.path(), &good).expect("read").changed, [INVENTORY]);
        write_folder(folder.path(), &good, false).expect("written");
        assert!(check_folder(folder.path(), &good).expect("read").is_empty());
    }

    #[test]
    fn a_folder_without_its_inventory_is_not_up_to_date() {
        let folder = tempfile::tempdir().expect("a folder");
        let all = [entry("a.yaml", "1"), entry("b.yaml", "1")];
        write_folder(folder.path(), &all, false).expect("written");
        assert!(check_folder(folder.path(), &all).expect("read").is_empty());
        fs::remove_file(folder.path().join(INVENTORY)).expect("removed");
        let missing = Stale { missing: vec![INVENTORY.into()], ..Stale::default() };
        assert_eq!(check_folder(folder.path(), &all).expect("read"), missing);
        // `b.yaml` would stay for good.
        assert_eq!(check_folder(folder.path(), &all[..1]).expect("read"), missing);
        write_folder(folder.path(), &all, false).expect("written");
        assert!(check_folder(folder.path(), &all).expect("read").is_empty());
    }

    #[test]
    fn a_merge_that_kept_one_side_of_the_inventory_is_put_right() {
        let folder = tempfile::tempdir().expect("a folder");
        let base = [entry("a.yaml", "1"), entry("b.yaml", "1"), entry("c.yaml", "1")];
        write_folder(folder.path(), &base, false).expect("written");
        let ours = fs::read(folder.path().join(INVENTORY)).expect("read");
        // Another branch changed one file, took one away and brought one. Its files came with the merge, its inventory did not.
        let merged = [entry("a.yaml", "1"), entry("b.yaml", "2"), entry("d.yaml", "1")];
        write_folder(folder.path(), &merged, false).expect("written");
        fs::write(folder.path().join(INVENTORY), ours).expect("written");
        let stale = Stale { changed: vec![INVENTORY.into()], ..Stale::default() };
        assert_eq!(check_folder(folder.path(), &merged).expect("read"), stale);
        let written = write_folder(folder.path(), &merged, false).expect("nothing is in the way");
        assert_eq!(written, Written { changed: vec![], unchanged: 3, removed: vec![] });
        assert!(check_folder(folder.path(), &merged).expect("read").is_empty());
    }

    #[test]
    fn a_link_out_of_the_folder_is_not_followed() {
        let outside = tempfile::tempdir().expect("a folder");
        let folder = tempfile::tempdir().expect("a folder");
        std::os::unix::fs::symlink(outside.path(), folder.path().join("a")).expect("linked");
        write_folder(folder.path(), &[entry("a/b.yaml", "1")], true).expect_err("a link");
        assert!(!outside.path().join("b.yaml").exists());
    }

    #[test]
    fn one_file_is_replaced_whole_and_links_stay_links() {
        let folder = tempfile::tempdir().expect("a folder");
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        write_file(&file, "1").expect("written");
        std::os::unix::fs::symlink(&file, &link).expect("linked");
        write_file(&link, "2").expect("written");
        assert_eq!(fs::read_to_string(&file).expect("read"), "2");
        assert!(link.is_symlink());
    }
}
