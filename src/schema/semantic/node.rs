//! What places pods on nodes, and who may: affinity, tolerations, taints, subjects.
//!
//! Source: `pkg/apis/{core,rbac}/validation/validation.go` of the Go module `k8s.io/kubernetes` 1.36.

use std::collections::HashSet;

use serde_json::{Map, Value};

use crate::schema::pointer::Pointer;
use crate::schema::violation::Violation;

use super::form::Form;
use super::{Check, is_empty, list, refuse, text};

pub(super) const CHECKS: &[(&str, Check)] = &[
    ("core.v1.NodeSelectorRequirement", requirement),
    ("core.v1.NodeSelectorTerm", fields),
    ("core.v1.Toleration", toleration),
    ("core.v1.NodeSpec", taints),
    ("core.v1.NamespaceSpec", finalizers),
    ("core.v1.Namespace", pod_security),
    ("rbac.v1.Subject", account),
    ("core.v1.ISCSIVolumeSource", iscsi),
    ("core.v1.ISCSIPersistentVolumeSource", iscsi),
    ("core.v1.LifecycleHandler", handler),
    ("core.v1.ResourceFieldSelector", divisor),
    ("core.v1.DownwardAPIVolumeFile", file),
    ("core.v1.ReplicationControllerSpec", selector),
    ("core.v1.Secret", secret),
    ("core.v1.NodeSelector", required_affinity),
];

fn requirement(requirement: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let values = list(requirement, "values");
    let readable = requirement.get("values").is_none_or(|values| values.is_array() || values.is_null());
    let here = at.key("values");
    match text(requirement, "operator") {
        "In" | "NotIn" if values.is_empty() && readable => {
            found.push(Violation::new("schema/required", &here, "`values` is required where `operator` is `In` or `NotIn`"));
        }
        "Exists" | "DoesNotExist" if !values.is_empty() => {
            found.push(refuse(&here, "must be empty where `operator` is `Exists` or `DoesNotExist`"));
        }
        "Gt" | "Lt" if values.len() != 1 && readable => found.push(refuse(&here, "must have one entry where `operator` is `Gt` or `Lt`")),
        _ => {}
    }
}

fn fields(term: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let list_at = at.key("matchFields");
    for (index, field) in list(term, "matchFields").iter().enumerate() {
        let here = list_at.index(index);
        if field["key"].as_str().is_some_and(|key| key != "metadata.name") {
            found.push(refuse(&here.key("key"), "must be `metadata.name`"));
        }
        if let Some(values) = field["values"].as_array() {
            if values.len() != 1 {
                found.push(refuse(&here.key("values"), "must have one entry"));
            }
            Form::DnsSubdomain.check(&Value::from(values.clone()), &here.key("values"), found);
        }
    }
}

fn toleration(toleration: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    if matches!(text(toleration, "operator"), "" | "Equal") {
        Form::LabelValue.check(&Value::from(text(toleration, "value")), &at.key("value"), found);
    }
}

fn taints(spec: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let (list_at, mut seen) = (at.key("taints"), HashSet::new());
    for (index, taint) in list(spec, "taints").iter().enumerate() {
        if let (Some(key), Some(effect)) = (taint["key"].as_str(), taint["effect"].as_str())
            && !seen.insert((key, effect))
        {
            found.push(Violation::new(
                "schema/duplicate",
                &list_at.index(index),
                format!("the taint `{key}` with the effect {effect} stands here twice"),
            ));
        }
    }
}

fn finalizers(spec: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let list_at = at.key("finalizers");
    for (index, finalizer) in list(spec, "finalizers").iter().enumerate() {
        let Some(name) = finalizer.as_str() else { continue };
        if !super::form::is_qualified_name(name) || (!name.contains('/') && !matches!(name, "kubernetes" | "orphan" | "foregroundDeletion"))
        {
            found.push(refuse(&list_at.index(index), format!("`{name}` needs a domain in front: `example.com/name`")));
        }
    }
}

/// `k8s.io/pod-security-admission/api/helpers.go`; only `enforce` and its version are looked at by the server's validation.
fn pod_security(namespace: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let Some(labels) = namespace.get("metadata").and_then(|metadata| metadata["labels"].as_object()) else { return };
    for mode in ["enforce", "audit", "warn"] {
        let key = format!("pod-security.kubernetes.io/{mode}");
        if labels.get(&key).and_then(Value::as_str).is_some_and(|level| !matches!(level, "privileged" | "baseline" | "restricted")) {
            found.push(refuse(&at.key("metadata").key("labels").key(&key), "must be `privileged`, `baseline` or `restricted`"));
        }
    }
}

