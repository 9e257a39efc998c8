//! Deleting what left a release, in the reverse of the order in which it was created.

use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::steps::name;
use crate::diag::{Finding, ObjectRef, Progress, Result};
use crate::live::delete::{Deleted, delete};
use crate::live::inventory::Member;
use crate::live::request::get;
use crate::live::target::Target;

const AT_ONCE: usize = 16;
const POLL: Duration = Duration::from_millis(100);

/// Deletes members. Those of one kind of wave go together; the next wave begins when they are gone, as a controller must outlive the
/// objects that it has to clean up after.
pub(in crate::live) async fn prune(
    target: &Target,
    leaving: &[Member],
    deadline: Instant,
    progress: &dyn Progress,
) -> Result<Vec<Finding>> {
    if leaving.is_empty() {
        return Ok(Vec::new());
    }
    progress.step(&format!("deleting {} objects", leaving.len()));
    let mut leaving: Vec<_> = leaving.iter().collect();
    leaving.sort_by_key(|member| std::cmp::Reverse(member.rank()));
    for wave in leaving.chunk_by(|a, b| a.rank() == b.rank()) {
        let stuck: Vec<Option<Finding>> =
            stream::iter(wave).map(|member| one(target, member, deadline, progress)).buffer_unordered(AT_ONCE).try_collect().await?;
        let stuck: Vec<_> = stuck.into_iter().flatten().collect();
        if !stuck.is_empty() {
            return Ok(stuck);
        }
    }
    Ok(Vec::new())
}

async fn one(target: &Target, member: &Member, deadline: Instant, progress: &dyn Progress) -> Result<Option<Finding>> {
    let deleted = delete(&target.client, &member.path, Some(&member.uid)).await?;
    if deleted == Deleted::Accepted {
        loop {
            let now = get(&target.client, &member.path).await?;
            let is_it = |now: &Value| now.pointer("/metadata/uid").and_then(Value::as_str) == Some(&member.uid);
            let Some(now) = now.filter(is_it) else { break };
            if Instant::now() > deadline {
                return Ok(Some(still_there(member.object.clone(), &now)));
            }
            sleep(POLL).await;
        }
    }
    let word = if deleted == Deleted::Another { "left alone, as another object has its name now:" } else { "deleted" };
    progress.note(&format!("{word} {}", name(&member.object)));
    Ok(None)
}

/// An object that does not go, and what holds it.
pub(super) fn still_there(object: ObjectRef, now: &Value) -> Finding {
    let finalizers: Vec<_> = ["/metadata/finalizers", "/spec/finalizers"]
        .iter()
        .filter_map(|pointer| now.pointer(pointer)?.as_array())
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let condition = now.pointer("/status/conditions").and_then(Value::as_array).and_then(|conditions| {
        let bad = conditions.iter().rfind(|condition| condition["status"] == "True" && condition["message"].is_string())?;
        bad["message"].as_str()
    });
    let held = if finalizers.is_empty() { String::new() } else { format!(": it waits for `{}`", finalizers.join("`, `")) };
    let message = format!("it is being deleted and still there{held}");
    let hint = condition.map_or_else(
        || "the controller behind a finalizer must run for the object to go; apply again once it does".to_owned(),
        ToOwned::to_owned,
    );
    Finding::error("live/not-deleted", message).with_object(object).with_hint(hint)
}
