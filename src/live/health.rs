//! Whether an object is what it should become: kstatus' rules, and those of common custom resources.
//!
//! Rules: sigs.k8s.io/cli-utils/pkg/kstatus/status (core.go, generic.go); the status of each kind as its API documents it.

mod argocd;
mod custom;
mod workload;

pub use argocd::{ApplicationCondition, ApplicationStatus};
pub(super) use workload::pod_trouble;

use serde_json::Value;

/// How an object fares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Health {
    /// As it should be.
    Current,
    /// On its way.
    InProgress,
    /// Held back on purpose: nothing moves until somebody lets it.
    Suspended,
    /// It will not get there by itself.
    Failed,
    /// Being deleted.
    Terminating,
    /// Not there.
    NotFound,
}

impl Health {
    /// The word of the JSON form.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::InProgress => "inProgress",
            Self::Suspended => "suspended",
            Self::Failed => "failed",
            Self::Terminating => "terminating",
            Self::NotFound => "notFound",
        }
    }

    /// Whether nothing more is to be waited for.
    #[must_use]
    pub const fn is_good(self) -> bool {
        matches!(self, Self::Current | Self::Suspended)
    }
}

/// A health and the reason for it, where it is not good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct State {
    pub health: Health,
    pub message: Option<String>,
}

impl State {
    pub(super) const CURRENT: Self = Self { health: Health::Current, message: None };

    fn new(health: Health, message: impl Into<String>) -> Self {
        Self { health, message: Some(message.into()) }
    }

    fn in_progress(message: impl Into<String>) -> Self {
        Self::new(Health::InProgress, message)
    }

    fn failed(message: impl Into<String>) -> Self {
        Self::new(Health::Failed, message)
    }
}

/// The state of an object as the cluster has it.
pub(super) fn state_of(object: &Value) -> State {
    if object.pointer("/metadata/deletionTimestamp").is_some() {
        return State::new(Health::Terminating, "it is being deleted");
    }
    // The controller has not seen the present spec yet. HelmCharts and Argo CD say so elsewhere, or not at all.
    let generation = object.pointer("/metadata/generation").and_then(Value::as_i64);
    let observed = object.pointer("/status/observedGeneration").and_then(Value::as_i64);
    if let (Some(generation), Some(observed)) = (generation, observed)
        && observed < generation
    {
        return State::in_progress("its controller has not seen the change yet");
    }
    let group = object["apiVersion"].as_str().and_then(|version| version.split_once('/')).map_or("", |(group, _)| group);
    let special = match (group, object["kind"].as_str().unwrap_or_default()) {
        ("", kind) => core(kind, object),
        ("apps", kind) => workload::apps(kind, object),
        ("batch", "Job") => Some(workload::job(object)),
        ("batch", "CronJob") | ("networking.k8s.io", "Ingress") => Some(State::CURRENT),
        ("policy", "PodDisruptionBudget") => Some(disruption_budget(object)),
        ("apiextensions.k8s.io", _) => Some(definition(object)),
        ("apiregistration.k8s.io", _) => Some(required(object, "Available")),
        (group, kind) => custom::custom(group, kind, object),
    };
    special.unwrap_or_else(|| generic(object))
}

fn core(kind: &str, object: &Value) -> Option<State> {
    let phase = object.pointer("/status/phase").and_then(Value::as_str).unwrap_or_default();
    Some(match kind {
        "Pod" => workload::pod(object),
        "PersistentVolumeClaim" => match phase {
            "Bound" => State::CURRENT,
            "Lost" => State::failed("its PersistentVolume is lost"),
            _ => State::in_progress("it is not bound to a PersistentVolume"),
        },
        "Service" => service(object),
        "ReplicationController" => return workload::apps("ReplicaSet", object),
        _ => return None,
    })
}

fn service(object: &Value) -> State {
    let spec = &object["spec"];
    let has_address =
        object.pointer("/status/loadBalancer/ingress").and_then(Value::as_array).is_some_and(|addresses| !addresses.is_empty());
    if spec["type"] == "LoadBalancer" && !has_address {
        return State::in_progress("it has no external address");
    }
    State::CURRENT
}

fn disruption_budget(object: &Value) -> State {
    match number(object, "/status/currentHealthy").zip(number(object, "/status/desiredHealthy")) {
        Some((current, desired)) if current < desired => State::in_progress(format!("{current} of {desired} Pods are healthy")),
        _ => State::CURRENT,
    }
}

