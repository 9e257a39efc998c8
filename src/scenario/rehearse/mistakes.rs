//! What an API server lets through and people still regret: read off the plan from the old release to the new one.

use serde_json::Value;

use super::stays;
use crate::diag::{Finding, ObjectRef};
use crate::live::{Action, Entry, Plan};
use crate::manifest::{Object, Release};

/// Mistakes that show in the plan.
pub(super) fn of_plan(plan: &Plan, old: &Release, new: &Release) -> Vec<Finding> {
    let mut findings = Vec::new();
    for entry in &plan.entries {
        match entry.action {
            Action::Replace => {
                let finding =
                    Finding::error("rehearse/replace", format!("it must be deleted and created anew: {}", entry.reasons.join("; ")))
                        .with_object(entry.object.clone())
                        .with_hint("keep the field, give the object another name, or apply with `--replace` and bear that it is away");
                findings.push(entry.fixed.first().into_iter().fold(finding, Finding::with_path));
            }
            Action::Keep => findings.push(Finding::warning("rehearse/kept", entry.reasons.join("; ")).with_object(entry.object.clone())),
            _ => {}
        }
        if let (true, Some(before), Some(after)) = (stays(entry.action), find(old, &entry.object), find(new, &entry.object)) {
            ports(entry, before, after, &mut findings);
            claim(entry, before, after, &mut findings);
            stateful_set(entry, before, after, &mut findings);
        }
        if matches!(entry.action, Action::Delete | Action::Keep) {
            deletion(entry, old, new, &mut findings);
        }
    }
    findings
}

/// What a release that was just applied still wants to change.
pub(super) fn of_second_plan(plan: &Plan) -> Vec<Finding> {
    let restless = plan.entries.iter().filter(|entry| entry.action.is_difference()).map(|entry| {
        let fields: Vec<_> = entry.changes.iter().map(|change| change.path.as_str()).collect();
        let what = if fields.is_empty() { String::new() } else { format!(": `{}`", fields.join("`, `")) };
        Finding::error("rehearse/not-stable", format!("applied a second time, it would be written again{what}"))
            .with_object(entry.object.clone())
            .with_hint("the server drops or rewrites what the release says; a schema that lost a field does that")
    });
    restless.chain(plan.findings.iter().cloned()).collect()
}

fn find<'a>(release: &'a Release, reference: &ObjectRef) -> Option<&'a Object> {
    release.objects().iter().find(|object| {
        let namespace = object.namespace().is_none_or(|own| Some(own) == reference.namespace.as_deref());
        object.kind() == reference.kind && object.name() == reference.name && namespace && group(reference) == object.group()
    })
}

fn group(reference: &ObjectRef) -> &str {
    reference.api_version.split_once('/').map_or("", |(group, _)| group)
}

fn list<'a>(object: &'a Object, pointer: &str) -> &'a [Value] {
    object.pointer(pointer).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// Whoever connects from outside knows the number, not the Service.
fn ports(entry: &Entry, before: &Object, after: &Object, findings: &mut Vec<Finding>) {
    if before.kind() != "Service" || !before.group().is_empty() {
        return;
    }
    let mut said = |field: String, message: String| {
        findings.push(
            Finding::error("rehearse/port", message)
                .with_object(entry.object.clone())
                .with_path(field)
                .with_hint("keep the number, or add the new one beside it and take the old one away in a later release"),
        );
    };
    for old in list(before, "/spec/ports") {
        let named = |port: &&Value| port["name"] == old["name"];
        let now = list(after, "/spec/ports").iter().position(|port| named(&port));
        let name = old["name"].as_str().unwrap_or("its only port");
        let Some(index) = now else {
            said("/spec/ports".to_owned(), format!("the port `{name}` goes, and with it whoever connects to it"));
            continue;
        };
        let new = &list(after, "/spec/ports")[index];
        for field in ["port", "nodePort"] {
            if !old[field].is_null() && old[field] != new[field] {
                let now = if new[field].is_null() { "one that the server chooses".to_owned() } else { new[field].to_string() };
                said(format!("/spec/ports/{index}/{field}"), format!("the {field} of `{name}` changes from {} to {now}", old[field]));
            }
        }
    }
    let kind = |object: &Object| object.pointer("/spec/type").and_then(Value::as_str).unwrap_or("ClusterIP").to_owned();
    let (old, new) = (kind(before), kind(after));
    if old != new && matches!(old.as_str(), "NodePort" | "LoadBalancer") {
        said("/spec/type".to_owned(), format!("the type changes from {old} to {new}: it cannot be reached from outside any more"));
    }
}

/// A class that is written down only later would need another volume.
fn claim(entry: &Entry, before: &Object, after: &Object, findings: &mut Vec<Finding>) {
    if before.kind() != "PersistentVolumeClaim" {
        return;
    }
    let class = |object: &Object| object.pointer("/spec/storageClassName").cloned().unwrap_or_default();
    if class(before) != class(after) {
        findings.push(
            Finding::error("rehearse/claim", "the storage class changes: a bound claim keeps its volume, and the server refuses another")
                .with_object(entry.object.clone())
                .with_path("/spec/storageClassName"),
        );
    }
}

/// Scaling a StatefulSet down leaves claims behind that the next scale-up finds again, old data and all.
fn stateful_set(entry: &Entry, before: &Object, after: &Object, findings: &mut Vec<Finding>) {
    let replicas = |object: &Object| object.pointer("/spec/replicas").and_then(Value::as_i64).unwrap_or(1);
    if before.kind() == "StatefulSet" && replicas(after) < replicas(before) && !list(before, "/spec/volumeClaimTemplates").is_empty() {
        findings.push(
            Finding::warning("rehearse/claims-left", "fewer replicas: the claims of those that go stay, with their data")
                .with_object(entry.object.clone())
                .with_path("/spec/replicas"),
        );
    }
}

/// Things that others hold on to.
fn deletion(entry: &Entry, old: &Release, new: &Release, findings: &mut Vec<Finding>) {
    let Some(before) = find(old, &entry.object) else { return };
    // The same thing under another name has another address, and other labels choose it.
    let moved = new.objects().iter().find(|object| {
        object.kind() == before.kind()
            && object.group() == before.group()
            && object.name() == before.name()
            && object.namespace() != before.namespace()
    });
    if let Some(moved) = moved {
        let to = moved.namespace().unwrap_or("no namespace");
        findings.push(
            Finding::warning("rehearse/moved", format!("it moves to `{to}`: it is created there and deleted here, with what it holds"))
                .with_object(entry.object.clone()),
        );
    }
    if before.kind() == "StatefulSet" || before.kind() == "PersistentVolume" {
        findings.push(
            Finding::warning("rehearse/data", format!("the {} goes; its data stays behind unused, or goes with it", before.kind()))
                .with_object(entry.object.clone()),
        );
    }
    if before.kind() == "CustomResourceDefinition" {
        let (group, kind) = (before.pointer("/spec/group"), before.pointer("/spec/names/kind"));
        let is_one =
            |object: &&Object| Some(object.group()) == group.and_then(Value::as_str) && Some(object.kind()) == kind.and_then(Value::as_str);
        if let Some(left) = new.objects().iter().find(is_one) {
            findings.push(
                Finding::error(
                    "rehearse/definition",
                    format!("the definition of `{}` goes, and the release still has `{}`", left.kind(), left.name()),
                )
                .with_object(entry.object.clone()),
            );
        }
    }
}
