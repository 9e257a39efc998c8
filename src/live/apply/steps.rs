//! Wave after wave.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::{StreamExt, stream};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::argocd;
use super::create::{Put, put};
use crate::diag::{Finding, ObjectRef, Progress, Result};
use crate::live::custom::established;
use crate::live::plan::{Action, Item};
use crate::live::request::get;
use crate::live::status::wait;
use crate::live::target::{Target, is_definition, path_of};

/// Writes under way at once.
const AT_ONCE: usize = 16;

/// The writing part of applying a release.
pub(super) struct Steps<'a> {
    pub target: &'a mut Target,
    pub force: bool,
    /// Whether to wait for what a wave needs.
    pub wait: bool,
    pub deadline: Instant,
    pub progress: &'a dyn Progress,
}

impl Steps<'_> {
    /// Writes what differs, a wave at a time; stops after the first wave with a refusal.
    pub(super) async fn apply(&mut self, items: &mut [Item]) -> Result<Vec<Finding>> {
        let total = items.iter().filter(|item| item.action != Action::Unchanged).count();
        self.progress.step(&format!("applying {total} objects"));
        let done = AtomicUsize::new(0);
        let argocd = argocd::workloads(items);
        for wave in items.chunk_by_mut(|a, b| a.wanted.wave == b.wanted.wave) {
            self.find_paths(wave);
            if self.wait && !argocd.is_empty() && argocd::is_met(wave) {
                self.progress.step("waiting for Argo CD before its Applications");
                // One that does not come up is said at the end; the Applications are brought all the same.
                wait(self.target, &argocd, self.deadline, self.progress).await?;
                self.progress.step(&format!("applying {total} objects"));
            }
            let due: Vec<&Item> = wave.iter().filter(|item| item.action != Action::Unchanged).collect();
            let results: Vec<Result<Vec<Finding>>> = stream::iter(due)
                .map(|item| async {
                    let findings = self.one(item).await?;
                    self.progress.count(done.fetch_add(1, Ordering::Relaxed) + 1, total);
                    Ok(findings)
                })
                .buffer_unordered(AT_ONCE)
                .collect()
                .await;
            let mut refused = Vec::new();
            for result in results {
                refused.extend(result?);
            }
            if !refused.is_empty() {
                return Ok(refused);
            }
            for item in wave.iter().filter(|item| is_definition(&item.wanted.object) && item.action != Action::Unchanged) {
                if let Some(cause) = established(&self.target.client, &item.wanted.value).await? {
                    refused.push(cause.error(item.wanted.object.reference()));
                }
                self.target.resources.define(&item.wanted.value);
            }
            if !refused.is_empty() {
                return Ok(refused);
            }
        }
        Ok(Vec::new())
    }

    /// Kinds that an earlier wave brought are served by now.
    fn find_paths(&self, wave: &mut [Item]) {
        for item in wave.iter_mut().filter(|item| item.wanted.path.is_none()) {
            let wanted = &mut item.wanted;
            wanted.path =
                self.target.resources.get(&wanted.object).map(|resource| path_of(resource, &wanted.object, wanted.namespace.as_deref()));
        }
    }

    async fn one(&self, item: &Item) -> Result<Vec<Finding>> {
        let mut reference = item.wanted.object.reference();
        reference.namespace.clone_from(&item.wanted.namespace);
        let Some(path) = &item.wanted.path else {
            let message = format!("the API server still has no `{}` of `{}`", reference.kind, reference.api_version);
            return Ok(vec![Finding::error("schema/unknown-kind", message).with_object(reference)]);
        };
        if item.action == Action::Replace {
            let uid = item.live.as_ref().and_then(|live| live.pointer("/metadata/uid")).and_then(Value::as_str);
            crate::live::delete::delete(&self.target.client, path, uid).await?;
        }
        // One that goes is waited for: a write would only change what is about to vanish.
        let leaving = item.live.as_ref().is_some_and(|live| live.pointer("/metadata/deletionTimestamp").is_some());
        if (leaving || item.action == Action::Replace)
            && let Some(finding) = self.gone(path, &reference).await?
        {
            return Ok(vec![finding]);
        }
        match put(self.target, item, path, self.force, self.deadline).await? {
            Put::Done => {
                self.progress.note(&format!("{} {}", word(item.action), name(&reference)));
                Ok(Vec::new())
            }
            Put::Refused(causes) => Ok(causes.into_iter().map(|cause| cause.error(reference.clone())).collect()),
        }
    }

    async fn gone(&self, path: &str, reference: &ObjectRef) -> Result<Option<Finding>> {
        loop {
            let now = get(&self.target.client, path).await?;
            let Some(now) = now.filter(|now| now.pointer("/metadata/deletionTimestamp").is_some()) else { return Ok(None) };
            if Instant::now() > self.deadline {
                return Ok(Some(super::prune::still_there(reference.clone(), &now)));
            }
            sleep(std::time::Duration::from_millis(100)).await;
        }
    }
}

const fn word(action: Action) -> &'static str {
    match action {
        Action::Create => "created",
        Action::Replace => "replaced",
        _ => "changed",
    }
}

/// How people name an object: `Deployment web/app`.
pub(super) fn name(object: &ObjectRef) -> String {
    match &object.namespace {
        Some(namespace) => format!("{} {namespace}/{}", object.kind, object.name),
        None => format!("{} {}", object.kind, object.name),
    }
}
