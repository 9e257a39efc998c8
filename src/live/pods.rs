//! Pod templates before the server, as Pods.
//!
//! A workload whose Pods admission refuses is accepted all the same, and then stays without Pods: only a Pod itself tells.

use serde_json::Value;

use super::admission::missing;
use super::judge::judge;
use super::pod::{PodOf, pod_of};
use super::refusal::Cause;
use super::request::{Write, segment};
use super::validate::{Mode, Session};
use super::verdict::Verdict;
use super::warning;
use crate::diag::Result;

impl Session<'_> {
    /// The accepted objects that make Pods. What is wrong with a refused one's template is known already.
    pub(super) fn workloads(&self, verdicts: &[Verdict]) -> Vec<usize> {
        self.indexes(|_| true)
            .into_iter()
            .filter(|index| verdicts[*index].accepted() && super::pod::makes_pods(&self.values[*index]))
            .collect()
    }

    /// Lets the server judge the Pod of a workload, in dry runs.
    pub(super) async fn check_pod(&self, index: usize) -> Result<Verdict> {
        let object = &self.objects[index];
        let namespace = object.namespace().unwrap_or(self.client.default_namespace());
        let Some(PodOf { mut pod, prefix }) = pod_of(&self.values[index]) else { return Ok(Verdict::default()) };
        if self.absent_namespaces.contains_key(namespace) {
            // `check_elsewhere` has said so.
            return Ok(Verdict::default());
        }
        pod["metadata"]["namespace"] = namespace.into();
        let path = format!("/api/v1/namespaces/{}/pods", segment(namespace));
        let mut verdict = Verdict::default();
        loop {
            let judgement = judge(self.client, Write::DryCreate, &path, &pod).await?;
            let Some((kind, field)) = self.comes_with_release(&judgement.causes, &pod, namespace) else {
                self.take_over(&mut verdict, judgement.into(), index, prefix, &pod);
                return Ok(verdict);
            };
            let name = pod["spec"][field].as_str().unwrap_or_default().to_owned();
            verdict
                .not_checked
                .push(format!("its Pods name the {kind} `{name}`, which comes with the release; they were checked without it"));
            if let Some(spec) = pod["spec"].as_object_mut() {
                spec.shift_remove(field);
                // The field's older name.
                spec.shift_remove("serviceAccount").filter(|_| kind == "ServiceAccount");
            }
        }
    }

    /// What a Pod was refused for that the cluster will have after the release; only in a cluster where nothing is created.
    fn comes_with_release(&self, causes: &[Cause], pod: &Value, namespace: &str) -> Option<(&'static str, &'static str)> {
        let (kind, field) = causes.iter().filter(|_| self.mode == Mode::Live).find_map(|cause| missing(&cause.message))?;
        let name = pod["spec"].get(field)?.as_str()?;
        let brought = |object: &crate::manifest::Object| {
            object.kind() == kind && object.name() == name && object.namespace().is_none_or(|own| own == namespace)
        };
        self.objects.iter().any(brought).then_some((kind, field))
    }

    /// Turns what was said about a Pod into what it means for its workload.
    fn take_over(&self, verdict: &mut Verdict, judged: Verdict, index: usize, prefix: &str, pod: &Value) {
        let object = &self.objects[index];
        let namespace = pod.pointer("/metadata/namespace").and_then(Value::as_str).unwrap_or_default();
        verdict.judged = true;
        let moved = |path: Option<String>| Some(format!("{prefix}{}", path.unwrap_or_default()));
        let changing = self.changing_levels.contains(namespace);
        if changing {
            verdict.not_checked.push(format!(
                "the release changes the PodSecurity level of the namespace `{namespace}`; its Pods were checked without it"
            ));
        }
        for cause in judged.causes {
            let security = cause.rule.starts_with("pod-security/");
            if security && changing {
                continue;
            }
            let message = format!("Pods of this {} will be refused: {}", object.kind(), cause.message);
            let hint = security.then(|| {
                format!("change the pod template, or the label `pod-security.kubernetes.io/enforce` of the namespace `{namespace}`")
            });
            verdict.causes.push(Cause { path: moved(cause.path), hint: hint.or(cause.hint), ..Cause::new(cause.rule, message) });
        }
        let warned = judged.warnings.iter().flat_map(|text| warning::causes(text, pod));
        verdict.remarks.extend(warned.map(|cause| Cause { path: moved(cause.path), ..cause }));
    }
}
