//! The machine-readable answer of a check: one complete document, whatever happened.

use serde::Serialize;

use crate::diag::{Error, Finding, Result};

/// The contract's version; it changes when a field changes its meaning or goes.
const VERSION: u32 = 1;

/// What a check found.
#[derive(Debug, Default)]
pub(super) struct Report {
    /// How many objects were looked at.
    pub(super) objects: usize,
    /// What there is to say, in the order of the objects.
    pub(super) findings: Vec<Finding>,
    /// What could not be checked, and why.
    pub(super) not_checked: Vec<String>,
}

impl Report {
    /// Findings of severity error.
    pub(super) fn errors(&self) -> usize {
        self.findings.iter().filter(|finding| finding.is_error()).count()
    }

    /// Findings of severity warning.
    pub(super) fn warnings(&self) -> usize {
        self.findings.len() - self.errors()
    }

    /// The JSON document, with the error that ended the check early, if one did.
    pub(super) fn to_json(&self, error: Option<&Error>) -> Result<String> {
        let document = Document {
            version: VERSION,
            objects: self.objects,
            errors: self.errors(),
            warnings: self.warnings(),
            findings: &self.findings,
            not_checked: &self.not_checked,
            error: error.map(|error| Failure { message: &error.message, causes: causes(error), hints: &error.hints }),
        };
        let mut text =
            serde_json::to_string(&document).map_err(|cause| Error::internal("the report does not serialize").caused_by(cause))?;
        text.push('\n');
        Ok(text)
    }
}

/// The causes of an error, nearest first.
pub(super) fn causes(error: &Error) -> Vec<String> {
    std::iter::successors(std::error::Error::source(error), |cause| cause.source()).map(ToString::to_string).collect()
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    version: u32,
    objects: usize,
    errors: usize,
    warnings: usize,
    findings: &'a [Finding],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    not_checked: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Failure<'a>>,
}

#[derive(Serialize)]
struct Failure<'a> {
    message: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    causes: Vec<String>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    hints: &'a [String],
}
