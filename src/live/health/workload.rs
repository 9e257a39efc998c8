//! Kinds that make Pods, and Pods.

use serde_json::Value;

use super::{Health, State, condition, message_of, number};

pub(super) fn apps(kind: &str, object: &Value) -> Option<State> {
    match kind {
        "Deployment" => Some(deployment(object)),
        "StatefulSet" => Some(stateful_set(object)),
        "DaemonSet" => Some(daemon_set(object)),
        "ReplicaSet" => Some(replica_set(object)),
        _ => None,
    }
}

/// A workload whose controller never looked at it has no `observedGeneration`.
fn unseen(object: &Value) -> Option<State> {
    number(object, "/status/observedGeneration").is_none().then(|| State::in_progress("its controller has not seen it yet"))
}

fn at(object: &Value, pointer: &str) -> i64 {
    number(object, pointer).unwrap_or(0)
}

fn deployment(object: &Value) -> State {
    if let Some(state) = unseen(object) {
        return state;
    }
    // Set once `progressDeadlineSeconds` (10 min) passed without progress.
    if let Some(progressing) = condition(object, "Progressing").filter(|condition| condition["reason"] == "ProgressDeadlineExceeded") {
        return State::failed(message_of(progressing));
    }
    let wanted = number(object, "/spec/replicas").unwrap_or(1);
    if object.pointer("/spec/paused") == Some(&Value::Bool(true)) {
        return State::new(Health::Suspended, "it is paused");
    }
    let (updated, all, available) =
        (at(object, "/status/updatedReplicas"), at(object, "/status/replicas"), at(object, "/status/availableReplicas"));
    if updated < wanted {
        // No Pod could be made: quotas, PodSecurity.
        if let Some(failure) = condition(object, "ReplicaFailure").filter(|condition| condition["status"] == "True") {
            return State::in_progress(format!("Pods cannot be created: {}", message_of(failure)));
        }
        return State::in_progress(format!("{updated} of {wanted} Pods are updated"));
    }
    if all > updated {
        return State::in_progress(format!("{} old Pods are still there", all - updated));
    }
    if available < wanted {
        return State::in_progress(format!("{available} of {wanted} Pods are available"));
    }
    State::CURRENT
}

fn stateful_set(object: &Value) -> State {
    if let Some(state) = unseen(object) {
        return state;
    }
    let wanted = number(object, "/spec/replicas").unwrap_or(1);
    let (ready, current, updated) =
        (at(object, "/status/readyReplicas"), at(object, "/status/currentReplicas"), at(object, "/status/updatedReplicas"));
    // Somebody deletes the Pods by hand then: the controller is done.
    if object.pointer("/spec/updateStrategy/type").is_some_and(|strategy| strategy == "OnDelete") {
        return State::CURRENT;
    }
    if ready < wanted {
        return State::in_progress(format!("{ready} of {wanted} Pods are ready"));
    }
    let partition = at(object, "/spec/updateStrategy/rollingUpdate/partition");
    if partition > 0 {
        return match (wanted - partition).max(0) {
            due if updated < due => State::in_progress(format!("{updated} of {due} Pods are updated")),
            _ => State::CURRENT,
        };
    }
    if object.pointer("/status/currentRevision") != object.pointer("/status/updateRevision") && updated < wanted {
        return State::in_progress(format!("{updated} of {wanted} Pods are updated ({current} run the old revision)"));
    }
    State::CURRENT
}

fn daemon_set(object: &Value) -> State {
    if let Some(state) = unseen(object) {
        return state;
    }
    let wanted = at(object, "/status/desiredNumberScheduled");
    let steps = [
        ("scheduled", at(object, "/status/currentNumberScheduled")),
        ("updated", at(object, "/status/updatedNumberScheduled")),
        ("ready", at(object, "/status/numberReady")),
        ("available", at(object, "/status/numberAvailable")),
    ];
    let by_hand = object.pointer("/spec/updateStrategy/type").is_some_and(|strategy| strategy == "OnDelete");
    let late = steps.into_iter().filter(|(what, _)| !(by_hand && *what == "updated")).find(|(_, count)| *count < wanted);
    late.map_or(State::CURRENT, |(what, count)| State::in_progress(format!("{count} of {wanted} Pods are {what}")))
}

