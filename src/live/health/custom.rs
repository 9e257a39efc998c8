//! Custom resources whose status says more than a `Ready` condition.

use serde_json::Value;

use super::{Health, State, condition, message_of};

pub(super) fn custom(group: &str, kind: &str, object: &Value) -> Option<State> {
    match (group, kind) {
        ("argoproj.io", "Application") => Some(application(object)),
        ("cert-manager.io", "Certificate" | "Issuer" | "ClusterIssuer") => Some(certificate(object)),
        ("helm.cattle.io", "HelmChart") => Some(helm_chart(object)),
        ("upgrade.cattle.io", "Plan") => Some(upgrade_plan(object)),
        ("gateway.networking.k8s.io", "Gateway") => Some(super::required(object, "Programmed")),
        ("gateway.networking.k8s.io", "GatewayClass") => Some(super::required(object, "Accepted")),
        ("gateway.networking.k8s.io", _) => Some(route(object)),
        ("autoscaling", "HorizontalPodAutoscaler") => Some(autoscaler(object)),
        _ => None,
    }
}

/// Health, sync and the last operation of an Argo CD Application (`ApplicationStatus` in argo-cd/pkg/apis/application/v1alpha1/types.go).
fn application(object: &Value) -> State {
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str);
    let (Some(health), Some(sync)) = (text("/status/health/status"), text("/status/sync/status")) else {
        return State::in_progress("Argo CD has not looked at it yet");
    };
    let phase = text("/status/operationState/phase").unwrap_or_default();
    let mut said = vec![format!("sync {sync}, health {health}")];
    if let Some(condition) = object
        .pointer("/status/conditions")
        .and_then(Value::as_array)
        .and_then(|conditions| conditions.iter().find(|condition| condition["type"].as_str().is_some_and(|kind| kind.ends_with("Error"))))
    {
        said.push(message_of(condition));
    } else if let Some(message) = text("/status/operationState/message").filter(|_| matches!(phase, "Failed" | "Error" | "Running")) {
        said.push(message.to_owned());
    }
    said.extend(failing_resource(object));
    let said = said.join("; ");
    match (health, sync, phase) {
        (_, _, "Failed" | "Error") | ("Degraded", _, _) => State::failed(said),
        ("Suspended", ..) => State::new(Health::Suspended, said),
        ("Healthy", "Synced", _) => State::CURRENT,
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

/// `Ready`, which cert-manager sets on everything; without it nobody has looked yet.
fn certificate(object: &Value) -> State {
    if let Some(issuing) = condition(object, "Issuing").filter(|condition| condition["status"] == "True") {
        return State::in_progress(message_of(issuing));
    }
    // Issuing failed and is tried again later: `lastFailureTime` stands until it works.
    match condition(object, "Ready") {
        Some(ready) if ready["status"] == "True" => State::CURRENT,
        Some(ready) if object.pointer("/status/lastFailureTime").is_some() => State::failed(message_of(ready)),
        Some(ready) => State::in_progress(message_of(ready)),
        None => State::in_progress("cert-manager has not looked at it yet"),
    }
}

/// k3s' Helm controller runs a Job and notes its name (`HelmChartStatus` in k3s-io/helm-controller/pkg/apis/helm.cattle.io/v1/types.go).
fn helm_chart(object: &Value) -> State {
    if let Some(failed) = condition(object, "Failed").filter(|condition| condition["status"] == "True") {
        return State::failed(message_of(failed));
    }
    match object.pointer("/status/jobName").and_then(Value::as_str).filter(|name| !name.is_empty()) {
        Some(_) => State::CURRENT,
        None => State::in_progress("the Helm controller has not started its Job yet"),
    }
}

/// system-upgrade-controller: `Complete` once every node has been through (`PlanStatus` in rancher/system-upgrade-controller).
fn upgrade_plan(object: &Value) -> State {
    for kind in ["Validated", "LatestResolved"] {
        if let Some(bad) = condition(object, kind).filter(|condition| condition["status"] == "False") {
            return State::failed(message_of(bad));
        }
    }
    let applying: Vec<_> =
        object.pointer("/status/applying").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    if !applying.is_empty() {
        return State::in_progress(format!("it upgrades `{}`", applying.join("`, `")));
    }
    match condition(object, "LatestResolved") {
        Some(_) => State::CURRENT,
        None => State::in_progress("the upgrade controller has not looked at it yet"),
    }
}

/// Routes have their conditions under each parent (gateway.networking.k8s.io `RouteParentStatus`).
fn route(object: &Value) -> State {
    let parents = object.pointer("/status/parents").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let wants_parents = object.pointer("/spec/parentRefs").is_some();
    if parents.is_empty() && wants_parents {
        return State::in_progress("no Gateway has taken it yet");
    }
    let conditions = parents.iter().filter_map(|parent| parent["conditions"].as_array()).flatten();
    let bad = conditions.filter(|condition| matches!(condition["type"].as_str(), Some("Accepted" | "ResolvedRefs")));
    bad.into_iter()
        .find(|condition| condition["status"] == "False")
        .map_or(State::CURRENT, |condition| State::in_progress(message_of(condition)))
}

fn autoscaler(object: &Value) -> State {
    match condition(object, "AbleToScale").filter(|condition| condition["status"] == "False") {
        Some(condition) => State::in_progress(message_of(condition)),
        None => State::CURRENT,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(group: &str, kind: &str, object: Value, health: Health, message: &str) {
        let state = custom(group, kind, &object).expect("a kind with rules of its own");
        assert_eq!((state.health, state.message.as_deref().unwrap_or_default()), (health, message));
    }

    #[test]
    fn applications_say_what_fails() {
        let application = |status: Value| json!({"status": status});
        check("argoproj.io", "Application", application(json!({})), Health::InProgress, "Argo CD has not looked at it yet");
        let good = json!({"health": {"status": "Healthy"}, "sync": {"status": "Synced"}});
        check("argoproj.io", "Application", application(good), Health::Current, "");
        let degraded = json!({
            "health": {"status": "Degraded"}, "sync": {"status": "Synced"},
            "resources": [{"kind": "Deployment", "namespace": "web", "name": "app", "health": {"status": "Degraded", "message": "deadline"}}],
        });
        check(
            "argoproj.io",
            "Application",
            application(degraded),
            Health::Failed,
            "sync Synced, health Degraded; Deployment `web/app`: deadline",
        );
        let broken = json!({
            "health": {"status": "Healthy"}, "sync": {"status": "Unknown"},
            "conditions": [{"type": "ComparisonError", "message": "repository not found"}],
        });
        check("argoproj.io", "Application", application(broken), Health::InProgress, "sync Unknown, health Healthy; repository not found");
    }

    #[test]
    fn certificates_charts_plans_and_routes() {
        let with = |kind: &str, status: &str| json!({"status": {"conditions": [{"type": kind, "status": status, "message": "so it is"}]}});
        check("cert-manager.io", "Certificate", with("Ready", "True"), Health::Current, "");
        check("cert-manager.io", "Certificate", with("Ready", "False"), Health::InProgress, "so it is");
        check("cert-manager.io", "Certificate", json!({}), Health::InProgress, "cert-manager has not looked at it yet");
        check("helm.cattle.io", "HelmChart", with("Failed", "True"), Health::Failed, "so it is");
        check("helm.cattle.io", "HelmChart", json!({"status": {"jobName": "helm-install-a"}}), Health::Current, "");
        check("upgrade.cattle.io", "Plan", json!({"status": {"applying": ["n1"]}}), Health::InProgress, "it upgrades `n1`");
        check("upgrade.cattle.io", "Plan", with("LatestResolved", "False"), Health::Failed, "so it is");
        check("upgrade.cattle.io", "Plan", with("LatestResolved", "True"), Health::Current, "");
        let route = json!({"spec": {"parentRefs": []}, "status": {"parents": [{"conditions": [{"type": "Accepted", "status": "False", "message": "no listener"}]}]}});
        check("gateway.networking.k8s.io", "HTTPRoute", route, Health::InProgress, "no listener");
    }
}