fn definition(object: &Value) -> State {
    if let Some(refused) = condition(object, "NamesAccepted").filter(|condition| condition["status"] == "False") {
        return State::failed(message_of(refused));
    }
    required(object, "Established")
}

/// A condition that must be there and true.
fn required(object: &Value, kind: &str) -> State {
    match condition(object, kind) {
        Some(condition) if condition["status"] == "True" => State::CURRENT,
        Some(condition) => State::in_progress(message_of(condition)),
        None => State::in_progress(format!("it is not {kind} yet")),
    }
}

/// The conditions that kstatus asks every kind to have: `Stalled`, `Reconciling`, `Ready`.
fn generic(object: &Value) -> State {
    let is_true = |kind: &str| condition(object, kind).filter(|condition| condition["status"] == "True");
    if let Some(stalled) = is_true("Stalled") {
        return State::failed(message_of(stalled));
    }
    if let Some(reconciling) = is_true("Reconciling") {
        return State::in_progress(message_of(reconciling));
    }
    match condition(object, "Ready") {
        Some(ready) if ready["status"] != "True" => State::in_progress(message_of(ready)),
        _ => State::CURRENT,
    }
}

pub(super) fn condition<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    object.pointer("/status/conditions")?.as_array()?.iter().find(|condition| condition["type"] == kind)
}

/// What a condition says: its message, or its reason where it has none.
pub(super) fn message_of(condition: &Value) -> String {
    let text = |name: &str| condition[name].as_str().map(str::trim).filter(|text| !text.is_empty());
    text("message")
        .or_else(|| text("reason"))
        .map_or_else(|| format!("{} is not reached", condition["type"].as_str().unwrap_or("it")), ToOwned::to_owned)
}

fn number(object: &Value, pointer: &str) -> Option<i64> {
    object.pointer(pointer).and_then(Value::as_i64)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(object: Value, health: Health, message: &str) {
        let state = state_of(&object);
        assert_eq!((state.health, state.message.as_deref().unwrap_or_default()), (health, message), "{object}");
    }

    fn of(api_version: &str, kind: &str, rest: Value) -> Value {
        let mut object = json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": "a", "generation": 2}});
        for (key, value) in rest.as_object().expect("a mapping") {
            object[key] = value.clone();
        }
        object
    }

    #[test]
    fn kinds_without_status_are_current() {
        for kind in ["ConfigMap", "Secret", "ServiceAccount", "Namespace"] {
            check(of("v1", kind, json!({})), Health::Current, "");
        }
        check(of("rbac.authorization.k8s.io/v1", "Role", json!({})), Health::Current, "");
    }

    #[test]
    fn an_unseen_change_is_in_progress() {
        check(
            of("example.com/v1", "X", json!({"status": {"observedGeneration": 1}})),
            Health::InProgress,
            "its controller has not seen the change yet",
        );
    }

    #[test]
    fn claims_services_and_budgets() {
        check(
            of("v1", "PersistentVolumeClaim", json!({"status": {"phase": "Pending"}})),
            Health::InProgress,
            "it is not bound to a PersistentVolume",
        );
        check(of("v1", "PersistentVolumeClaim", json!({"status": {"phase": "Bound"}})), Health::Current, "");
        check(
            of("v1", "Service", json!({"spec": {"type": "LoadBalancer"}, "status": {"loadBalancer": {}}})),
            Health::InProgress,
            "it has no external address",
        );
        check(of("v1", "Service", json!({"spec": {"type": "ClusterIP"}})), Health::Current, "");
        let budget = json!({"status": {"observedGeneration": 2, "currentHealthy": 1, "desiredHealthy": 2}});
        check(of("policy/v1", "PodDisruptionBudget", budget), Health::InProgress, "1 of 2 Pods are healthy");
    }

    #[test]
    fn conditions_of_any_kind() {
        let with = |kind: &str, status: &str| {
            of("example.com/v1", "X", json!({"status": {"conditions": [{"type": kind, "status": status, "message": "so it is"}]}}))
        };
        check(with("Ready", "False"), Health::InProgress, "so it is");
        check(with("Ready", "True"), Health::Current, "");
        check(with("Stalled", "True"), Health::Failed, "so it is");
        check(with("Reconciling", "True"), Health::InProgress, "so it is");
    }

    #[test]
    fn what_goes_is_terminating() {
        let mut object = of("v1", "ConfigMap", json!({}));
        object["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z".into();
        check(object, Health::Terminating, "it is being deleted");
    }
}
