//! Waits for a file to change.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use crate::diag::{Error, Result};

/// Editors write a file in several steps (truncate, write, rename over it) within a few milliseconds.
const SETTLED: Duration = Duration::from_millis(15);

/// A file under observation.
#[derive(Debug)]
pub(super) struct Watch {
    file: PathBuf,
    events: Receiver<notify::Result<notify::Event>>,
    // Dropping it ends the observation.
    _watcher: RecommendedWatcher,
}

impl Watch {
    /// Starts to watch. The file need not be there yet, its folder has to be.
    ///
    /// The folder is what is watched: many editors write a new file and rename it, and a watch on the old file would see nothing more.
    ///
    /// # Errors
    /// Environment: the folder cannot be watched.
    pub(super) fn new(file: &Path) -> Result<Self> {
        let cannot = |cause| Error::environment(format!("`{}` cannot be watched", file.display())).caused_by(cause);
        let absolute = std::path::absolute(file).map_err(notify::Error::io).map_err(cannot)?;
        let (sender, events) = channel();
        let mut watcher = notify::recommended_watcher(sender).map_err(cannot)?;
        for folder in folders(&absolute) {
            watcher.watch(&folder, RecursiveMode::NonRecursive).map_err(cannot)?;
        }
        Ok(Self { file: absolute, events, _watcher: watcher })
    }

    /// Blocks until the file was written, replaced or removed, and the writer has come to rest.
    ///
    /// # Errors
    /// Environment: the observation broke off.
    pub(super) fn changed(&self) -> Result<()> {
        let broken = || Error::environment("the watch on the cluster file broke off");
        while !self.is_ours(self.events.recv().map_err(|_| broken())?)? {}
        loop {
            match self.events.recv_timeout(SETTLED) {
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout) => return Ok(()),
                Err(RecvTimeoutError::Disconnected) => return Err(broken()),
            }
        }
    }

    fn is_ours(&self, event: notify::Result<notify::Event>) -> Result<bool> {
        let event = event.map_err(|cause| Error::environment("the watch on the cluster file broke off").caused_by(cause))?;
        let links = chain(&self.file);
        Ok(!matches!(event.kind, EventKind::Access(_)) && (event.need_rescan() || event.paths.iter().any(|path| links.contains(path))))
    }
}

/// The file and, where it is a symbolic link, what it leads to.
fn chain(file: &Path) -> HashSet<PathBuf> {
    [Some(file.to_owned()), file.canonicalize().ok()].into_iter().flatten().collect()
}

fn folders(file: &Path) -> HashSet<PathBuf> {
    chain(file).iter().filter_map(|path| path.parent().map(Path::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::thread;

    use super::*;

    #[test]
    fn sees_writes_and_renames_of_its_file_and_no_other() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("cluster.yaml");
        fs::write(&file, "a").expect("written");
        let watch = Watch::new(&file).expect("a watch");
        fs::write(folder.path().join("other.yaml"), "b").expect("written");
        let writer = thread::spawn({
            let (file, aside) = (file.clone(), folder.path().join("aside"));
            move || {
                thread::sleep(Duration::from_millis(50));
                fs::write(&aside, "c").expect("written");
                fs::rename(&aside, &file).expect("renamed");
            }
        });
        watch.changed().expect("a change");
        assert_eq!(fs::read_to_string(&file).expect("read"), "c", "another file's change was taken for ours");
        writer.join().expect("no panic");
        fs::write(&file, "d").expect("written");
        watch.changed().expect("a change");
    }
}
