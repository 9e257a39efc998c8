//! An upgrade before the cluster sees it: the old release is really applied to a control plane of its own, then the new one.

mod mistakes;
mod world;

use std::time::Duration;

use kube::Client;
use serde_json::{Value, json};

use crate::data;
use crate::diag::{Error, Finding, ObjectRef, Progress, Result};
use crate::lab::{ControlPlane, ControlPlaneOptions};
use crate::live::{self, Action, Applied, ApplyOptions, Connection, Plan, PlanOptions};
use crate::manifest::Release;

use world::{foundations, without_servers};

/// What a rehearsal found.
#[derive(Debug, Clone)]
pub struct Rehearsal {
    /// What the API server calls itself.
    pub server_version: String,
    /// What the new release does to the old one; none when the old one could not be applied.
    pub plan: Option<Plan>,
    /// What goes wrong, or is likely not meant.
    pub findings: Vec<Finding>,
    /// Objects that were left out, as nobody here knows their kind.
    pub not_rehearsed: Vec<ObjectRef>,
}

impl Rehearsal {
    /// The JSON form.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "version": 1,
            "server": self.server_version,
            "plan": self.plan.as_ref().map(Plan::to_json),
            "findings": self.findings,
            "notRehearsed": self.not_rehearsed,
        })
    }

    /// Whether nothing is wrong; warnings are allowed.
    #[must_use]
    pub fn is_good(&self) -> bool {
        !self.findings.iter().any(Finding::is_error)
    }
}

/// Applies the old release to a control plane of its own, then plans and applies the new one.
///
/// Claims are bound in between, as they would be in a cluster that lives. Webhooks and aggregated APIs are left out: nobody serves them here.
///
/// # Errors
/// Environment errors of [`ControlPlane::start`] and [`live::apply`]; an interruption (exit code 130), after everything was cleaned up.
pub async fn rehearse(old: &Release, new: &Release, options: &ControlPlaneOptions, progress: &dyn Progress) -> Result<Rehearsal> {
    ControlPlane::with(options, progress, async |client| run(old, new, client, progress).await).await
}

async fn run(old: &Release, new: &Release, client: Client, progress: &dyn Progress) -> Result<Rehearsal> {
    let version = client
        .apiserver_version()
        .await
        .map_err(|cause| Error::environment("the API server does not tell its version").caused_by(cause))?
        .git_version;
    let connection = Connection { client, context: "rehearsal".to_owned(), version };
    // Both go by one name, whatever they were called: what left the release is to be seen.
    let (old, new) = (without_servers(old), without_servers(new));
    live::define(&connection.client, &definitions(&old, &new)).await?;
    let mut not_rehearsed = Vec::new();
    // What the old release defines is still there when the new one comes, whether that defines it or not.
    let new = known(&new, &[&old, &new], &connection, &mut not_rehearsed).await?;
    let old = known(&old, &[&old], &connection, &mut not_rehearsed).await?;
    let mut rehearsal = Rehearsal { server_version: connection.version.clone(), plan: None, findings: Vec::new(), not_rehearsed };

    progress.step("applying what the cluster has");
    let before = foundations(&old, &new);
    if let Some(trouble) = apply(&before, &connection, progress).await?.into_iter().next() {
        return Err(Error::internal("the rehearsal cannot prepare its cluster").with_findings(vec![trouble]));
    }
    let refused = apply(&old, &connection, progress).await?;
    if !refused.is_empty() {
        // What is refused today says nothing about the way from here to there.
        rehearsal.findings.extend(refused.into_iter().map(|finding| Finding {
            rule: "rehearse/old-release".to_owned(),
            message: format!("the old release itself is refused: {}", finding.message),
            ..finding
        }));
        return Ok(rehearsal);
    }
    live::bind_claims(&connection, &old).await?;

    progress.step("applying what it is to have");
    let applied = apply_anew(&new, &connection, progress).await?;
    rehearsal.findings.extend(mistakes::of_plan(&applied.plan, &old, &new));
    rehearsal.findings.extend(applied.findings.iter().filter(|finding| finding.rule != "live/replace").cloned());
    if applied.done {
        rehearsal.findings.extend(live::not_creatable(&connection, &new).await?);
        let again = live::plan(&new, &connection, &everything(), progress).await?;
        rehearsal.findings.extend(mistakes::of_second_plan(&again));
    }
    rehearsal.plan = Some(applied.plan);
    rehearsal.findings.sort_by(|a, b| (a.severity, &a.object, &a.path, &a.message).cmp(&(b.severity, &b.object, &b.path, &b.message)));
    rehearsal.findings.dedup();
    Ok(rehearsal)
}

fn everything() -> PlanOptions {
    // Nobody else is there to have a conflict with, but the namespaces that stand for the cluster's own.
    PlanOptions { replace: true, force_conflicts: true, thorough: true, ..PlanOptions::default() }
}

async fn apply(release: &Release, connection: &Connection, progress: &dyn Progress) -> Result<Vec<Finding>> {
    let applied = apply_anew(release, connection, progress).await?;
    Ok(if applied.done { Vec::new() } else { applied.findings })
}

async fn apply_anew(release: &Release, connection: &Connection, progress: &dyn Progress) -> Result<Applied> {
    let options = ApplyOptions { plan: everything(), wait: false, timeout: Duration::from_secs(30), history: 0, ..ApplyOptions::default() };
    live::apply(release, connection, &options, None, std::future::pending(), &Quiet(progress)).await
}

/// Steps are shown, single objects are not.
struct Quiet<'a>(&'a dyn Progress);

impl Progress for Quiet<'_> {
    fn step(&self, text: &str) {
        self.0.step(text);
    }

    fn count(&self, done: usize, total: usize) {
        self.0.count(done, total);
    }

    fn note(&self, _text: &str) {}
}

/// Embedded definitions of kinds that the releases use and do not bring.
fn definitions(old: &Release, new: &Release) -> Vec<Value> {
    let objects = || old.objects().iter().chain(new.objects());
    let text = |value: &Value, pointer: &str| value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    data::embedded_crds()
        .iter()
        .filter_map(|crd| serde_json::from_str::<Value>(crd.json).ok())
        .filter(|crd| {
            let (group, kind, name) = (text(crd, "/spec/group"), text(crd, "/spec/names/kind"), text(crd, "/metadata/name"));
            objects().any(|object| object.group() == group && object.kind() == kind)
                && !objects().any(|object| object.kind() == "CustomResourceDefinition" && object.name() == name)
        })
        .collect()
}

/// The release without objects of kinds that nobody here knows.
async fn known(release: &Release, defining: &[&Release], connection: &Connection, unknown: &mut Vec<ObjectRef>) -> Result<Release> {
    let unserved = live::unserved(connection, release, defining).await?;
    let known = world::filtered(release, |object| !unserved.contains(&object.reference()));
    let fresh: Vec<_> = unserved.into_iter().filter(|reference| !unknown.contains(reference)).collect();
    unknown.extend(fresh);
    Ok(known)
}

/// Whether an entry is about an object that is there before and after.
const fn stays(action: Action) -> bool {
    matches!(action, Action::Change | Action::Replace)
}
