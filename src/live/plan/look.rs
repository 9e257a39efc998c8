//! One object of the release beside what the cluster has.

use std::collections::BTreeMap;

use kube::core::Status;
use serde_json::Value;

use super::diff::{diff, diff_of_written};
use super::digest::state;
use super::entry::{Action, Conflict, Entry};
use super::prepare::Prepare;
use super::schema::Place;
use super::transition::{is_about_the_change, may_be_replaced};
use super::unchanged::is_unchanged;
use crate::diag::{Finding, Result};
use crate::live::deliverer::other_deliverer;
use crate::live::field_path::pointer;
use crate::live::fields::{adopted_managers, is_adopted_manager, own, release_adopted};
use crate::live::judge::judge;
use crate::live::refusal::{Cause, causes};
use crate::live::request::{Write, exists, write};
use crate::live::target::{Wanted, path_of};
use crate::live::{warning, webhook};

/// What was seen of one object.
pub(super) struct Seen {
    pub entry: Entry,
    pub findings: Vec<Finding>,
    /// The object as the cluster has it.
    pub live: Option<Value>,
    /// Whether fields that others own with the very same value become ours.
    pub shares: bool,
}

impl Seen {
    fn new(entry: Entry) -> Self {
        Self { entry, findings: Vec::new(), live: None, shares: false }
    }
}

