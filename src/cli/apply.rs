//! `apply`: brings a cluster to what the release says.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use serde_json::json;

use crate::diag::{Error, Finding, Progress, Result};
use crate::live::{self, Applied, ApplyOptions, SavedPlan};
use crate::process::interrupted;
use crate::ui::{StyledLine, Tone, Ui};

use super::plan::Format;
use super::release_args::{ChangeArgs, ClusterArgs, ReleaseArgs, Subject, duration};
use super::{Outcome, block_on, document, plan_lines, status_lines};

/// Arguments of `apply`.
#[derive(Debug, Args)]
pub(super) struct ApplyArgs {
    /// A plan that `plan -o` saved: it is carried out only if config and cluster are still what it was made for
    #[arg(value_name = "PLAN", conflicts_with_all = ["config", "profile", "set", "file", "name", "only"])]
    plan: Option<PathBuf>,
    #[command(flatten)]
    release: ReleaseArgs,
    #[command(flatten)]
    cluster: ClusterArgs,
    #[command(flatten)]
    change: ChangeArgs,
    #[command(flatten)]
    how: HowArgs,
    /// How to say it: as text, or one document, on stdout
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

/// Options of everything that applies.
#[derive(Debug, Args)]
pub(super) struct HowArgs {
    /// Do not wait until the objects are healthy
    #[arg(long)]
    no_wait: bool,
    /// How long anything may take
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = duration)]
    timeout: Duration,
    /// How many revisions to keep; 0 for no history
    #[arg(long, value_name = "NUMBER", default_value_t = 10)]
    history: usize,
}

impl HowArgs {
    pub(super) fn options(&self, plan: live::PlanOptions) -> ApplyOptions {
        ApplyOptions { plan, wait: !self.no_wait, timeout: self.timeout, history: self.history, ..ApplyOptions::default() }
    }
}

pub(super) fn apply(ui: &Ui, args: &ApplyArgs) -> Result<Outcome> {
    document::complete(ui, args.format, || match &args.plan {
        Some(path) => {
            let saved = read_plan(path)?;
            let release = ReleaseArgs::from_json(saved.get("source"));
            let context = args.cluster.context.clone().or_else(|| saved.get("context").as_str().map(ToOwned::to_owned));
            work(ui, args, &release, context.as_deref(), Some(&saved))
        }
        None => work(ui, args, &args.release, args.cluster.context.as_deref(), None),
    })
}

fn read_plan(path: &Path) -> Result<SavedPlan> {
    let text = std::fs::read_to_string(path)
        .map_err(|cause| Error::environment(format!("the plan `{}` cannot be read", path.display())).caused_by(cause))?;
    SavedPlan::parse(&text)
}

fn work(ui: &Ui, args: &ApplyArgs, release: &ReleaseArgs, context: Option<&str>, saved: Option<&SavedPlan>) -> Result<Outcome> {
    let subject = release.read(ui)?;
    let progress = ui.progress();
    let mut options = args.how.options(args.change.options(&args.cluster, release.is_partial()));
    options.note = Some(note(release));
    let applied = block_on(async {
        progress.step("connecting to the cluster");
        let connection = live::connect(context).await?;
        live::apply(subject.release(), &connection, &options, saved, interrupted(), &progress).await
    })?;
    drop(progress);
    report(ui, Some(&subject), applied, args.format)
}

fn note(release: &ReleaseArgs) -> String {
    if release.file.is_empty() { "apply".to_owned() } else { "apply of manifests".to_owned() }
}

/// Says what was done, and why not all of it.
pub(super) fn report(ui: &Ui, subject: Option<&Subject>, mut applied: Applied, format: Format) -> Result<Outcome> {
    if let Some(subject) = subject {
        subject.locate(&mut applied.findings);
    }
    let healthy = applied.health.as_ref().is_none_or(live::StatusReport::is_good);
    let refused = applied.findings.iter().any(Finding::is_error);
    if format == Format::Json {
        let mut document = applied.plan.to_json();
        document["findings"] = json!(applied.findings);
        document["applied"] = applied.done.into();
        document["revision"] = applied.revision.into();
        document["health"] = applied.health.as_ref().map(live::StatusReport::to_json).into();
        ui.data(&format!("{document}\n"))?;
    } else {
        text(ui, &applied, &applied.findings)?;
    }
    Ok(if refused || !applied.done || !healthy { Outcome::Findings } else { Outcome::Good })
}

fn text(ui: &Ui, applied: &Applied, findings: &[Finding]) -> Result<()> {
    ui.findings(findings);
    let mut lines = Vec::new();
    if let Some(health) = applied.health.as_ref().filter(|health| !health.is_good()) {
        lines.extend(status_lines::of_sick(health));
    }
    let what = plan_lines::done(&applied.plan);
    let line = match (applied.done, applied.revision) {
        (false, _) => StyledLine::new(Tone::Bad, "not applied, or not wholly; apply again once the above is mended"),
        (true, Some(revision)) => StyledLine::new(Tone::Plain, format!("{what}; revision {revision}")),
        (true, None) => StyledLine::new(Tone::Plain, what),
    };
    lines.push(line);
    ui.lines(&lines)
}
