//! What applying a release would do to a cluster.

mod between;
mod diff;
mod digest;
mod entry;
mod look;
mod prepare;
mod protect;
mod saved;
mod schema;
mod transition;
mod unchanged;

pub use between::changes_between;
pub use diff::Change;
pub use entry::{Action, Conflict, Entry, Plan};
pub use protect::Protected;
pub use saved::SavedPlan;

pub(super) use look::conflicts;
pub(super) use prepare::{Item, Prepared, prepare};
use schema::definitions_of;

use std::collections::BTreeSet;

use super::Connection;
use super::lease::Lease;
use super::target::Target;
use crate::diag::{Progress, Result};
use crate::manifest::{Object, Release};

/// What a plan may do, and where its inventory is.
#[derive(Debug, Clone)]
pub struct PlanOptions {
    /// Whether objects that left the release are deleted.
    pub prune: bool,
    /// Whether fields that others own are taken from them.
    pub force_conflicts: bool,
    /// Whether objects whose changes the server refuses are deleted and created anew.
    pub replace: bool,
    /// Kinds that are only deleted on request, and are.
    pub delete: BTreeSet<Protected>,
    /// The namespace of the inventory, the history and the lease.
    pub state_namespace: String,
    /// Whether the server is asked about every object, also where it is plain that nothing would change.
    pub thorough: bool,
    /// Objects that belong to the release although it does not hold them: they are left as they are.
    pub keep: Vec<Object>,
}

impl Default for PlanOptions {
    fn default() -> Self {
        Self {
            prune: true,
            force_conflicts: false,
            replace: false,
            delete: BTreeSet::new(),
            state_namespace: STATE_NAMESPACE.to_owned(),
            thorough: false,
            keep: Vec::new(),
        }
    }
}

/// Every cluster has it, and nobody deletes it.
pub const STATE_NAMESPACE: &str = "kube-system";

/// Plans what [`super::apply`] would do. Nothing is written.
///
/// # Errors
/// Environment errors: a server that does not answer, fails, or does not allow it. What it has against an object is in [`Plan::findings`].
pub async fn plan(release: &Release, connection: &Connection, options: &PlanOptions, progress: &dyn Progress) -> Result<Plan> {
    progress.step("asking the API server which kinds it serves");
    let target = Target::look(connection).await?;
    let prepared = prepare(release, &target, options, progress).await?;
    let mut plan = prepared.plan;
    plan.busy = Lease::holder(&target, release.name(), &options.state_namespace).await?;
    Ok(plan)
}
