//! The config file: read whole or refused, never half.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use super::describe::shown;
use crate::diag::{Error, Finding, Result};
use crate::source::{Location, visible};
use crate::yaml::Limits;

/// A config file that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigFile {
    /// What messages call it: the path as given, or `<stdin>`.
    pub name: String,
    /// The text.
    pub text: String,
}

impl ConfigFile {
    /// Reads a file, or standard input for `-`.
    ///
    /// Never more than a config may hold is read, so that a device without end is refused like a file that is too large.
    ///
    /// # Errors
    /// Usage: there is no such file, it is a folder, it is too large, it is not UTF-8 text. Environment: it cannot be read.
    pub fn read(path: &Path) -> Result<Self> {
        Self::read_within(path, Limits::CONFIG)
    }

    /// Reads a file of manifests, which may be larger.
    ///
    /// # Errors
    /// As [`ConfigFile::read`].
    pub fn read_manifests(path: &Path) -> Result<Self> {
        Self::read_within(path, Limits::MANIFESTS)
    }

    fn read_within(path: &Path, limits: Limits) -> Result<Self> {
        if path == Path::new("-") {
            return Self::from_reader("<stdin>", io::stdin().lock(), limits);
        }
        let name = path.display().to_string();
        if path.is_dir() {
            return Err(Error::usage(format!("{} is a folder, not a file", shown(&visible(&name))))
                .hint("name the cluster file in it, like `-c cluster.yaml`"));
        }
        let file = File::open(path).map_err(|cause| unreadable(&name, cause))?;
        Self::from_reader(&name, file, limits)
    }

    /// Reads to the end of a stream, within bounds.
    pub fn from_reader(name: &str, reader: impl Read, limits: Limits) -> Result<Self> {
        let most = limits.bytes;
        let mut bytes = Vec::new();
        reader.take(most as u64 + 1).read_to_end(&mut bytes).map_err(|cause| unreadable(name, cause))?;
        if bytes.len() > most {
            return Err(Error::usage(format!("{} holds more than {} MiB", shown(&visible(name)), most >> 20))
                .hint("a cluster file has a few hundred lines; is this the right one?"));
        }
        if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
            return Err(Error::usage(format!("{} is UTF-16 text", shown(&visible(name)))).hint("save it as UTF-8"));
        }
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Self { name: name.to_owned(), text }),
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                Err(not_utf8(name, error.as_bytes(), at))
            }
        }
    }
}

fn unreadable(name: &str, cause: io::Error) -> Box<Error> {
    let message = format!("cannot read {}", shown(&visible(name)));
    match cause.kind() {
        ErrorKind::NotFound => Error::usage(format!("there is no file {}", shown(&visible(name))))
            .hint("`manifestgen init` writes a cluster file, and `--profile primer` needs none"),
        _ => Error::environment(message).caused_by(cause),
    }
}

fn not_utf8(name: &str, bytes: &[u8], at: usize) -> Box<Error> {
    let byte = bytes.get(at).copied().unwrap_or_default();
    let before = &bytes[..at];
    let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let line_end = bytes[at..].iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |end| at + end);
    let location = Location {
        file: visible(name).into_owned(),
        line: before.split(|byte| *byte == b'\n').count(),
        column: String::from_utf8_lossy(&bytes[line_start..at]).chars().count() + 1,
        length: 1,
        text: visible(String::from_utf8_lossy(&bytes[line_start..line_end.min(line_start + 400)]).trim_end()).into_owned(),
    };
    let finding = Finding::error("config/encoding", format!("the byte 0x{byte:02X} is no UTF-8"))
        .with_hint("save the file as UTF-8")
        .with_location(location);
    Error::usage(format!("{} is not UTF-8 text", shown(&visible(name)))).with_findings(vec![finding])
}
