//! Workloads, selectors and access.

use serde_json::{Map, Value};

use crate::schema::pointer::Pointer;
use crate::schema::scalar::integer;
use crate::schema::violation::Violation;

use super::form::Form;
use super::{Check, is_empty, list, refuse, text};

pub(super) const CHECKS: &[(&str, Check)] = &[
    ("apps.v1.DeploymentSpec", selector),
    ("apps.v1.ReplicaSetSpec", selector),
    ("apps.v1.StatefulSetSpec", selector),
    ("apps.v1.DaemonSetSpec", selector),
    ("apps.v1.DeploymentSpec", always),
    ("apps.v1.ReplicaSetSpec", always),
    ("apps.v1.StatefulSetSpec", always),
    ("apps.v1.DaemonSetSpec", always),
    ("core.v1.ReplicationControllerSpec", always),
    ("apps.v1.StatefulSetSpec", claims),
    ("apps.v1.DaemonSetUpdateStrategy", surge),
    ("apps.v1.DeploymentSpec", patience),
    ("batch.v1.JobSpec", job),
    ("batch.v1.CronJobSpec", schedule),
    ("meta.v1.LabelSelectorRequirement", requirement),
    ("policy.v1.PodDisruptionBudgetSpec", budget),
    ("rbac.v1.PolicyRule", policy_rule),
    ("rbac.v1.Subject", subject),
    ("rbac.v1.ClusterRoleBinding", service_accounts),
];

fn selector(spec: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let Some(Value::Object(selector)) = spec.get("selector") else { return };
    let here = at.key("selector");
    if selector.values().all(is_empty) {
        found.push(refuse(&here, "an empty selector selects nothing of its own; give it `matchLabels`"));
        return;
    }
    let no_labels = Value::Null;
    let labels = spec.get("template").and_then(|template| template.pointer("/metadata/labels")).unwrap_or(&no_labels);
    if !(labels.is_null() || labels.is_object()) {
        return;
    }
    for (key, value) in selector.get("matchLabels").and_then(Value::as_object).into_iter().flatten() {
        // A null is an empty text to Go.
        let of_template = labels.get(key).map(|label| label.as_str().unwrap_or_default());
        if (value.is_string() || value.is_null()) && of_template != Some(value.as_str().unwrap_or_default()) {
            found.push(refuse(
                &here.key("matchLabels").key(key),
                format!("the labels of the template lack `{key}: {}`", value.as_str().unwrap_or_default()),
            ));
        }
    }
    let expressions_at = here.key("matchExpressions");
    for (index, expression) in list(selector, "matchExpressions").iter().enumerate() {
        let label = labels.get(expression["key"].as_str().unwrap_or_default());
        let among = || list_of(expression, "values").contains(label.unwrap_or(&Value::Null));
        let matches = match expression["operator"].as_str() {
            Some("In") => among(),
            Some("NotIn") => label.is_none() || !among(),
            Some("Exists") => label.is_some(),
            Some("DoesNotExist") => label.is_none(),
            _ => true,
        };
        if !matches {
            found.push(refuse(&expressions_at.index(index), "the labels of the template do not match this"));
        }
    }
}

fn list_of<'a>(value: &'a Value, field: &str) -> &'a [Value] {
    value.get(field).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The field of the pod in a workload's template.
fn of_pod<'a>(spec: &'a Map<String, Value>, field: &str) -> Option<&'a Value> {
    spec.get("template")?.get("spec")?.get(field).filter(|value| !value.is_null())
}

fn always(spec: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let template = at.key("template");
    let pod = template.key("spec");
    if of_pod(spec, "restartPolicy").and_then(Value::as_str).is_some_and(|policy| matches!(policy, "Never" | "OnFailure")) {
        found.push(refuse(&pod.key("restartPolicy"), "must be `Always` here"));
    }
    if of_pod(spec, "activeDeadlineSeconds").is_some() {
        found.push(refuse(&pod.key("activeDeadlineSeconds"), "is only for pods that end"));
    }
}

