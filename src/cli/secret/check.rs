//! `secret check`: whether all files are as they should be.

use clap::{Args, ValueEnum};

use crate::cli::report::Report;
use crate::diag::{Result, Severity};
use crate::secret::{self, Session, Trust};
use crate::ui::Ui;

use super::{Files, Outcome};

/// Arguments of `secret check`.
#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// The form of the answer
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
    #[command(flatten)]
    files: Files,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people, on stderr
    #[default]
    Text,
    /// One JSON document on stdout
    Json,
}

pub(super) fn check(ui: &Ui, args: &CheckArgs) -> Result<Outcome> {
    let mut report = Report::default();
    let result = find(ui, args, &mut report);
    if args.format == Format::Json {
        ui.data(&report.to_json(result.as_ref().err().map(|error| &**error))?)?;
    } else {
        ui.findings(&report.findings);
    }
    let count = result?;
    if report.findings.is_empty() {
        ui.note(&format!("{count} secrets are as they should be"));
    }
    let has_errors = report.findings.iter().any(|finding| finding.severity == Severity::Error);
    Ok(if has_errors { Outcome::Findings } else { Outcome::Good })
}

fn find(ui: &Ui, args: &CheckArgs, report: &mut Report) -> Result<usize> {
    let loaded = args.files.load(ui)?;
    let (identities, ask) = args.files.identities(ui)?;
    let session = Session::unverified(loaded.cluster(), &args.files.base(), identities, ask, Trust::IndexOnly)?;
    report.findings = secret::check(&session)?;
    loaded.look_up(&mut report.findings);
    Ok(loaded.cluster().secrets.len())
}