fn replica_set(object: &Value) -> State {
    if let Some(state) = unseen(object) {
        return state;
    }
    let wanted = number(object, "/spec/replicas").unwrap_or(1);
    if let Some(failure) = condition(object, "ReplicaFailure").filter(|condition| condition["status"] == "True") {
        return State::in_progress(format!("Pods cannot be created: {}", message_of(failure)));
    }
    match at(object, "/status/availableReplicas") {
        available if available < wanted => State::in_progress(format!("{available} of {wanted} Pods are available")),
        _ => State::CURRENT,
    }
}

/// A Job is current once it is done: who waits for a release waits for its migrations.
pub(super) fn job(object: &Value) -> State {
    let is_true = |kind: &str| condition(object, kind).filter(|condition| condition["status"] == "True");
    if let Some(failed) = is_true("Failed") {
        return State::failed(message_of(failed));
    }
    if is_true("Complete").is_some() {
        return State::CURRENT;
    }
    if is_true("Suspended").is_some() {
        return State::new(Health::Suspended, "it is suspended");
    }
    let (active, failed) = (at(object, "/status/active"), at(object, "/status/failed"));
    match (active, failed) {
        (0, 0) => State::in_progress("it has not started yet"),
        (_, 0) => State::in_progress("it runs"),
        (_, failed) => State::in_progress(format!("{failed} of its Pods failed")),
    }
}

pub(super) fn pod(object: &Value) -> State {
    let phase = object.pointer("/status/phase").and_then(Value::as_str).unwrap_or_default();
    match phase {
        "Succeeded" => State::CURRENT,
        "Failed" => State::failed(pod_trouble(object).unwrap_or_else(|| "it failed".to_owned())),
        _ => match condition(object, "Ready") {
            Some(ready) if ready["status"] == "True" => State::CURRENT,
            ready => {
                let trouble = pod_trouble(object).or_else(|| ready.map(message_of)).unwrap_or_else(|| "it is not ready".to_owned());
                State::in_progress(trouble)
            }
        },
    }
}