/// A `DaemonSet` either takes pods away first or brings new ones first (`pkg/apis/apps/validation/validation.go`). Unset, one is taken away
/// and none brought.
fn surge(strategy: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let rolling = match strategy.get("rollingUpdate") {
        Some(Value::Object(rolling)) if matches!(text(strategy, "type"), "" | "RollingUpdate") => rolling,
        _ => return,
    };
    let is_some = |field: &str, default: bool| match rolling.get(field) {
        None | Some(Value::Null) => Some(default),
        Some(Value::String(percent)) => percent.strip_suffix('%')?.parse::<u32>().ok().map(|number| number != 0),
        Some(number) => integer(number).map(|number| number != 0),
    };
    let here = at.key("rollingUpdate");
    match (is_some("maxUnavailable", true), is_some("maxSurge", false)) {
        (Some(true), Some(true)) => {
            let violation = refuse(&here.key("maxSurge"), "goes only with `maxUnavailable: 0`");
            found.push(violation.hint("`maxUnavailable` is 1 where it is not set"));
        }
        (Some(false), Some(false)) => found.push(refuse(&here.key("maxUnavailable"), "cannot be 0 where `maxSurge` is 0")),
        _ => {}
    }
}

/// What is given up must have had the time to be ready.
fn patience(spec: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let number = |field: &str, default| match spec.get(field) {
        None | Some(Value::Null) => Some(default),
        Some(number) => integer(number),
    };
    if let Some((deadline, ready)) = number("progressDeadlineSeconds", 600).zip(number("minReadySeconds", 0))
        && (0..=ready).contains(&deadline)
    {
        let message = format!("must be more than `minReadySeconds`, {ready}");
        found.push(refuse(&at.key("progressDeadlineSeconds"), message).hint("it is 600 where it is not set"));
    }
}

/// Each claim of a `StatefulSet` becomes a volume of its pods, of the same name.
fn claims(spec: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let list_at = at.key("volumeClaimTemplates");
    for (index, claim) in list(spec, "volumeClaimTemplates").iter().enumerate() {
        let claim_at = list_at.index(index);
        let metadata_at = claim_at.key("metadata");
        let here = metadata_at.key("name");
        match claim.get("metadata").map(|metadata| &metadata["name"]) {
            Some(name @ Value::String(text)) if !text.is_empty() => Form::DnsLabel.check(name, &here, found),
            None | Some(Value::Null | Value::String(_)) => {
                found.push(Violation::new("schema/required", &here, "`name` is required"));
            }
            Some(_) => {} // Said already: it must be a string.
        }
    }
}

fn job(spec: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let template = at.key("template");
    let here = template.key("spec");
    if !spec.get("template").and_then(|template| template.get("spec")).is_some_and(Value::is_object) {
        return;
    }
    let policy = of_pod(spec, "restartPolicy");
    let name = policy.and_then(Value::as_str).unwrap_or_default();
    if policy.is_none_or(Value::is_string) && matches!(name, "" | "Always") {
        found.push(refuse(&here.key("restartPolicy"), "must be `OnFailure` or `Never` here").hint("the default is `Always`"));
    }
    if name == "OnFailure" && spec.get("podFailurePolicy").is_some_and(|policy| !policy.is_null()) {
        found.push(refuse(&here.key("restartPolicy"), "must be `Never` where there is a `podFailurePolicy`"));
    }
}

fn schedule(spec: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let schedule = text(spec, "schedule");
    if !schedule.is_empty() && !is_cron(schedule) {
        let violation = refuse(&at.key("schedule"), format!("`{schedule}` is no cron schedule"));
        found.push(violation.hint("five fields: minute, hour, day of month, month, day of week; or `@daily` and the like"));
    }
    if schedule.contains("TZ=") {
        found.push(refuse(&at.key("schedule"), "must not have a time zone").hint("use `timeZone`"));
    }
}