impl Prepare<'_> {
    /// Looks at one object; asks the server where that is not enough to tell.
    pub(super) async fn look(&self, wanted: &Wanted, live: Option<Value>) -> Result<Seen> {
        let mut reference = wanted.object.reference();
        reference.namespace.clone_from(&wanted.namespace);
        let mut seen = Seen::new(Entry::new(reference, Action::Create));
        let Some(path) = &wanted.path else {
            self.without_kind(wanted, &mut seen);
            return Ok(seen);
        };
        let Some(live) = live else {
            match wanted.namespace.as_ref().and_then(|namespace| self.absent_namespaces.get(namespace)) {
                Some(true) => {
                    seen.entry.reasons.push("its namespace comes with the release".to_owned());
                    self.look_elsewhere(wanted, &mut seen).await?;
                }
                _ => self.look_at_new(wanted, path, &mut seen).await?,
            }
            return Ok(seen);
        };
        let text = |name: &str| live["metadata"][name].as_str().map(ToOwned::to_owned);
        (seen.entry.resource_version, seen.entry.uid, seen.entry.state) = (text("resourceVersion"), text("uid"), state(&live));
        if text("deletionTimestamp").is_some() {
            seen.entry.reasons.push("it is being deleted, and is created anew once it is gone".to_owned());
            seen.live = Some(live);
            return Ok(seen);
        }
        if !self.thorough && is_unchanged(&wanted.value, &live) {
            seen.entry.action = Action::Unchanged;
        } else {
            self.compare(wanted, path, &live, &mut seen).await?;
        }
        seen.live = Some(live);
        Ok(seen)
    }

    fn without_kind(&self, wanted: &Wanted, seen: &mut Seen) {
        if self.coming_kinds.contains_key(&kind_of(wanted)) {
            seen.entry.reasons.push("its definition comes with the release".to_owned());
            return;
        }
        let object = &wanted.object;
        let cause = Cause::new("schema/unknown-kind", format!("the API server has no `{}` of `{}`", object.kind(), object.api_version()));
        let versions = self.target.resources.versions_of(object);
        let cause = if versions.is_empty() {
            Cause { path: Some("/kind".to_owned()), ..cause.hint("add its CustomResourceDefinition to the release") }
        } else {
            Cause { path: Some("/apiVersion".to_owned()), ..cause.hint(format!("use `{}`", versions.join("` or `"))) }
        };
        seen.findings.push(cause.error(wanted.object.reference()));
    }

    /// Lets the server judge an object whose namespace is not there yet in `default`, where nothing of its name may stand. Only what is said
    /// about the object itself counts: quotas and policies are each namespace's own.
    async fn look_elsewhere(&self, wanted: &Wanted, seen: &mut Seen) -> Result<()> {
        const ELSEWHERE: &str = "default";
        let Some(resource) = self.target.resources.get(&wanted.object) else { return Ok(()) };
        let path = path_of(resource, &wanted.object, Some(ELSEWHERE));
        if exists(&self.target.client, &path).await {
            return Ok(());
        }
        let mut value = wanted.value.clone();
        value["metadata"]["namespace"] = ELSEWHERE.into();
        let mut judgement = judge(&self.target.client, Write::DryApply, &path, &value).await?;
        judgement.causes.retain(|cause| cause.rule.starts_with("schema/") && cause.rule != "schema/forbidden");
        if !judgement.causes.is_empty() {
            self.refuse(wanted, judgement.causes, seen);
        }
        Ok(())
    }

    async fn look_at_new(&self, wanted: &Wanted, path: &str, seen: &mut Seen) -> Result<()> {
        let judgement = judge(&self.target.client, Write::DryApply, path, &wanted.value).await?;
        if judgement.causes.is_empty() {
            Self::warn(&judgement.warnings, wanted, seen);
            return Ok(());
        }
        self.refuse(wanted, judgement.causes, seen);
        Ok(())
    }

    async fn compare(&self, wanted: &Wanted, path: &str, live: &Value, seen: &mut Seen) -> Result<()> {
        if let Some(other) = other_deliverer(live, &self.id) {
            seen.entry.conflicts.push(Conflict { field: other.mark, manager: other.name });
        }
        let mut answer = write(&self.target.client, Write::DryApplyOwn, path, &wanted.value).await?;
        if let Some(conflicts) = conflicts(&answer.status()).filter(|_| answer.code == 409) {
            answer = write(&self.target.client, Write::DryApply, path, &wanted.value).await?;
            let result = answer.object();
            let foreign = conflicts.into_iter().filter(|conflict| !is_adopted_manager(&conflict.manager));
            // A list that is owned as a whole conflicts with its own defaults: nothing would change.
            let (same, differ): (Vec<_>, Vec<_>) =
                foreign.partition(|conflict| answer.is_good() && is_same(&conflict.field, live, &result));
            seen.shares = !same.is_empty();
            seen.entry.conflicts.extend(differ);
        }
        let custom = self.custom_kinds(wanted).await?;
        let place = Place::root(self.definitions, &custom, wanted.object.api_version(), wanted.object.kind());
        if !answer.is_good() {
            let named = causes(&answer.status(), &wanted.value);
            if is_unheard(&named) {
                seen.entry.changes = diff_of_written(live, &wanted.value, place);
                self.refuse(wanted, named, seen);
            } else if is_about_the_change(self.target, wanted, &named).await? {
                seen.entry.changes = diff_of_written(live, &wanted.value, place);
                Self::replace(wanted, &named, seen);
            } else {
                // The whole list, each with its place.
                let judged = judge(&self.target.client, Write::DryApply, path, &wanted.value).await?;
                self.refuse(wanted, if judged.causes.is_empty() { named } else { judged.causes }, seen);
            }
            return Ok(());
        }
        let mut result = answer.object();
        let ownership = own(live).map(|entry| &entry["fieldsV1"]) != own(&result).map(|entry| &entry["fieldsV1"]);
        let adopted = adopted_managers(live);
        if !adopted.is_empty() {
            let fresh = self.fresh(wanted, path).await?;
            release_adopted(&mut result, fresh.as_ref());
        }
        seen.entry.changes = diff(live, &result, place);
        if !adopted.is_empty() {
            seen.entry.reasons.push(format!("fields of `{}` become ours", adopted.join("`, `")));
        } else if seen.entry.changes.is_empty() && ownership {
            seen.entry.reasons.push("the values stay, and become ours as well".to_owned());
        }
        let same = seen.entry.changes.is_empty() && !ownership && adopted.is_empty();
        seen.entry.action = if same { Action::Unchanged } else { Action::Change };
        Self::warn(&answer.warnings, wanted, seen);
        Ok(())
    }

    /// The object as it would be if it were created now: a dry run under another name. None where that is refused.
    async fn fresh(&self, wanted: &Wanted, path: &str) -> Result<Option<Value>> {
        const NAME: &str = "manifestgen-probe";
        let Some((collection, _)) = path.rsplit_once('/') else { return Ok(None) };
        let mut value = wanted.value.clone();
        value["metadata"]["name"] = NAME.into();
        let answer = write(&self.target.client, Write::DryApply, &format!("{collection}/{NAME}"), &value).await?;
        Ok(answer.is_good().then(|| answer.object()))
    }

    fn replace(wanted: &Wanted, named: &[Cause], seen: &mut Seen) {
        if !may_be_replaced(&wanted.value) {
            let kind = wanted.object.kind();
            let hint = format!("a {kind} is never deleted in order to be created anew; keep the value, or move to a new {kind} by hand");
            let causes = named.iter().map(|cause| cause.clone().hint(hint.clone()));
            seen.findings.extend(causes.map(|cause| cause.error(wanted.object.reference())));
            seen.entry.action = Action::Change;
            return;
        }
        seen.entry.action = Action::Replace;
        seen.entry.fixed.extend(named.iter().filter_map(|cause| cause.path.clone()));
        seen.entry.reasons.extend(named.iter().map(|cause| {
            let field = cause.path.as_deref().map(|path| format!("`{path}`: ")).unwrap_or_default();
            format!("{field}{}", cause.message)
        }));
    }

    fn refuse(&self, wanted: &Wanted, causes: Vec<Cause>, seen: &mut Seen) {
        // What the present definition says against an object that the new one is for says nothing.
        if let Some(true) = self.coming_kinds.get(&kind_of(wanted)) {
            let said = causes.iter().map(|cause| cause.message.as_str()).collect::<Vec<_>>().join("; ");
            seen.entry.reasons.push(format!("its definition changes with the release; the present one refuses it: {said}"));
            if seen.entry.uid.is_some() {
                seen.entry.action = Action::Change;
            }
            return;
        }
        if seen.entry.uid.is_some() {
            seen.entry.action = Action::Change;
        }
        // Applying waits for the webhook, which may even come with the release.
        let severity = if is_unheard(&causes) { Cause::warning } else { Cause::error };
        seen.findings.extend(causes.into_iter().map(|cause| severity(cause, wanted.object.reference())));
    }

    fn warn(warnings: &[String], wanted: &Wanted, seen: &mut Seen) {
        let causes = warnings.iter().flat_map(|text| warning::causes(text, &wanted.value));
        seen.findings.extend(causes.map(|cause| cause.warning(wanted.object.reference())));
    }
}

