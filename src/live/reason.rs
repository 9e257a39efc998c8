//! Why an object is not well: what its Pods say, events, the last lines of logs.

use serde_json::Value;

use super::health::{State, condition, pod_trouble, state_of};
use super::request::{Call, get, segment, send};
use super::target::Target;
use crate::diag::Result;

/// Lines of a log that say why a program ended.
const LOG_LINES: usize = 5;
/// One line of a log may be a stack trace of megabytes.
const LONGEST_LINE: usize = 300;
const MOST_PODS: usize = 3;

/// What a person needs to know about an object that is not well, a line each.
pub(super) async fn details(target: &Target, object: &Value) -> Result<Vec<String>> {
    let mut lines = Vec::new();
    if object["kind"] == "Pod" {
        of_pod(target, object, &mut lines).await?;
        return Ok(lines);
    }
    lines.extend(last_warning(target, object).await?);
    let sick: Vec<_> = pods_of(target, object).await?.into_iter().filter(|pod| !state_of(pod).health.is_good()).collect();
    for pod in sick.iter().take(MOST_PODS) {
        let trouble = pod_trouble(pod).or_else(|| condition(pod, "Ready")?["message"].as_str().map(ToOwned::to_owned));
        lines.push(format!("Pod `{}`: {}", name(pod), trouble.as_deref().unwrap_or("it is not ready")));
        of_pod(target, pod, &mut lines).await?;
    }
    if sick.len() > MOST_PODS {
        lines.push(format!("{} more Pods are not well", sick.len() - MOST_PODS));
    }
    Ok(lines)
}

/// The state of the Job that k3s' Helm controller runs for a chart; none for anything else.
pub(super) async fn helm_job(target: &Target, chart: &Value) -> Result<Option<State>> {
    if chart["kind"] != "HelmChart" || !chart["apiVersion"].as_str().is_some_and(|version| version.starts_with("helm.cattle.io/")) {
        return Ok(None);
    }
    let own = state_of(chart);
    let Some(job) = chart.pointer("/status/jobName").and_then(Value::as_str).filter(|_| own.health.is_good()) else { return Ok(None) };
    let path = format!("/apis/batch/v1/namespaces/{}/jobs/{}", segment(namespace(chart)), segment(job));
    // It is removed some time after it is done.
    Ok(get(&target.client, &path).await?.map(|job| state_of(&job)).filter(|state| !state.health.is_good()))
}

async fn of_pod(target: &Target, pod: &Value, lines: &mut Vec<String>) -> Result<()> {
    lines.extend(last_warning(target, pod).await?);
    let statuses = ["/status/initContainerStatuses", "/status/containerStatuses"];
    let ended = statuses.iter().filter_map(|pointer| pod.pointer(pointer)?.as_array()).flatten().find(|container| {
        let failed = |state: &str| container[state]["terminated"]["exitCode"].as_i64().is_some_and(|code| code != 0);
        failed("state") || failed("lastState")
    });
    if let Some(container) = ended {
        let container_name = container["name"].as_str().unwrap_or_default();
        let previous = container["state"]["terminated"].is_null();
        let log = log(target, pod, container_name, previous).await?;
        lines.extend(log.iter().map(|line| format!("log of `{container_name}`: {line}")));
    }
    Ok(())
}

/// The last lines of a container's log; none where there is no kubelet to ask.
async fn log(target: &Target, pod: &Value, container: &str, previous: bool) -> Result<Vec<String>> {
    let path = format!(
        "/api/v1/namespaces/{}/pods/{}/log?container={}&tailLines={LOG_LINES}&limitBytes=16384&previous={previous}",
        segment(namespace(pod)),
        segment(name(pod)),
        segment(container)
    );
    // A log that cannot be had must not hide what is known without it.
    let Ok(answer) = send(&target.client, &Call { accept: "*/*", ..Call::get(&path) }).await else { return Ok(Vec::new()) };
    if !answer.is_good() {
        return Ok(Vec::new());
    }
    let cut = |line: &str| line.chars().take(LONGEST_LINE).collect();
    Ok(answer.text().lines().filter(|line| !line.trim().is_empty()).map(cut).collect())
}

