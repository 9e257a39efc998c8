//! Namespaces and definitions: what the rest of a release stands on.

use serde_json::Value;

use super::custom::{established, path as definition_path, without_conversion};
use super::discovery::served;
use super::judge::judge;
use super::refusal::causes;
use super::request::{Write, get, segment, write};
use super::validate::{Mode, Session};
use super::verdict::Verdict;
use crate::diag::{Progress, Result};

const LEVEL: &str = "/metadata/labels/pod-security.kubernetes.io~1enforce";

/// What became of one foundation.
struct Laid {
    verdict: Verdict,
    /// Why objects that need it cannot be judged; none when they can.
    absent: Option<String>,
    /// Whether the cluster has another form of it.
    changing: bool,
}

impl Laid {
    /// One that the cluster has exactly so.
    fn there() -> Self {
        Self { verdict: Verdict { judged: true, ..Verdict::default() }, absent: None, changing: false }
    }
}

impl Session<'_> {
    /// Judges the release's namespaces and definitions, creates them where the server is thrown away, and remembers which of them are not there.
    pub(super) async fn found_on(&mut self, verdicts: &mut [Verdict], progress: &dyn Progress) -> Result<()> {
        let namespaces = self.indexes(|object| object.group().is_empty() && object.kind() == "Namespace");
        let definitions = self.indexes(|object| object.group() == "apiextensions.k8s.io" && object.kind() == "CustomResourceDefinition");
        progress.step(&format!("checking {} namespaces and {} definitions", namespaces.len(), definitions.len()));
        let laid = self.each(&namespaces, progress, |index| self.lay_namespace(index)).await?;
        for (index, laid) in laid {
            let name = self.objects[index].name().to_owned();
            if laid.changing {
                self.changing_levels.insert(name.clone());
            }
            self.absent_namespaces.extend(laid.absent.map(|reason| (name, reason)));
            verdicts[index] = laid.verdict;
        }
        let laid = self.each(&definitions, progress, |index| self.lay_definition(index)).await?;
        for (index, laid) in laid {
            let definition = &self.values[index];
            for kind in served(definition) {
                if let Some(reason) = &laid.absent {
                    self.absent_kinds.insert(kind, reason.clone());
                } else if laid.changing {
                    // A version that the change adds is not served yet.
                    let reason = format!("the release adds its version to the definition `{}`", self.objects[index].name());
                    self.absent_kinds.insert(kind.clone(), reason);
                    self.changing_kinds.insert(kind, self.objects[index].name().to_owned());
                }
            }
            if laid.absent.is_none() && self.mode == Mode::Ephemeral {
                self.resources.define(definition);
            }
            verdicts[index] = laid.verdict;
        }
        Ok(())
    }

    async fn lay_namespace(&self, index: usize) -> Result<Laid> {
        if self.there[index] {
            return Ok(Laid::there());
        }
        let (name, value) = (self.objects[index].name(), &self.values[index]);
        let path = format!("/api/v1/namespaces/{}", segment(name));
        let mut verdict = Verdict::from(judge(self.client, Write::DryApply, &path, value).await?);
        if self.mode == Mode::Ephemeral {
            if verdict.accepted() {
                verdict.extend(self.really(&path, value).await?);
            }
            let absent = (!verdict.accepted()).then(|| format!("its namespace `{name}` is refused"));
            return Ok(Laid { verdict, absent, changing: false });
        }
        let current = get(self.client, &path).await?;
        let absent =
            current.is_none().then(|| format!("its namespace `{name}` comes with the release, and the cluster does not have it yet"));
        let wanted = value.pointer(LEVEL);
        let changing = wanted.is_some() && current.is_some_and(|current| current.pointer(LEVEL) != wanted);
        Ok(Laid { verdict, absent, changing })
    }

    async fn lay_definition(&self, index: usize) -> Result<Laid> {
        if self.there[index] {
            return Ok(Laid::there());
        }
        let (name, value) = (self.objects[index].name(), &self.values[index]);
        let path = definition_path(name);
        let judgement = judge(self.client, Write::DryApply, &path, value).await?;
        let generation = judgement.accepted.pointer("/metadata/generation").cloned();
        let mut verdict = Verdict::from(judgement);
        if self.mode == Mode::Ephemeral {
            if verdict.accepted() {
                verdict.extend(self.really(&path, &without_conversion(value)).await?);
            }
            if verdict.accepted() {
                verdict.causes.extend(established(self.client, value).await?);
            }
            let absent = (!verdict.accepted()).then(|| format!("its definition `{name}` is refused"));
            return Ok(Laid { verdict, absent, changing: false });
        }
        let current = get(self.client, &path).await?;
        let absent =
            current.is_none().then(|| format!("its definition `{name}` comes with the release, and the cluster does not have it yet"));
        // The server counts a generation for every change of the spec, in a dry run too.
        let changing = current.is_some_and(|current| current.pointer("/metadata/generation") != generation.as_ref());
        Ok(Laid { verdict, absent, changing })
    }

    async fn really(&self, path: &str, value: &Value) -> Result<Verdict> {
        let answer = write(self.client, Write::Apply, path, value).await?;
        Ok(if answer.is_good() {
            Verdict { applied: true, warnings: answer.warnings, ..Verdict::default() }
        } else {
            Verdict::refused(causes(&answer.status(), value))
        })
    }
}