/// Whether the server could say nothing about an object, because a webhook does not answer.
fn is_unheard(causes: &[Cause]) -> bool {
    causes.iter().any(|cause| cause.rule == webhook::RULE)
}

/// Whether a field, in the notation of structured-merge-diff, has the same value in both.
fn is_same(field: &str, live: &Value, result: &Value) -> bool {
    let value = |object: &Value| pointer(field, object).and_then(|pointer| object.pointer(&pointer).cloned());
    value(live).is_some_and(|now| value(result) == Some(now))
}

pub(super) fn kind_of(wanted: &Wanted) -> (String, String) {
    (wanted.object.api_version().to_owned(), wanted.object.kind().to_owned())
}

/// The fields that others own, from a refusal of server-side apply; none when it was refused for another reason.
pub(in crate::live) fn conflicts(status: &Status) -> Option<Vec<Conflict>> {
    let causes = &status.details.as_ref()?.causes;
    let conflicts: Vec<_> = causes
        .iter()
        .filter(|cause| cause.reason == "FieldManagerConflict")
        .map(|cause| Conflict { field: cause.field.clone(), manager: manager_in(&cause.message) })
        .collect();
    (!conflicts.is_empty()).then_some(conflicts)
}

/// `conflict with "kubectl-edit" using apps/v1` (k8s.io/apimachinery/pkg/util/managedfields/internal/conflict.go).
fn manager_in(message: &str) -> String {
    let quoted = message.split_once('"').and_then(|(_, rest)| rest.split_once('"'));
    quoted.map_or_else(|| message.to_owned(), |(name, _)| name.to_owned())
}

/// Namespaces that are not there, and whether the release brings them.
pub(super) type AbsentNamespaces = BTreeMap<String, bool>;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn conflicts_name_field_and_manager() {
        let status = json!({"code": 409, "reason": "Conflict", "details": {"causes": [
            {"reason": "FieldManagerConflict", "field": ".spec.replicas", "message": "conflict with \"kube-controller-manager\" with subresource \"scale\" using apps/v1"},
        ]}});
        let status: Status = serde_json::from_value(status).expect("a Status");
        let found = conflicts(&status).expect("a conflict");
        assert_eq!(found, [Conflict { field: ".spec.replicas".to_owned(), manager: "kube-controller-manager".to_owned() }]);
        assert_eq!(conflicts(&Status::default()), None);
    }
}