/// The newest warning about an object.
async fn last_warning(target: &Target, object: &Value) -> Result<Option<String>> {
    let kind = object["kind"].as_str().unwrap_or_default();
    let uid = object.pointer("/metadata/uid").and_then(Value::as_str).unwrap_or_default();
    let selector = format!("involvedObject.kind={kind},involvedObject.name={},involvedObject.uid={uid},type=Warning", name(object));
    // Events of objects without a namespace are in `default`.
    let namespace = if namespace(object).is_empty() { "default" } else { namespace(object) };
    let path = format!("/api/v1/namespaces/{}/events?limit=100&fieldSelector={}", segment(namespace), segment(&selector));
    // Who may not read events learns the rest all the same.
    let Ok(Some(events)) = get(&target.client, &path).await else { return Ok(None) };
    let time = |event: &Value| {
        let at = ["/series/lastObservedTime", "/lastTimestamp", "/eventTime"];
        at.iter().find_map(|pointer| event.pointer(pointer)?.as_str()).unwrap_or_default().to_owned()
    };
    let newest = events["items"].as_array().and_then(|events| events.iter().max_by_key(|event| time(event)));
    Ok(newest.map(|event| {
        let text = |field: &str| event[field].as_str().unwrap_or_default();
        format!("event {}: {}", text("reason"), text("message").trim())
    }))
}

/// The Pods that an object's selector chooses.
async fn pods_of(target: &Target, object: &Value) -> Result<Vec<Value>> {
    let is_workload = matches!(object["kind"].as_str(), Some("Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" | "Job"));
    let Some(selector) = object.pointer("/spec/selector").filter(|_| is_workload).and_then(selector) else { return Ok(Vec::new()) };
    let path = format!("/api/v1/namespaces/{}/pods?limit=200&labelSelector={}", segment(namespace(object)), segment(&selector));
    let Ok(Some(mut pods)) = get(&target.client, &path).await else { return Ok(Vec::new()) };
    let Value::Array(items) = pods["items"].take() else { return Ok(Vec::new()) };
    Ok(items
        .into_iter()
        .map(|mut pod| {
            pod["kind"] = "Pod".into();
            pod["apiVersion"] = "v1".into();
            pod
        })
        .collect())
}

/// A label selector as a query has it; none for an empty one, which would choose everything.
fn selector(selector: &Value) -> Option<String> {
    let mut parts: Vec<String> = Vec::new();
    for (key, value) in selector["matchLabels"].as_object().into_iter().flatten() {
        parts.push(format!("{key}={}", value.as_str()?));
    }
    for expression in selector["matchExpressions"].as_array().into_iter().flatten() {
        let key = expression["key"].as_str()?;
        let values: Vec<_> = expression["values"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        parts.push(match expression["operator"].as_str()? {
            "In" => format!("{key} in ({})", values.join(",")),
            "NotIn" => format!("{key} notin ({})", values.join(",")),
            "Exists" => key.to_owned(),
            "DoesNotExist" => format!("!{key}"),
            _ => return None,
        });
    }
    (!parts.is_empty()).then(|| parts.join(","))
}

fn name(object: &Value) -> &str {
    object.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default()
}

fn namespace(object: &Value) -> &str {
    object.pointer("/metadata/namespace").and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn selectors_become_queries() {
        let all = json!({"matchLabels": {"a": "b"}, "matchExpressions": [
            {"key": "c", "operator": "In", "values": ["d", "e"]}, {"key": "f", "operator": "DoesNotExist"},
        ]});
        assert_eq!(selector(&all).as_deref(), Some("a=b,c in (d,e),!f"));
        assert_eq!(selector(&json!({})), None);
    }
}
