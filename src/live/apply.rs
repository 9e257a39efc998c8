//! Bringing a cluster to what a release says.

mod argocd;
mod create;
mod prune;
mod steps;

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::Instant;

use super::Connection;
use super::history::{History, Source};
use super::lease::Lease;
use super::plan::{Action, Plan, PlanOptions, Prepared, SavedPlan, prepare};
use super::status::{StatusReport, wait_for_health};
use super::target::Target;
use crate::diag::{Error, Finding, Progress, Result};
use crate::manifest::Release;

pub(super) use prune::prune;
use steps::Steps;

/// How a release is applied.
#[derive(Debug, Clone)]
pub struct ApplyOptions {
    /// What may be done.
    pub plan: PlanOptions,
    /// Whether to wait for health afterwards.
    pub wait: bool,
    /// How long anything may take: a webhook to come up, an object to go, the release to be healthy.
    pub timeout: Duration,
    /// How many revisions are kept; 0 for no history.
    pub history: usize,
    /// What the history says about where the release came from.
    pub note: Option<String>,
    /// The digest that the history notes; by default the release's.
    pub digest: Option<String>,
}

impl Default for ApplyOptions {
    fn default() -> Self {
        Self { plan: PlanOptions::default(), wait: true, timeout: Duration::from_mins(5), history: 10, note: None, digest: None }
    }
}

/// What applying a release came to.
#[derive(Debug, Clone)]
pub struct Applied {
    /// What there was to do.
    pub plan: Plan,
    /// Why it was not done, or not wholly.
    pub findings: Vec<Finding>,
    /// Whether everything in the plan was done.
    pub done: bool,
    /// The number of the revision in the history; none without a history, or when the release is too large for it.
    pub revision: Option<u64>,
    /// How healthy it is; none when nobody waited.
    pub health: Option<StatusReport>,
}

/// Applies a release.
///
/// A release that the server refuses in part, that has fields which others own, or objects that would have to be replaced, is not begun
/// unless the options say so: see [`Applied::findings`].
///
/// `interrupt` ends the work early, after which the lease is given back.
///
/// # Errors
/// Environment errors: a server that does not answer, fails, or does not allow it; another apply under way; a saved plan that the cluster
/// moved away from. Whatever was done by then stays, and applying again goes on from there.
pub async fn apply(
    release: &Release,
    connection: &Connection,
    options: &ApplyOptions,
    saved: Option<&SavedPlan>,
    interrupt: impl Future<Output = Box<Error>>,
    progress: &dyn Progress,
) -> Result<Applied> {
    progress.step("asking the API server which kinds it serves");
    let target = Target::look(connection).await?;
    let lease = Lease::take(&target, release.name(), &options.plan.state_namespace, progress).await?;
    let result = tokio::select! {
        error = interrupt => Err(error),
        error = lease.lost() => Err(error),
        result = work(release, target, options, saved, progress) => result,
    };
    lease.release().await;
    result
}

async fn work(
    release: &Release,
    mut target: Target,
    options: &ApplyOptions,
    saved: Option<&SavedPlan>,
    progress: &dyn Progress,
) -> Result<Applied> {
    let deadline = Instant::now() + options.timeout;
    let prepared = prepare(release, &target, &options.plan, progress).await?;
    if let Some(saved) = saved {
        saved.check(&prepared.plan)?;
    }
    let Prepared { plan, mut items, leaving, mut inventory, meanwhile, contents } = prepared;
    let mut applied = Applied { findings: obstacles(&plan, &options.plan), plan, done: false, revision: None, health: None };
    if applied.findings.iter().any(Finding::is_error) {
        return Ok(applied);
    }
    if !applied.plan.is_empty() {
        inventory.record(&target, &meanwhile).await?;
    }
    let mut steps = Steps { target: &mut target, force: options.plan.force_conflicts, wait: options.wait, deadline, progress };
    let refused = steps.apply(&mut items).await?;
    if !refused.is_empty() {
        applied.findings.extend(refused);
        return Ok(applied);
    }
    applied.findings.extend(prune(&target, &leaving, deadline, progress).await?);
    if applied.findings.iter().any(Finding::is_error) {
        return Ok(applied);
    }
    inventory.record(&target, &contents).await?;
    applied.done = true;
    // A part of a release is no state to go back to.
    if options.history > 0 && options.plan.prune {
        let history = History::read(&target, release.name(), &options.plan.state_namespace).await?;
        let source = Source { digest: options.digest.clone().unwrap_or_else(|| release.digest()), note: options.note.clone() };
        applied.revision = history.record(&target, release, &options.plan.keep, &source, options.history).await?;
    }
    if options.wait {
        applied.health = Some(wait_for_health(&target, release, deadline, progress).await?);
    }
    Ok(applied)
}

/// Why a plan is not carried out.
fn obstacles(plan: &Plan, options: &PlanOptions) -> Vec<Finding> {
    let mut findings = plan.findings.clone();
    for entry in &plan.entries {
        if !options.force_conflicts {
            let managers: BTreeSet<_> = entry.conflicts.iter().map(|conflict| conflict.manager.as_str()).collect();
            for manager in managers {
                let fields: Vec<_> =
                    entry.conflicts.iter().filter(|conflict| conflict.manager == manager).map(|conflict| conflict.field.as_str()).collect();
                findings.push(
                    Finding::error("live/conflict", format!("`{}` belongs to `{manager}`", fields.join("`, `")))
                        .with_object(entry.object.clone())
                        .with_hint("take the field out of the release, or take it over with `--force-conflicts`"),
                );
            }
        }
        if entry.action == Action::Replace && !options.replace {
            let finding = Finding::error("live/replace", format!("it must be deleted and created anew: {}", entry.reasons.join("; ")))
                .with_object(entry.object.clone())
                .with_hint("`--replace` does it; what the object holds is away for that moment");
            findings.push(entry.fixed.first().into_iter().fold(finding, Finding::with_path));
        }
    }
    findings
}
