//! A machine, as its files tell.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

/// No file of `/proc` or `/etc` that is read here is longer.
const LONGEST: u64 = 16 << 20;

/// A machine, or a folder that looks like the root of one.
#[derive(Debug, Clone)]
pub struct Machine {
    root: PathBuf,
}

impl Machine {
    /// This machine.
    #[must_use]
    pub fn this() -> Self {
        Self::at("/")
    }

    /// The machine whose files lie below a folder.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Where an absolute path of the machine lies.
    pub(super) fn path(&self, path: &str) -> PathBuf {
        self.root.join(path.trim_start_matches('/'))
    }

    pub(super) fn exists(&self, path: &str) -> bool {
        self.path(path).exists()
    }

    /// The text of a file; none where it is not there, cannot be read or is too long.
    pub(super) fn text(&self, path: &str) -> Option<String> {
        self.bytes(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    pub(super) fn bytes(&self, path: &str) -> Option<Vec<u8>> {
        let path = self.path(path);
        // A pipe that nobody writes to would be waited for.
        if !fs::metadata(&path).ok()?.is_file() {
            return None;
        }
        let mut bytes = Vec::new();
        let read = fs::File::open(path).ok()?.take(LONGEST + 1).read_to_end(&mut bytes).ok()?;
        (read as u64 <= LONGEST).then_some(bytes)
    }

    /// The first line of a file.
    pub(super) fn line(&self, path: &str) -> Option<String> {
        Some(self.text(path)?.lines().next()?.trim().to_owned())
    }

    /// A file that holds one number.
    pub(super) fn number(&self, path: &str) -> Option<u64> {
        self.line(path)?.parse().ok()
    }

    /// The number after `NAME:` in a file such as `/proc/meminfo`.
    pub(super) fn field(&self, path: &str, name: &str) -> Option<u64> {
        let text = self.text(path)?;
        let rest = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        rest.split_whitespace().next()?.parse().ok()
    }

    /// The release of the running kernel, `6.12.57`.
    pub(super) fn kernel(&self) -> Option<String> {
        self.line("/proc/sys/kernel/osrelease")
    }

    /// The running processes: their folders in `/proc`, and their names.
    pub(super) fn processes(&self) -> Vec<(PathBuf, String)> {
        let folders = fs::read_dir(self.path("/proc")).into_iter().flatten().flatten();
        folders
            .filter(|entry| entry.file_name().to_str().is_some_and(|name| name.bytes().all(|byte| byte.is_ascii_digit())))
            .filter_map(|entry| {
                let name = fs::read_to_string(entry.path().join("comm")).ok()?;
                Some((entry.path(), name.trim().to_owned()))
            })
            .collect()
    }

    /// Whether a program of this name runs.
    pub(super) fn runs(&self, name: &str) -> bool {
        self.processes().iter().any(|(_, running)| running == name)
    }

    /// Whether a command is in one of the usual folders.
    pub(super) fn has_command(&self, name: &str) -> bool {
        let folders = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin", "/run/current-system/sw/bin"];
        folders.iter().any(|folder| self.exists(&format!("{folder}/{name}")))
    }

    /// The nearest folder above a path that is there, or the path itself.
    pub(super) fn existing(&self, path: &str) -> PathBuf {
        let mut at = Path::new(path);
        while !self.exists(&at.to_string_lossy()) {
            match at.parent() {
                Some(parent) => at = parent,
                None => break,
            }
        }
        self.path(&at.to_string_lossy())
    }
}
