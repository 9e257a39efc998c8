//! A whole release before a server.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::{StreamExt, TryStreamExt, stream};
use kube::Client;
use serde_json::Value;

use super::contained::contains;
use super::discovery::{Resource, Resources};
use super::judge::judge;
use super::refusal::{Cause, causes};
use super::report::{NotChecked, ServerReport};
use super::request::{Call, Write, exists, segment, send, write};
use super::verdict::Verdict;
use crate::diag::{Error, Progress, Result};
use crate::manifest::{Object, Release, rank};

/// Requests under way at once. Each has a connection of its own, as the client speaks HTTP/1.1.
pub(super) const AT_ONCE: usize = 8;

/// What may be done to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The server is thrown away afterwards: objects are really created too, since a dry run allocates neither ports nor addresses.
    Ephemeral,
    /// Nothing is changed.
    Live,
}

/// What is known while a release is being checked.
pub(super) struct Session<'a> {
    pub client: &'a Client,
    pub mode: Mode,
    pub objects: &'a [Object],
    pub values: Vec<Value>,
    pub resources: Resources,
    /// Namespaces of the release that are not there (yet), with the reason.
    pub absent_namespaces: BTreeMap<String, String>,
    /// Kinds of the release's definitions that are not there (yet), with the reason.
    pub absent_kinds: BTreeMap<(String, String), String>,
    /// Kinds whose definition the release changes, by the definition's name.
    pub changing_kinds: BTreeMap<(String, String), String>,
    /// Namespaces whose `PodSecurity` level the release changes.
    pub changing_levels: BTreeSet<String>,
    /// Of each object, whether a live cluster has it exactly so.
    pub there: Vec<bool>,
}

/// Lets a server judge every object of a release, and every pod template as a Pod.
///
/// Namespaces and definitions come first, because the rest needs them; everything else goes through server-side apply with strict field
/// validation, as a dry run, several at once. A server that is thrown away then really gets it, in the order of the release.
///
/// # Errors
/// Environment errors: a server that does not answer, fails, or does not allow it. What it has against an object is a finding.
pub async fn validate_on_server(release: &Release, client: &Client, mode: Mode, progress: &dyn Progress) -> Result<ServerReport> {
    progress.step("asking the API server which kinds it serves");
    let version = client
        .apiserver_version()
        .await
        .map_err(|cause| Error::environment("the API server does not tell its version").caused_by(cause))?;
    let objects = release.objects();
    let mut session = Session {
        client,
        mode,
        objects,
        values: objects.iter().map(|object| Value::Object(object.value().clone())).collect(),
        resources: Resources::discover(client).await?,
        absent_namespaces: BTreeMap::new(),
        absent_kinds: BTreeMap::new(),
        changing_kinds: BTreeMap::new(),
        changing_levels: BTreeSet::new(),
        there: vec![false; objects.len()],
    };
    session.read(progress).await?;
    let mut verdicts: Vec<Verdict> = objects.iter().map(|_| Verdict::default()).collect();
    session.found_on(&mut verdicts, progress).await?;

    let rest = session.indexes(|object| !is_foundation(object));
    progress.step(&format!("dry run of {} objects", rest.len()));
    let judged = session.each(&rest, progress, |index| session.check(index)).await?;
    for (index, verdict) in judged {
        verdicts[index] = verdict;
    }

    if mode == Mode::Ephemeral {
        session.create_all(&rest, &mut verdicts, progress).await?;
    }

    let workloads = session.workloads(&verdicts);
    progress.step(&format!("dry run of the Pods of {} workloads", workloads.len()));
    let pods = session.each(&workloads, progress, |index| session.check_pod(index)).await?;
    let pods_judged = pods.iter().filter(|(_, verdict)| verdict.judged).count();
    for (index, verdict) in pods {
        verdicts[index].extend(verdict);
    }

    let mut report = ServerReport { server_version: version.git_version, pods: pods_judged, ..ServerReport::default() };
    for (object, verdict) in objects.iter().zip(verdicts) {
        report.objects += usize::from(verdict.judged);
        report.applied += usize::from(verdict.applied);
        let reasons = verdict.not_checked.iter().cloned();
        report.not_checked.extend(reasons.map(|reason| NotChecked { object: object.reference(), reason }));
        report.findings.extend(verdict.into_findings(object));
    }
    Ok(report)
}

/// Whether other objects of a release need it to be there before they can be judged.
pub(super) fn is_foundation(object: &Object) -> bool {
    matches!((object.group(), object.kind()), ("", "Namespace") | ("apiextensions.k8s.io", "CustomResourceDefinition"))
}

