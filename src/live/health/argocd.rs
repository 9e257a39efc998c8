//! What Argo CD says of its Applications and ApplicationSets.

use serde::Serialize;
use serde_json::Value;

use super::{Health, State, condition, message_of};

/// How many conditions are said: a shared resource is one each.
const SHOWN: usize = 3;

/// What Argo CD itself says of an Application (`ApplicationStatus` in argo-cd/pkg/apis/application/v1alpha1/types.go).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ApplicationStatus {
    /// `Synced`, `OutOfSync` or `Unknown`; none before Argo CD has looked at it.
    pub sync: Option<String>,
    /// `Healthy`, `Progressing`, `Degraded`, `Suspended`, `Missing` or `Unknown`; none before Argo CD has looked at it.
    pub health: Option<String>,
    /// The phase of its last operation: `Running`, `Terminating`, `Failed`, `Error` or `Succeeded`.
    pub operation: Option<String>,
    /// What is wrong with it, such as `ComparisonError`, or would be, such as `SharedResourceWarning`.
    pub conditions: Vec<ApplicationCondition>,
}

/// One of its conditions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ApplicationCondition {
    /// Its type.
    pub r#type: String,
    /// What it says.
    pub message: String,
}

impl ApplicationStatus {
    /// Of an Application; none of another object.
    pub(in crate::live) fn of(object: &Value) -> Option<Self> {
        let group = object["apiVersion"].as_str()?.split_once('/')?.0;
        ((group, object["kind"].as_str()?) == ("argoproj.io", "Application")).then(|| Self::read(object))
    }