/// What keeps a Pod from running, in the words of its status: `container "app": ImagePullBackOff: …`.
pub(in crate::live) fn pod_trouble(pod: &Value) -> Option<String> {
    let unscheduled = condition(pod, "PodScheduled").filter(|condition| condition["status"] == "False");
    if let Some(unscheduled) = unscheduled {
        return Some(message_of(unscheduled));
    }
    let containers = ["/status/initContainerStatuses", "/status/containerStatuses"]
        .iter()
        .filter_map(|pointer| pod.pointer(pointer)?.as_array())
        .flatten();
    for container in containers {
        let name = container["name"].as_str().unwrap_or_default();
        let said = |state: &Value| {
            let reason = state["reason"].as_str()?;
            let code = state["exitCode"].as_i64().map(|code| format!(" (exit code {code})")).unwrap_or_default();
            let message = state["message"].as_str().map(|message| format!(": {}", message.trim())).unwrap_or_default();
            Some(format!("{reason}{code}{message}"))
        };
        let harmless = |reason: &str| matches!(reason, "ContainerCreating" | "PodInitializing" | "Completed");
        let waiting = &container["state"]["waiting"];
        if let Some(text) = said(waiting).filter(|_| !waiting["reason"].as_str().is_some_and(harmless)) {
            // Why it ended the last time says more than that it waits to be started again.
            let last = said(&container["lastState"]["terminated"]).map(|last| format!("; it ended with {last}")).unwrap_or_default();
            return Some(format!("container `{name}`: {text}{last}"));
        }
        let ended = &container["state"]["terminated"];
        if let Some(text) = said(ended).filter(|_| ended["exitCode"] != 0) {
            return Some(format!("container `{name}` ended: {text}"));
        }
    }
    let status = &pod["status"];
    status["message"].as_str().or_else(|| status["reason"].as_str()).map(ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(state: State, health: Health, message: &str) {
        assert_eq!((state.health, state.message.as_deref().unwrap_or_default()), (health, message));
    }

    #[test]
    fn a_deployment_goes_through_its_steps() {
        let deployment = |status: Value| deployment(&json!({"spec": {"replicas": 2}, "status": status}));
        check(deployment(json!({})), Health::InProgress, "its controller has not seen it yet");
        let step = |updated: i64, all: i64, available: i64| {
            deployment(json!({"observedGeneration": 1, "updatedReplicas": updated, "replicas": all, "availableReplicas": available}))
        };
        check(step(1, 2, 2), Health::InProgress, "1 of 2 Pods are updated");
        check(step(2, 3, 2), Health::InProgress, "1 old Pods are still there");
        check(step(2, 2, 1), Health::InProgress, "1 of 2 Pods are available");
        check(step(2, 2, 2), Health::Current, "");
        let late = json!({"observedGeneration": 1, "conditions": [{"type": "Progressing", "reason": "ProgressDeadlineExceeded", "message": "timed out progressing"}]});
        check(deployment(late), Health::Failed, "timed out progressing");
        let full =
            json!({"observedGeneration": 1, "conditions": [{"type": "ReplicaFailure", "status": "True", "message": "exceeded quota"}]});
        check(deployment(full), Health::InProgress, "Pods cannot be created: exceeded quota");
    }

    #[test]
    fn stateful_and_daemon_sets() {
        let set = json!({"spec": {"replicas": 2}, "status": {"observedGeneration": 1, "readyReplicas": 2, "updatedReplicas": 1, "currentReplicas": 1, "currentRevision": "a", "updateRevision": "b"}});
        check(stateful_set(&set), Health::InProgress, "1 of 2 Pods are updated (1 run the old revision)");
        let set = json!({"spec": {}, "status": {"observedGeneration": 1, "desiredNumberScheduled": 3, "currentNumberScheduled": 3, "updatedNumberScheduled": 3, "numberReady": 2}});
        check(daemon_set(&set), Health::InProgress, "2 of 3 Pods are ready");
    }

    #[test]
    fn jobs_are_current_when_done() {
        let job = |kind: &str| job(&json!({"status": {"conditions": [{"type": kind, "status": "True", "message": "so it is"}]}}));
        check(job("Complete"), Health::Current, "");
        check(job("Failed"), Health::Failed, "so it is");
        check(job("Suspended"), Health::Suspended, "it is suspended");
        check(super::job(&json!({"status": {"active": 1}})), Health::InProgress, "it runs");
    }

    #[test]
    fn the_trouble_of_a_pod_is_named() {
        let pod = |container: Value| json!({"status": {"phase": "Pending", "containerStatuses": [container]}});
        let pull =
            pod(json!({"name": "app", "state": {"waiting": {"reason": "ImagePullBackOff", "message": "Back-off pulling image \"x\""}}}));
        check(super::pod(&pull), Health::InProgress, "container `app`: ImagePullBackOff: Back-off pulling image \"x\"");
        let crash = pod(
            json!({"name": "app", "state": {"waiting": {"reason": "CrashLoopBackOff"}}, "lastState": {"terminated": {"reason": "Error", "exitCode": 2}}}),
        );
        check(super::pod(&crash), Health::InProgress, "container `app`: CrashLoopBackOff; it ended with Error (exit code 2)");
        let creating = pod(json!({"name": "app", "state": {"waiting": {"reason": "ContainerCreating"}}}));
        check(super::pod(&creating), Health::InProgress, "it is not ready");
        let homeless = json!({"status": {"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False", "message": "0/1 nodes are available"}]}});
        check(super::pod(&homeless), Health::InProgress, "0/1 nodes are available");
    }
}