fn account(subject: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    if text(subject, "kind") == "ServiceAccount" {
        Form::DnsSubdomain.check(&Value::from(text(subject, "name")), &at.key("name"), found);
    }
}

fn iscsi(source: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let name = text(source, "iqn");
    if !name.is_empty() && !["iqn", "eui", "naa"].iter().any(|kind| name.starts_with(kind)) {
        found.push(refuse(&at.key("iqn"), "must begin with `iqn`, `eui` or `naa`"));
    }
}

fn handler(handler: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    super::pod::exactly_one(handler, &["exec", "httpGet", "tcpSocket", "sleep"], at, found);
}

fn divisor(selector: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let (resource, divisor) = (text(selector, "resource"), text(selector, "divisor"));
    let cpu = matches!(resource, "limits.cpu" | "requests.cpu");
    if cpu
        && !divisor.is_empty()
        && !matches!(divisor, "1" | "1m" | "0")
        && crate::schema::scalar::nano(&Value::from(divisor)).is_some_and(|amount| !matches!(amount, 0 | 1_000_000 | 1_000_000_000))
    {
        found.push(refuse(&at.key("divisor"), "must be `1` or `1m` for `cpu`"));
    }
}

fn file(file: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    super::pod::exactly_one(file, &["fieldRef", "resourceFieldRef"], at, found);
    if let Some(Value::Object(resource)) = file.get("resourceFieldRef")
        && resource.get("containerName").is_none_or(is_empty)
    {
        found.push(Violation::new("schema/required", &at.key("resourceFieldRef").key("containerName"), "`containerName` is required"));
    }
}

fn selector(spec: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let Some(Value::Object(selector)) = spec.get("selector") else { return };
    let none = Value::Null;
    let labels = spec.get("template").and_then(|template| template.pointer("/metadata/labels")).unwrap_or(&none);
    for (key, value) in selector {
        if value.is_string() && (labels.is_null() || labels.is_object()) && labels.get(key) != Some(value) {
            found.push(refuse(&at.key("selector").key(key), format!("the labels of the template lack `{key}`")));
        }
    }
}

/// Keys that a type of Secret must have.
fn secret(secret: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let has = |key: &str| {
        ["data", "stringData"].iter().any(|field| secret.get(*field).and_then(Value::as_object).is_some_and(|data| data.contains_key(key)))
    };
    let readable = ["data", "stringData"].iter().all(|field| secret.get(*field).is_none_or(|data| data.is_object() || data.is_null()));
    let needed: &[&str] = match text(secret, "type") {
        "kubernetes.io/tls" => &["tls.crt", "tls.key"],
        "kubernetes.io/dockerconfigjson" => &[".dockerconfigjson"],
        "kubernetes.io/dockercfg" => &[".dockercfg"],
        "kubernetes.io/ssh-auth" => &["ssh-privatekey"],
        _ => &[],
    };
    for key in needed.iter().filter(|key| readable && !has(key)) {
        found.push(Violation::new("schema/required", &at.key("data").key(key), format!("`{key}` is required for this type")));
    }
    if text(secret, "type") == "kubernetes.io/basic-auth" && !has("username") && !has("password") && readable {
        found.push(Violation::new("schema/required", &at.key("data"), "needs `username` or `password` for this type"));
    }
    if let Some(config) = secret.get("stringData").and_then(|data| data[".dockerconfigjson"].as_str())
        && text(secret, "type") == "kubernetes.io/dockerconfigjson"
        && !serde_json::from_str::<Value>(config).is_ok_and(|config| config.is_object() || config.is_null())
    {
        found.push(refuse(&at.key("stringData").key(".dockerconfigjson"), "must be a JSON object"));
    }
}

/// Values of labels that a node must have are judged; those that it had better have are not.
fn required_affinity(selector: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let terms_at = at.key("nodeSelectorTerms");
    for (index, term) in list(selector, "nodeSelectorTerms").iter().enumerate() {
        let term_at = terms_at.index(index);
        let list_at = term_at.key("matchExpressions");
        for (index, expression) in term["matchExpressions"].as_array().into_iter().flatten().enumerate() {
            if let Some(values) = expression.get("values") {
                Form::LabelValue.check(values, &list_at.index(index).key("values"), found);
            }
        }
    }
}