    fn read(object: &Value) -> Self {
        let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).map(ToOwned::to_owned);
        let conditions = object.pointer("/status/conditions").and_then(Value::as_array).into_iter().flatten();
        let condition = |condition: &Value| {
            Some(ApplicationCondition { r#type: condition["type"].as_str()?.to_owned(), message: message_of(condition) })
        };
        let mut conditions: Vec<_> = conditions.filter_map(condition).collect();
        // What is broken before what may be.
        conditions.sort_by_key(|condition| !condition.r#type.ends_with("Error"));
        Self {
            sync: text("/status/sync/status"),
            health: text("/status/health/status"),
            operation: text("/status/operationState/phase"),
            conditions,
        }
    }
}

/// Health, sync, conditions and the last operation of an Application.
pub(super) fn application(object: &Value) -> State {
    let status = ApplicationStatus::read(object);
    let (Some(health), Some(sync)) = (status.health.as_deref(), status.sync.as_deref()) else {
        return State::in_progress("Argo CD has not looked at it yet");
    };
    let phase = status.operation.as_deref().unwrap_or_default();
    let mut said = vec![format!("sync {sync}, health {health}")];
    said.extend(status.conditions.iter().take(SHOWN).map(|condition| condition.message.clone()));
    if status.conditions.len() > SHOWN {
        said.push(format!("and {} more conditions", status.conditions.len() - SHOWN));
    }
    if !status.conditions.iter().any(|condition| condition.r#type.ends_with("Error")) && matches!(phase, "Failed" | "Error" | "Running") {
        said.extend(object.pointer("/status/operationState/message").and_then(Value::as_str).map(ToOwned::to_owned));
    }
    said.extend(failing_resource(object));
    let said = said.join("; ");
    match (health, sync, phase) {
        (_, _, "Failed" | "Error") | ("Degraded", _, _) => State::failed(said),
        ("Suspended", ..) => State::new(Health::Suspended, said),
        ("Healthy", "Synced", _) if status.conditions.is_empty() => State::CURRENT,
        // Two Applications that want the same object, for one: it runs, and somebody should know.
        ("Healthy", "Synced", _) => State::new(Health::Current, said),
        _ => State::in_progress(said),
    }
}

/// The first resource of an Application that is not well: of its tree, or of its last sync.
fn failing_resource(object: &Value) -> Option<String> {
    let list = |pointer: &str| object.pointer(pointer).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let name = |resource: &Value| {
        let text = |field: &str| resource[field].as_str().unwrap_or_default();
        let namespace = if text("namespace").is_empty() { String::new() } else { format!("{}/", text("namespace")) };
        format!("{} `{namespace}{}`", text("kind"), text("name"))
    };
    let synced = list("/status/operationState/syncResult/resources");
    let failed = synced.iter().find(|resource| matches!(resource["status"].as_str(), Some("SyncFailed")));
    if let Some(failed) = failed {
        return Some(format!("{}: {}", name(failed), failed["message"].as_str().unwrap_or("sync failed")));
    }
    let sick = |wanted: &str| list("/status/resources").iter().find(|resource| resource["health"]["status"] == wanted);
    let sick = sick("Degraded").or_else(|| sick("Missing")).or_else(|| sick("Progressing"))?;
    let message = sick["health"]["message"].as_str().or_else(|| sick["health"]["status"].as_str()).unwrap_or_default();
    Some(format!("{}: {message}", name(sick)))
}

/// Conditions of an ApplicationSet, in the order in which Argo CD's own health check looks at them
/// (argo-cd/resource_customizations/argoproj.io/ApplicationSet/health.lua).
pub(super) fn application_set(object: &Value) -> State {
    let with = |kind: &str, status: &str| condition(object, kind).filter(|condition| condition["status"] == status);
    if let Some(wrong) = with("ErrorOccurred", "True").or_else(|| with("ResourcesUpToDate", "False")) {
        return State::failed(message_of(wrong));
    }
    if let Some(rollout) = with("RolloutProgressing", "True") {
        return State::in_progress(message_of(rollout));
    }
    match with("ResourcesUpToDate", "True") {
        Some(_) => State::CURRENT,
        None => State::in_progress("Argo CD has not looked at it yet"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::live::health::state_of;

    #[track_caller]
    fn check(kind: &str, status: Value, health: Health, message: &str) {
        let state = state_of(&json!({"apiVersion": "argoproj.io/v1alpha1", "kind": kind, "status": status}));
        assert_eq!((state.health, state.message.as_deref().unwrap_or_default()), (health, message));
    }

    #[test]
    fn applications_say_what_fails() {
        check("Application", json!({}), Health::InProgress, "Argo CD has not looked at it yet");
        check("Application", json!({"health": {"status": "Healthy"}, "sync": {"status": "Synced"}}), Health::Current, "");
        let degraded = json!({
            "health": {"status": "Degraded"}, "sync": {"status": "Synced"},
            "resources": [{"kind": "Deployment", "namespace": "web", "name": "app", "health": {"status": "Degraded", "message": "deadline"}}],
        });
        check("Application", degraded, Health::Failed, "sync Synced, health Degraded; Deployment `web/app`: deadline");
        let broken = json!({
            "health": {"status": "Healthy"}, "sync": {"status": "Unknown"},
            "conditions": [{"type": "ComparisonError", "message": "repository not found"}],
        });
        check("Application", broken, Health::InProgress, "sync Unknown, health Healthy; repository not found");
    }

    #[test]
    fn a_resource_that_two_applications_want_is_said() {
        let shared = |number: usize| json!({"type": "SharedResourceWarning", "message": format!("ConfigMap/c{number} is part of applications argocd/a and argocd/b")});
        let status = |sync: &str, conditions: Vec<Value>| json!({"health": {"status": "Healthy"}, "sync": {"status": sync}, "conditions": conditions});
        check(
            "Application",
            status("Synced", vec![shared(1)]),
            Health::Current,
            "sync Synced, health Healthy; ConfigMap/c1 is part of applications argocd/a and argocd/b",
        );
        let error = json!({"type": "SyncError", "message": "it failed"});
        let many = status("OutOfSync", vec![shared(1), shared(2), error, shared(3), shared(4)]);
        check(
            "Application",
            many.clone(),
            Health::InProgress,
            "sync OutOfSync, health Healthy; it failed; ConfigMap/c1 is part of applications argocd/a and argocd/b; \
             ConfigMap/c2 is part of applications argocd/a and argocd/b; and 2 more conditions",
        );
        let read = ApplicationStatus::of(&json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "status": many}));
        let read = read.expect("an Application");
        assert_eq!((read.sync.as_deref(), read.health.as_deref(), read.operation), (Some("OutOfSync"), Some("Healthy"), None));
        assert_eq!(read.conditions.len(), 5);
        assert_eq!(ApplicationStatus::of(&json!({"apiVersion": "v1", "kind": "ConfigMap"})), None);
    }

    #[test]
    fn a_set_with_an_error_is_not_well() {
        let condition = |kind: &str, status: &str| json!({"type": kind, "status": status, "message": format!("{kind} is {status}")});
        let set = |conditions: &[Value]| json!({"conditions": conditions});
        check("ApplicationSet", json!({}), Health::InProgress, "Argo CD has not looked at it yet");
        let good = [condition("ErrorOccurred", "False"), condition("ParametersGenerated", "True"), condition("ResourcesUpToDate", "True")];
        check("ApplicationSet", set(&good), Health::Current, "");
        let wrong = [condition("ResourcesUpToDate", "True"), condition("ErrorOccurred", "True")];
        check("ApplicationSet", set(&wrong), Health::Failed, "ErrorOccurred is True");
        check("ApplicationSet", set(&[condition("ResourcesUpToDate", "False")]), Health::Failed, "ResourcesUpToDate is False");
        let rolling = [condition("RolloutProgressing", "True"), condition("ResourcesUpToDate", "True")];
        check("ApplicationSet", set(&rolling), Health::InProgress, "RolloutProgressing is True");
    }
}