impl Session<'_> {
    pub(super) fn indexes(&self, wanted: impl Fn(&Object) -> bool) -> Vec<usize> {
        (0..self.objects.len()).filter(|index| wanted(&self.objects[*index])).collect()
    }

    /// Does the same with each of these objects, several at once.
    pub(super) async fn each<T, F: Future<Output = Result<T>>>(
        &self,
        indexes: &[usize],
        progress: &dyn Progress,
        work: impl Fn(usize) -> F,
    ) -> Result<Vec<(usize, T)>> {
        let done = AtomicUsize::new(0);
        stream::iter(indexes.iter().copied())
            .map(|index| {
                let running = work(index);
                let done = &done;
                async move {
                    let result = running.await?;
                    progress.count(done.fetch_add(1, Ordering::Relaxed) + 1, indexes.len());
                    Ok((index, result))
                }
            })
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await
    }

    /// Judges an object that is no foundation, in dry runs.
    async fn check(&self, index: usize) -> Result<Verdict> {
        let object = &self.objects[index];
        let Some(resource) = self.resources.get(object) else { return Ok(self.unknown_kind(object)) };
        if let Some(cause) = bad_name(object) {
            return Ok(Verdict::refused(vec![cause]));
        }
        let namespace = resource.namespace(object, self.client.default_namespace());
        if let Some(reason) = namespace.and_then(|namespace| self.absent_namespaces.get(namespace)) {
            return self.check_elsewhere(index, resource, reason).await;
        }
        let path = path(resource, object, namespace);
        if self.there[index] {
            return Ok(Verdict { judged: true, ..Verdict::default() });
        }
        let judgement = judge(self.client, Write::DryApply, &path, &self.values[index]).await?;
        let key = (object.api_version().to_owned(), object.kind().to_owned());
        if let Some(definition) = self.changing_kinds.get(&key).filter(|_| !judgement.causes.is_empty()) {
            let said = judgement.causes.iter().map(|cause| cause.message.as_str()).collect::<Vec<_>>().join("; ");
            return Ok(Verdict::not_checked(format!(
                "the release changes its definition `{definition}`; the one that the cluster has now refuses it: {said}"
            )));
        }
        Ok(judgement.into())
    }

    /// Reads what a live cluster has, all at once: that costs the server a fraction of as many dry runs, and a large definition keeps nobody
    /// waiting.
    async fn read(&mut self, progress: &dyn Progress) -> Result<()> {
        if self.mode == Mode::Ephemeral {
            return Ok(());
        }
        let served = self.indexes(|object| self.resources.get(object).is_some() && bad_name(object).is_none());
        progress.step(&format!("reading {} objects", served.len()));
        for (index, there) in self.each(&served, progress, |index| self.is_there(index)).await? {
            self.there[index] = there;
        }
        Ok(())
    }

    async fn is_there(&self, index: usize) -> Result<bool> {
        let object = &self.objects[index];
        let Some(resource) = self.resources.get(object) else { return Ok(false) };
        let path = path(resource, object, resource.namespace(object, self.client.default_namespace()));
        // Who may not read may still write.
        let answer = send(self.client, &Call::get(&path)).await?;
        Ok(answer.is_good() && contains(&answer.object(), &self.values[index]))
    }

    /// Judges an object whose namespace is not there in `default` instead, where nothing of its name may stand.
    async fn check_elsewhere(&self, index: usize, resource: &Resource, reason: &str) -> Result<Verdict> {
        const ELSEWHERE: &str = "default";
        let object = &self.objects[index];
        let path = path(resource, object, Some(ELSEWHERE));
        if self.mode == Mode::Ephemeral || exists(self.client, &path).await {
            return Ok(Verdict::not_checked(reason.to_owned()));
        }
        let mut value = self.values[index].clone();
        value["metadata"]["namespace"] = ELSEWHERE.into();
        let mut verdict = Verdict::from(judge(self.client, Write::DryApply, &path, &value).await?);
        verdict.not_checked.push(format!(
            "{reason}; it was checked in the namespace `{ELSEWHERE}` instead, without the quotas, policies and PodSecurity level of its own"
        ));
        Ok(verdict)
    }

    fn unknown_kind(&self, object: &Object) -> Verdict {
        let (api_version, kind) = (object.api_version(), object.kind());
        if let Some(reason) = self.absent_kinds.get(&(api_version.to_owned(), kind.to_owned())) {
            return Verdict::not_checked(reason.clone());
        }
        let cause = Cause::new("schema/unknown-kind", format!("the API server has no `{kind}` of `{api_version}`"));
        let versions = self.resources.versions_of(object);
        Verdict::refused(vec![if versions.is_empty() {
            let hint = "add its CustomResourceDefinition to the release, or check the spelling of `apiVersion` and `kind`";
            Cause { path: Some("/kind".to_owned()), ..cause.hint(hint) }
        } else {
            Cause { path: Some("/apiVersion".to_owned()), ..cause.hint(format!("use `{}`", versions.join("` or `"))) }
        }])
    }

    /// Really creates what was accepted, rank by rank. Of Services, those with numbers of their own come first, one after the other, so that
    /// none of the numbers that the server chooses is in their way, and of two with the same the later is refused.
    async fn create_all(&self, indexes: &[usize], verdicts: &mut [Verdict], progress: &dyn Progress) -> Result<()> {
        let accepted: Vec<_> =
            indexes.iter().copied().filter(|index| verdicts[*index].accepted() && is_inert(&self.objects[*index])).collect();
        progress.step(&format!("really creating {} objects", accepted.len()));
        let (numbered, others): (Vec<_>, Vec<_>) = accepted.into_iter().partition(|index| asks_for_numbers(&self.objects[*index]));
        for index in numbered {
            let created = self.create(index).await?;
            verdicts[index].extend(created);
        }
        let rank_of = |index: &usize| rank(self.objects[*index].group(), self.objects[*index].kind());
        for same_rank in others.chunk_by(|a, b| rank_of(a) == rank_of(b)) {
            for (index, created) in self.each(same_rank, progress, |index| self.create(index)).await? {
                verdicts[index].extend(created);
            }
        }
        Ok(())
    }

    async fn create(&self, index: usize) -> Result<Verdict> {
        let object = &self.objects[index];
        let Some(resource) = self.resources.get(object) else { return Ok(Verdict::default()) };
        let path = path(resource, object, resource.namespace(object, self.client.default_namespace()));
        let answer = write(self.client, Write::Apply, &path, &self.values[index]).await?;
        if answer.is_good() {
            return Ok(Verdict { applied: true, warnings: answer.warnings, ..Verdict::default() });
        }
        let causes = causes(&answer.status(), &self.values[index]);
        Ok(Verdict::refused(causes.into_iter().map(|cause| self.name_the_other(index, cause)).collect()))
    }

    /// Which object of the release has the number that is taken.
    fn name_the_other(&self, index: usize, cause: Cause) -> Cause {
        let Some(field) = cause.path.as_deref().filter(|_| cause.message.contains("already allocated")) else { return cause };
        let Some(taken) = self.values[index].pointer(field) else { return cause };
        let has = |other: &&Object| {
            let ports = other.pointer("/spec/ports").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            other.kind() == "Service"
                && (other.name(), other.namespace()) != (self.objects[index].name(), self.objects[index].namespace())
                && (ports.iter().any(|port| port.get("nodePort") == Some(taken)) || other.pointer("/spec/clusterIP") == Some(taken))
        };
        match self.objects.iter().find(has) {
            Some(other) => {
                let name = format!("{}/{}", other.namespace().unwrap_or(self.client.default_namespace()), other.name());
                cause.hint(format!("the Service `{name}` has it"))
            }
            None => cause,
        }
    }
}

