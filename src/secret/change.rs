//! Changes of several files: all of them or none, whenever the program is killed.
//!
//! New contents are written aside. Then a journal names them, and from that moment on they count: whoever comes next completes what is
//! left. Before it, what was written aside is thrown away. Each file is replaced by one rename, so at any moment it is the old or the
//! new one.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

use crate::config::SECRETS_FOLDER;
use crate::diag::{Error, Result};

const JOURNAL: &str = ".journal.json";
const STAGED: &str = ".manifestgen-staged-";

/// One file and what it is to hold.
#[derive(Debug)]
pub(super) struct Change {
    /// Relative to the cluster file's folder.
    pub(super) path: String,
    pub(super) contents: Vec<u8>,
    /// Permissions.
    pub(super) mode: u32,
}

/// Keeps others out while it lives.
#[derive(Debug)]
pub(super) struct Lock(#[expect(dead_code, reason = "the lock is held by the open folder")] File);

#[derive(Debug, Serialize, Deserialize)]
struct Journal {
    version: u32,
    renames: Vec<Rename>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Rename {
    from: String,
    to: String,
}

/// Locks the folder of the cluster file: it is there before the first secret is, and takes no file of ours for it.
pub(super) fn lock(base: &Path) -> Result<Lock> {
    let unreadable = |cause| Error::environment(format!("`{}` cannot be opened", base.display())).caused_by(cause);
    let folder = File::open(base).map_err(unreadable)?;
    flock(&folder, FlockOperation::NonBlockingLockExclusive).map_err(|cause| {
        Error::environment(format!("another `manifestgen secret` works in `{}`", base.display()))
            .hint("wait for it to end")
            .caused_by(io::Error::from(cause))
    })?;
    Ok(Lock(folder))
}

/// Whether a killed run left a change that counts already.
pub(super) fn is_unfinished(base: &Path) -> bool {
    base.join(SECRETS_FOLDER).join(JOURNAL).exists()
}

/// Completes or undoes what a killed run left. `files` are all that there may be, relative to the base.
pub(super) fn recover<'a>(base: &Path, files: impl IntoIterator<Item = &'a str>) -> Result<()> {
    let path = base.join(SECRETS_FOLDER).join(JOURNAL);
    match fs::read(&path) {
        Ok(text) => complete(base, &text)?,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => {}
        Err(cause) => return Err(unwritable(&path, cause)),
    }
    let folders: BTreeSet<PathBuf> = files.into_iter().chain(["secrets/x"]).map(|file| parent(&base.join(file))).collect();
    for entry in folders.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(STAGED) {
            // It is encrypted and in nobody's way.
            let _ = fs::remove_file(entry.path());
        }
    }
    Ok(())
}

fn complete(base: &Path, text: &[u8]) -> Result<()> {
    let path = base.join(SECRETS_FOLDER).join(JOURNAL);
    let damaged =
        || Error::environment(format!("`{}` is damaged", path.display())).hint("it names files that a killed run left; remove it");
    let journal: Journal = serde_json::from_slice(text).map_err(|cause| damaged().caused_by(cause))?;
    for Rename { from, to } in &journal.renames {
        let name = Path::new(from).file_name().unwrap_or_default().to_string_lossy();
        // The folder may come from elsewhere: a journal moves nothing but what we put aside.
        if ![from, to].into_iter().all(|path| is_inside(path)) || !name.starts_with(STAGED) {
            return Err(damaged());
        }
        let (from, to) = (base.join(from), base.join(to));
        match fs::rename(&from, &to) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => return Err(unwritable(&to, cause)),
            _ => {}
        }
        sync(&parent(&to))?;
    }
    fs::remove_file(&path).map_err(|cause| unwritable(&path, cause))
}

fn is_inside(path: &str) -> bool {
    Path::new(path).components().all(|part| matches!(part, std::path::Component::Normal(_)))
}

