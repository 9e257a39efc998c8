//! One answer of a preflight.

use serde::Serialize;

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// As it should be.
    Pass,
    /// The machine does not tell.
    Unknown,
    /// k3s will run, but not well, or not for long.
    Warn,
    /// k3s will not run.
    Fail,
}

impl Outcome {
    /// The word of the JSON form.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Unknown => "unknown",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

/// One thing that a node needs, and whether the machine has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What it is about: `memory`, `port 6443/tcp`.
    pub about: String,
    /// What was found.
    pub outcome: Outcome,
    /// What there is.
    pub message: String,
    /// What to do; none where it is as it should be.
    pub fix: Option<String>,
}

impl Check {
    fn new(outcome: Outcome, about: impl Into<String>, message: impl Into<String>, fix: Option<String>) -> Self {
        Self { about: about.into(), outcome, message: message.into(), fix }
    }

    pub(super) fn pass(about: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Outcome::Pass, about, message, None)
    }

    pub(super) fn unknown(about: impl Into<String>, message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::new(Outcome::Unknown, about, message, Some(fix.into()))
    }

    pub(super) fn warn(about: impl Into<String>, message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::new(Outcome::Warn, about, message, Some(fix.into()))
    }

    pub(super) fn fail(about: impl Into<String>, message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::new(Outcome::Fail, about, message, Some(fix.into()))
    }
}
