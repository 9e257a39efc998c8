//! A release on a lab, as `manifestgen apply` brings it there.

use super::report::Seen;
use crate::diag::{Error, Progress};
use crate::lab::Lab;
use crate::live::{self, ApplyOptions, Connection};
use crate::manifest::Release;

/// Applies it and waits until it is healthy.
pub(super) async fn apply(lab: &Lab, release: &Release, progress: &dyn Progress) -> Seen<()> {
    let connection = Connection { client: lab.client(), context: "lab".to_owned(), version: lab.version().to_owned() };
    let applied = live::apply(release, &connection, &ApplyOptions::default(), None, std::future::pending(), progress).await?;
    let healthy = applied.done && applied.health.as_ref().is_some_and(live::StatusReport::is_good);
    if healthy { Ok(((), Some(format!("{} objects", release.objects().len())))) } else { Err(unhealthy(applied)) }
}

fn unhealthy(applied: live::Applied) -> Box<Error> {
    let ill = applied.health.iter().flat_map(|report| &report.objects).filter(|object| !object.health.is_good());
    let told: Vec<String> = ill.map(|object| format!("{:?}: {}", object.object, object.message.clone().unwrap_or_default())).collect();
    let error = Error::environment("the release is not healthy").with_findings(applied.findings);
    if told.is_empty() { error } else { error.caused_by(told.join("; ")) }
}