/// Makes all changes.
pub(super) fn commit(base: &Path, changes: &[Change]) -> Result<()> {
    let mut renames = Vec::new();
    let staged = changes.iter().enumerate().try_for_each(|(number, change)| {
        let target = base.join(&change.path);
        let folder = parent(&target);
        fs::create_dir_all(&folder).map_err(|cause| unwritable(&folder, cause))?;
        let name = format!("{STAGED}{number}");
        let from = Path::new(&change.path).with_file_name(&name).to_string_lossy().into_owned();
        renames.push(Rename { from, to: change.path.clone() });
        write(&folder.join(name), &change.contents, change.mode).map_err(|cause| unwritable(&target, cause))
    });
    let folder = base.join(SECRETS_FOLDER);
    let journal = Journal { version: 1, renames };
    let undo = |error| {
        for rename in &journal.renames {
            let _ = fs::remove_file(base.join(&rename.from));
        }
        error
    };
    staged.map_err(undo)?;
    let text = serde_json::to_vec(&journal).map_err(|cause| Error::internal("the journal does not serialize").caused_by(cause))?;
    let aside = folder.join(format!("{STAGED}journal"));
    let begin = || {
        for change in changes {
            sync(&parent(&base.join(&change.path)))?;
        }
        write(&aside, &text, 0o600).and_then(|()| fs::rename(&aside, folder.join(JOURNAL))).map_err(|cause| unwritable(&folder, cause))?;
        sync(&folder)
    };
    begin().map_err(undo)?;
    complete(base, &text)
}

fn write(path: &Path, contents: &[u8], mode: u32) -> io::Result<()> {
    let mut options = OpenOptions::new();
    // What lies there under this name was left by a killed run.
    let mut file = match options.write(true).create_new(true).mode(mode).open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            fs::remove_file(path)?;
            options.open(path)?
        }
        other => other?,
    };
    file.write_all(contents)?;
    file.sync_all()
}

/// Makes the names of a folder last.
fn sync(folder: &Path) -> Result<()> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|cause| unwritable(folder, cause))
}

fn parent(path: &Path) -> PathBuf {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned()
}

fn unwritable(path: &Path, cause: io::Error) -> Box<Error> {
    Error::environment(format!("`{}` cannot be written", path.display())).hint("nothing was changed in it").caused_by(cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(path: &str, contents: &str) -> Change {
        Change { path: path.to_owned(), contents: contents.as_bytes().to_vec(), mode: 0o600 }
    }

    #[test]
    fn a_journal_that_was_left_is_completed_and_what_lies_aside_without_one_goes() {
        let base = tempfile::tempdir().expect("a folder");
        let read = |path: &str| fs::read_to_string(base.path().join(path)).unwrap_or_default();
        commit(base.path(), &[change("secrets/a.age", "1"), change("other/b.age", "1")]).expect("written");
        assert_eq!((read("secrets/a.age"), read("other/b.age")), ("1".to_owned(), "1".to_owned()));

        // Killed after the first of two renames.
        fs::write(base.path().join("secrets/a.age"), "2").expect("written");
        fs::write(base.path().join("other/.manifestgen-staged-1"), "2").expect("written");
        let journal = r#"{"version":1,"renames":[{"from":"secrets/.manifestgen-staged-0","to":"secrets/a.age"},{"from":"other/.manifestgen-staged-1","to":"other/b.age"}]}"#;
        fs::write(base.path().join("secrets/.journal.json"), journal).expect("written");
        recover(base.path(), ["secrets/a.age", "other/b.age"]).expect("completed");
        assert_eq!(read("other/b.age"), "2");

        // Killed before the journal.
        fs::write(base.path().join("other/.manifestgen-staged-0"), "3").expect("written");
        recover(base.path(), ["secrets/a.age", "other/b.age"]).expect("undone");
        let left = |folder: &str| fs::read_dir(base.path().join(folder)).expect("a folder").count();
        assert_eq!((read("other/b.age"), left("other"), left("secrets")), ("2".to_owned(), 1, 1));
    }

    #[test]
    fn two_first_runs_do_not_meet() {
        let base = tempfile::tempdir().expect("a folder");
        let first = lock(base.path()).expect("free");
        assert!(lock(base.path()).expect_err("taken").message.starts_with("another `manifestgen secret` works in"));
        drop(first);
        lock(base.path()).expect("free again");
    }

    #[test]
    fn a_journal_moves_nothing_but_what_was_put_aside() {
        let base = tempfile::tempdir().expect("a folder");
        fs::create_dir(base.path().join("secrets")).expect("a folder");
        fs::write(base.path().join("x"), "x").expect("written");
        for (from, to) in
            [("x", "y"), ("../x", "y"), ("secrets/.manifestgen-staged-0", "/tmp/y"), ("secrets/.manifestgen-staged-0", "../y")]
        {
            let journal = serde_json::json!({"version": 1, "renames": [{"from": from, "to": to}]}).to_string();
            fs::write(base.path().join("secrets/.journal.json"), journal).expect("written");
            let error = recover(base.path(), []).expect_err("refused");
            assert!(error.message.contains("is damaged"), "{error}");
        }
        assert!(base.path().join("x").exists());
    }
}
