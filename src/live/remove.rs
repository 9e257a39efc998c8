//! Taking a whole release away.

use std::time::Duration;

use tokio::time::Instant;

use super::Connection;
use super::apply::prune;
use super::history::History;
use super::inventory::Inventory;
use super::lease::Lease;
use super::plan::{Action, Entry, Plan, PlanOptions, Prepared, prepare};
use super::target::Target;
use crate::diag::{Error, Finding, Progress, Result};
use crate::manifest::{Release, ReleaseBuilder};

/// What taking a release away came to.
#[derive(Debug, Clone)]
pub struct Removed {
    /// How many objects are gone.
    pub deleted: usize,
    /// What stays, and why.
    pub kept: Vec<Entry>,
    /// What did not go.
    pub findings: Vec<Finding>,
}

/// Plans [`delete_release`]: everything that carries the label of the release's inventory. Nothing is written.
///
/// # Errors
/// Wrong usage when the cluster has nothing of the release; environment errors.
pub async fn plan_removal(release: &str, connection: &Connection, options: &PlanOptions, progress: &dyn Progress) -> Result<Plan> {
    let target = Target::look(connection).await?;
    let prepared = prepare(&empty(release), &target, options, progress).await?;
    if prepared.plan.entries.is_empty() {
        return Err(Error::usage(format!("the cluster has nothing of a release `{release}`"))
            .hint("`--state-namespace` says where its inventory is"));
    }
    Ok(prepared.plan)
}

/// Deletes all objects of a release, then its history and its inventory. What is not the release's stays.
///
/// # Errors
/// Environment errors, as of [`super::apply`].
pub async fn delete_release(
    release: &str,
    connection: &Connection,
    options: &PlanOptions,
    timeout: Duration,
    interrupt: impl Future<Output = Box<Error>>,
    progress: &dyn Progress,
) -> Result<Removed> {
    let target = Target::look(connection).await?;
    let lease = Lease::take(&target, release, &options.state_namespace, progress).await?;
    let result = tokio::select! {
        error = interrupt => Err(error),
        error = lease.lost() => Err(error),
        result = work(release, &target, options, timeout, progress) => result,
    };
    lease.release().await;
    if result.as_ref().is_ok_and(|removed| removed.findings.is_empty() && removed.kept.is_empty()) {
        Lease::forget(&target, release, &options.state_namespace).await?;
    }
    result
}

async fn work(release: &str, target: &Target, options: &PlanOptions, timeout: Duration, progress: &dyn Progress) -> Result<Removed> {
    let prepared = prepare(&empty(release), target, options, progress).await?;
    let Prepared { plan, leaving, mut inventory, meanwhile, contents, .. } = prepared;
    inventory.record(target, &meanwhile).await?;
    let findings = prune(target, &leaving, Instant::now() + timeout, progress).await?;
    let kept: Vec<_> = plan.entries.into_iter().filter(|entry| entry.action == Action::Keep).collect();
    let removed = Removed { deleted: leaving.len() - findings.len().min(leaving.len()), kept, findings };
    if !removed.findings.is_empty() {
        return Ok(removed);
    }
    History::read(target, release, &options.state_namespace).await?.forget(target).await?;
    if removed.kept.is_empty() {
        Inventory::forget(inventory, target).await?;
    } else {
        // What stays is still known to be the release's.
        inventory.record(target, &contents).await?;
    }
    Ok(removed)
}

fn empty(name: &str) -> Release {
    ReleaseBuilder::default().finish(name)
}
