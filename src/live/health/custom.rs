//! Custom resources whose status says more than a `Ready` condition.

use serde_json::Value;

use super::{State, argocd, condition, message_of};

pub(super) fn custom(group: &str, kind: &str, object: &Value) -> Option<State> {
    match (group, kind) {
        ("argoproj.io", "Application") => Some(argocd::application(object)),
        ("argoproj.io", "ApplicationSet") => Some(argocd::application_set(object)),
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
    use crate::live::health::Health;

    #[track_caller]
    fn check(group: &str, kind: &str, object: Value, health: Health, message: &str) {
        let state = custom(group, kind, &object).expect("a kind with rules of its own");
        assert_eq!((state.health, state.message.as_deref().unwrap_or_default()), (health, message));
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