/// The syntax of `github.com/robfig/cron/v3` `ParseStandard`.
fn is_cron(schedule: &str) -> bool {
    const MONTHS: &[&str] = &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    const DAYS: &[&str] = &["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
    let schedule = match schedule.strip_prefix("TZ=").or_else(|| schedule.strip_prefix("CRON_TZ=")) {
        Some(rest) => rest.split_once(' ').map_or("", |(_, rest)| rest.trim()),
        None => schedule,
    };
    if let Some(word) = schedule.strip_prefix('@') {
        return matches!(word, "yearly" | "annually" | "monthly" | "weekly" | "daily" | "midnight" | "hourly")
            || word.starts_with("every ");
    }
    let bounds: [(u32, u32, &[&str], u32); 5] = [(0, 59, &[], 0), (0, 23, &[], 0), (1, 31, &[], 0), (1, 12, MONTHS, 1), (0, 6, DAYS, 0)];
    let fields: Vec<_> = schedule.split_whitespace().collect();
    fields.len() == 5 && fields.iter().zip(bounds).all(|(field, bounds)| field.split(',').all(|part| is_cron_part(part, bounds)))
}

fn is_cron_part(part: &str, (least, most, names, first): (u32, u32, &[&str], u32)) -> bool {
    let number = |text: &str| {
        let place = names.iter().zip(first..).find(|(name, _)| text.eq_ignore_ascii_case(name)).map(|(_, number)| number);
        place.or_else(|| text.parse::<u32>().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit())))
    };
    let (range, step) = part.split_once('/').map_or((part, None), |(range, step)| (range, Some(step)));
    if step.is_some_and(|step| number(step).is_none_or(|step| step == 0)) {
        return false;
    }
    if matches!(range, "*" | "?") {
        return true;
    }
    let (from, to) = range.split_once('-').map_or((range, range), |ends| ends);
    number(from).zip(number(to)).is_some_and(|(from, to)| from >= least && to <= most && from <= to)
}

/// One requirement of a selector: values where the operator compares, none where it only asks.
pub(super) fn requirement(requirement: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let values = requirement.get("values").is_some_and(|values| !is_empty(values));
    match text(requirement, "operator") {
        "In" | "NotIn" if !values => {
            found.push(Violation::new("schema/required", &at.key("values"), "`values` is required where `operator` is `In` or `NotIn`"));
        }
        "Exists" | "DoesNotExist" if values => {
            found.push(refuse(&at.key("values"), "must be empty where `operator` is `Exists` or `DoesNotExist`"));
        }
        _ => {}
    }
}

fn budget(spec: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let set = |field: &str| spec.get(field).is_some_and(|value| !value.is_null());
    if set("minAvailable") && set("maxUnavailable") {
        found.push(refuse(at, "`minAvailable` and `maxUnavailable` exclude each other"));
    }
}

fn policy_rule(rule: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let unset = |field: &str| rule.get(field).is_none_or(is_empty);
    if !unset("nonResourceURLs") {
        if !unset("apiGroups") || !unset("resources") || !unset("resourceNames") {
            found.push(refuse(&at.key("nonResourceURLs"), "a rule is about resources or about URLs, not both"));
        }
        return;
    }
    for field in ["apiGroups", "resources"] {
        if unset(field) {
            let violation = Violation::new("schema/required", &at.key(field), format!("`{field}` is required"));
            found.push(if field == "apiGroups" { violation.hint("the core group is `\"\"`") } else { violation });
        }
    }
}

fn subject(subject: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let group = text(subject, "apiGroup");
    match text(subject, "kind") {
        "ServiceAccount" if !group.is_empty() => found.push(refuse(&at.key("apiGroup"), "must be empty for a ServiceAccount")),
        "User" | "Group" if !group.is_empty() && group != "rbac.authorization.k8s.io" => {
            found.push(refuse(&at.key("apiGroup"), "must be `rbac.authorization.k8s.io`"));
        }
        _ => {}
    }
}

/// A `RoleBinding` has a namespace of its own to look in; this one has not.
fn service_accounts(binding: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let subjects_at = at.key("subjects");
    for (index, subject) in list(binding, "subjects").iter().enumerate() {
        if subject["kind"] == "ServiceAccount" && subject.get("namespace").is_none_or(is_empty) {
            let here = subjects_at.index(index);
            found.push(Violation::new("schema/required", &here.key("namespace"), "`namespace` is required for a ServiceAccount"));
        }
    }
    if binding.get("roleRef").is_some_and(|role| role["kind"] == "Role") {
        found.push(refuse(&at.key("roleRef").key("kind"), "must be `ClusterRole` here"));
    }
}
