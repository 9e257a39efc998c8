//! What is wrong with a config, by the path of the value that is wrong.

use crate::diag::Severity;
use crate::source::{ConfigPath, Span};

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    /// The rule id, `config/value`.
    pub rule: &'static str,
    /// Whether it stops the command.
    pub severity: Severity,
    /// The value that is wrong.
    pub path: ConfigPath,
    /// Other values that it depends on: nothing is said about a value that is compared with one that is itself wrong.
    pub involved: Vec<ConfigPath>,
    /// Where it stands, when that is not the value at `path` (a key, a value that a later layer replaced).
    pub span: Option<Span>,
    /// One sentence without a final period; names in backticks.
    pub message: String,
    /// The way out; may be empty.
    pub hint: String,
}

impl Problem {
    /// Names a further value that took part: `cluster.network.cidr` for a `serviceCidr` that overlaps it.
    ///
    /// When one of the values that take part is wrong by itself, this problem is left out until that one is put right.
    pub fn involving(&mut self, path: ConfigPath) -> &mut Self {
        self.involved.push(path);
        self
    }

    /// Shows another place than the value at the path.
    pub(crate) const fn at(&mut self, span: Span) -> &mut Self {
        self.span = Some(span);
        self
    }
}

/// Collects what is wrong, so that all of it is shown at once.
///
/// Checks name values by path; the place (file, line, layer) is looked up afterwards, and control characters of the input are made
/// visible then. A path may name a value that was never written: the nearest parent that was is shown.
#[derive(Debug, Default)]
pub struct Problems {
    list: Vec<Problem>,
}

impl Problems {
    /// None so far.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an error: the value's path, the rule id (`config/value`), one sentence without a final period, and the way out (may be empty).
    pub fn error(&mut self, path: ConfigPath, rule: &'static str, message: impl Into<String>, hint: impl Into<String>) -> &mut Problem {
        self.push(Severity::Error, path, rule, message.into(), hint.into())
    }

    /// Adds a warning, likewise.
    pub fn warning(&mut self, path: ConfigPath, rule: &'static str, message: impl Into<String>, hint: impl Into<String>) -> &mut Problem {
        self.push(Severity::Warning, path, rule, message.into(), hint.into())
    }

    /// Whether there is an error; warnings do not count.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(|problem| problem.severity == Severity::Error)
    }

    /// All so far, in the order in which they were found.
    #[must_use]
    pub fn as_slice(&self) -> &[Problem] {
        &self.list
    }

    /// Takes the problems of another collection that `keep` agrees to.
    pub(crate) fn extend_where(&mut self, other: Self, mut keep: impl FnMut(&Problem) -> bool) {
        self.list.extend(other.list.into_iter().filter(|problem| keep(problem)));
    }

    fn push(&mut self, severity: Severity, path: ConfigPath, rule: &'static str, message: String, hint: String) -> &mut Problem {
        let at = self.list.len();
        self.list.push(Problem { rule, severity, path, involved: Vec::new(), span: None, message, hint });
        &mut self.list[at]
    }
}
