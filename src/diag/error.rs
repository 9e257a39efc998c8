//! Why a command could not do its work.

use super::Finding;

/// What kind of failure it is; the exit code follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// Wrong usage of the command line, or a wrong config: exit code 2.
    Usage,
    /// The environment: no server, no binary, no permission, I/O: exit code 3.
    Environment,
    /// A bug of manifestgen; also exit code 3, with a request to report it.
    Internal,
    /// Ctrl-C or a termination signal: exit code 130.
    Interrupted,
}

impl ErrorKind {
    /// The process exit code.
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Usage => 2,
            Self::Environment | Self::Internal => 3,
            Self::Interrupted => 130,
        }
    }
}

/// A failure with its cause and its way out.
///
/// It carries findings when the input has problems at known places, so that all of them are shown at once.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// Decides the exit code.
    pub kind: ErrorKind,
    /// One sentence without a final period.
    pub message: String,
    /// Ways out.
    pub hints: Vec<String>,
    /// Problems at known places.
    pub findings: Vec<Finding>,
    /// What lay beneath.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// The library's result.
pub type Result<T, E = Box<Error>> = std::result::Result<T, E>;

impl Error {
    /// Any kind of error.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Box<Self> {
        Box::new(Self { kind, message: message.into(), hints: Vec::new(), findings: Vec::new(), source: None })
    }

    /// Wrong usage or config (exit code 2).
    pub fn usage(message: impl Into<String>) -> Box<Self> {
        Self::new(ErrorKind::Usage, message)
    }

    /// The environment (exit code 3).
    pub fn environment(message: impl Into<String>) -> Box<Self> {
        Self::new(ErrorKind::Environment, message)
    }

    /// A broken invariant of ours (exit code 3).
    pub fn internal(message: impl Into<String>) -> Box<Self> {
        Self::new(ErrorKind::Internal, message)
    }

    /// Adds a way out.
    #[must_use]
    pub fn hint(mut self: Box<Self>, hint: impl Into<String>) -> Box<Self> {
        self.hints.push(hint.into());
        self
    }

    /// Adds problems at known places.
    #[must_use]
    pub fn with_findings(mut self: Box<Self>, findings: Vec<Finding>) -> Box<Self> {
        self.findings.extend(findings);
        self
    }

    /// Adds what lay beneath.
    #[must_use]
    pub fn caused_by(mut self: Box<Self>, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Box<Self> {
        self.source = Some(source.into());
        self
    }
}
