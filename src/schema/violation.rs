//! One thing that an API server would refuse.

use crate::diag::{Finding, ObjectRef, Severity};

use super::pointer::Pointer;

/// One thing that an API server would refuse, at one place of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// `schema/` and a name: `schema/unknown-field`, `schema/type`, `schema/required`, `schema/value`…
    pub rule: &'static str,
    /// A warning where a server may be set up so that it takes it, or where something could not be checked.
    pub severity: Severity,
    /// JSON pointer (RFC 6901) of the field; for a missing field, of the field that is missing.
    pub path: String,
    /// One sentence without a final period.
    pub message: String,
    /// The way out, where there is one.
    pub hint: Option<String>,
}

impl Violation {
    pub(super) fn new(rule: &'static str, path: &Pointer, message: impl Into<String>) -> Self {
        Self { rule, severity: Severity::Error, path: path.to_string(), message: message.into(), hint: None }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub(super) const fn warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    /// The finding about an object.
    #[must_use]
    pub fn into_finding(self, object: ObjectRef) -> Finding {
        let finding = match self.severity {
            Severity::Error => Finding::error(self.rule, self.message),
            Severity::Warning => Finding::warning(self.rule, self.message),
        };
        let finding = finding.with_object(object).with_path(self.path);
        match self.hint {
            Some(hint) => finding.with_hint(hint),
            None => finding,
        }
    }
}