/// The path of one object.
pub(super) fn path(resource: &Resource, object: &Object, namespace: Option<&str>) -> String {
    format!("{}/{}", resource.path(object.api_version(), namespace), segment(object.name()))
}

/// Whether the real object leaves the server as it is. Webhooks and aggregated APIs would send it to servers that nobody runs here.
fn is_inert(object: &Object) -> bool {
    !matches!(
        (object.group(), object.kind()),
        ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration" | "MutatingWebhookConfiguration") | ("apiregistration.k8s.io", _)
    )
}

fn asks_for_numbers(object: &Object) -> bool {
    let ports = object.pointer("/spec/ports").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    object.group().is_empty()
        && object.kind() == "Service"
        && (ports.iter().any(|port| port.get("nodePort").is_some())
            || ["/spec/clusterIP", "/spec/clusterIPs", "/spec/healthCheckNodePort"].iter().any(|field| object.pointer(field).is_some()))
}

/// Names that cannot be part of a path (`IsValidPathSegmentName` in k8s.io/apimachinery/pkg/api/validation/path): no server ever sees them.
fn bad_name(object: &Object) -> Option<Cause> {
    let name = object.name();
    let problem = match name {
        "." | ".." => "is not a name",
        _ if name.contains('/') => "must not contain `/`",
        _ if name.contains('%') => "must not contain `%`",
        _ => return None,
    };
    Some(Cause { path: Some("/metadata/name".to_owned()), ..Cause::new("schema/value", format!("`{name}` {problem}")) })
}
