//! One whole document for programs, also when a command fails.

use serde_json::{Value, json};

use crate::diag::{Error, Result};
use crate::ui::Ui;

use super::plan::Format;
use super::report::causes;

/// Runs a command that writes its own document when it succeeds. When it fails, a program still gets one.
pub(super) fn complete<T>(ui: &Ui, format: Format, work: impl FnOnce() -> Result<T>) -> Result<T> {
    work().map_err(|mut error| {
        if format == Format::Json {
            let document = json!({"version": 1, "findings": error.findings, "error": failure(&error)});
            error.findings.clear();
            // The first error is the one to tell.
            let _ = ui.data(&format!("{document}\n"));
        }
        error
    })
}

fn failure(error: &Error) -> Value {
    json!({"message": error.message, "causes": causes(error), "hints": error.hints})
}
