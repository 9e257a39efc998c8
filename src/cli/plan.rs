//! `plan`: what `apply` would do.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::diag::{Finding, Progress, Result};
use crate::live::{self, Plan};
use crate::sink;
use crate::ui::Ui;

use super::release_args::{ChangeArgs, ClusterArgs, ReleaseArgs};
use super::{Outcome, block_on, document, plan_lines};

/// Arguments of `plan`.
#[derive(Debug, Args)]
pub(super) struct PlanArgs {
    #[command(flatten)]
    release: ReleaseArgs,
    #[command(flatten)]
    cluster: ClusterArgs,
    #[command(flatten)]
    change: ChangeArgs,
    /// Save the plan, for `apply FILE`
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// How to say it: as text, or one document, on stdout
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

/// The forms of a report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people
    #[default]
    Text,
    /// For programs
    Json,
}

pub(super) fn plan(ui: &Ui, args: &PlanArgs) -> Result<Outcome> {
    document::complete(ui, args.format, || work(ui, args))
}

fn work(ui: &Ui, args: &PlanArgs) -> Result<Outcome> {
    let subject = args.release.read(ui)?;
    let progress = ui.progress();
    let options = args.change.options(&args.cluster, args.release.is_partial());
    let mut plan = block_on(async {
        progress.step("connecting to the cluster");
        let connection = live::connect(args.cluster.context.as_deref()).await?;
        live::plan(subject.release(), &connection, &options, &progress).await
    })?;
    drop(progress);
    subject.locate(&mut plan.findings);
    if let Some(path) = &args.output {
        let mut saved = plan.to_json();
        saved["source"] = args.release.to_json();
        saved["context"] = args.cluster.context.clone().into();
        sink::write_file(path, &format!("{saved}\n"))?;
        ui.note(&format!("wrote `{}`", path.display()));
    }
    show(ui, &plan, args.format)?;
    if let Some(busy) = &plan.busy {
        ui.note(&format!("this release is being applied by {busy}: the plan may be old already"));
    }
    let refused = plan.findings.iter().any(Finding::is_error);
    Ok(if refused || !plan.is_empty() { Outcome::Findings } else { Outcome::Good })
}

fn show(ui: &Ui, plan: &Plan, format: Format) -> Result<()> {
    match format {
        Format::Json => ui.data(&format!("{}\n", plan.to_json())),
        Format::Text => {
            ui.findings(&plan.findings);
            ui.lines(&plan_lines::lines(plan))
        }
    }
}
