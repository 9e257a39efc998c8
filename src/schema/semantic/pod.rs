//! Pods, wherever a template of one stands.

use std::collections::HashSet;

use serde_json::{Map, Value};

use crate::schema::pointer::Pointer;
use crate::schema::scalar::{integer, nano};
use crate::schema::violation::Violation;

use super::{Check, is_empty, list, refuse, text};

pub(super) const CHECKS: &[(&str, Check)] = &[
    ("core.v1.PodSpec", containers),
    ("core.v1.PodSpec", volumes),
    ("core.v1.Pod", mounts_of_pod),
    ("core.v1.PodTemplate", mounts_of_template),
    ("core.v1.ReplicationControllerSpec", mounts_of_template),
    ("apps.v1.DeploymentSpec", mounts_of_template),
    ("apps.v1.ReplicaSetSpec", mounts_of_template),
    ("apps.v1.DaemonSetSpec", mounts_of_template),
    ("apps.v1.StatefulSetSpec", mounts_of_template),
    ("batch.v1.JobSpec", mounts_of_template),
    ("core.v1.PodSpec", dns),
    ("core.v1.Container", container),
    ("core.v1.Container", probes),
    ("core.v1.Volume", volume),
    ("core.v1.Probe", handler),
    ("core.v1.EnvVar", env),
    ("core.v1.EnvVarSource", env_source),
    ("core.v1.EnvFromSource", env_from),
    ("core.v1.Toleration", toleration),
    ("core.v1.ResourceFieldSelector", resource_field),
    ("core.v1.ResourceRequirements", resources),
];

const LISTS: [&str; 2] = ["initContainers", "containers"];

fn containers(pod: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let mut names = HashSet::new();
    for kind in LISTS {
        for (index, container) in list(pod, kind).iter().enumerate() {
            let Value::Object(container) = container else { continue };
            let (list_at, name) = (at.key(kind), text(container, "name"));
            let here = list_at.index(index);
            if !name.is_empty() && !names.insert(name) {
                found.push(duplicate(&here.key("name"), name));
            }
            let image = text(container, "image");
            if image.trim().is_empty() && !matches!(container.get("image"), Some(Value::Number(_) | Value::Bool(_))) {
                found.push(Violation::new("schema/required", &here.key("image"), "`image` is required"));
            }
        }
    }
}

fn volumes(pod: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let mut names = HashSet::new();
    let volumes_at = at.key("volumes");
    for (index, volume) in list(pod, "volumes").iter().enumerate() {
        let name = volume["name"].as_str().unwrap_or_default();
        if !name.is_empty() && !names.insert(name) {
            found.push(duplicate(&volumes_at.index(index).key("name"), name));
        }
    }
}

fn mounts_of_pod(pod: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    if let Some(Value::Object(spec)) = pod.get("spec") {
        mounts(spec, &HashSet::new(), &at.key("spec"), found);
    }
}

fn mounts_of_template(spec: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    if let Some(Value::Object(pod)) = spec.get("template").and_then(|template| template.get("spec")) {
        // A StatefulSet makes a volume of each claim.
        let claims = list(spec, "volumeClaimTemplates").iter().filter_map(|claim| claim.pointer("/metadata/name")?.as_str()).collect();
        mounts(pod, &claims, &at.key("template").key("spec"), found);
    }
}

/// Every mount has its volume: one of the pod's own, or one of `others`.
fn mounts(pod: &Map<String, Value>, others: &HashSet<&str>, at: &Pointer, found: &mut Vec<Violation>) {
    let names: HashSet<&str> = list(pod, "volumes").iter().filter_map(|volume| volume["name"].as_str()).collect();
    for kind in LISTS {
        let kind_at = at.key(kind);
        for (index, container) in list(pod, kind).iter().enumerate() {
            let (Value::Object(container), here) = (container, kind_at.index(index)) else { continue };
            for use_ in ["volumeMounts", "volumeDevices"] {
                let uses_at = here.key(use_);
                for (index, mount) in list(container, use_).iter().enumerate() {
                    let name = mount["name"].as_str().unwrap_or_default();
                    if !name.is_empty() && !names.contains(name) && !others.contains(name) {
                        let mount_at = uses_at.index(index);
                        found.push(refuse(&mount_at.key("name"), format!("the pod has no volume `{name}`")));
                    }
                }
            }
        }
    }
}

fn dns(pod: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let nameservers = pod.get("dnsConfig").and_then(|config| config.get("nameservers"));
    if text(pod, "dnsPolicy") == "None" && nameservers.is_none_or(is_empty) {
        found.push(refuse(&at.key("dnsConfig"), "`dnsPolicy: None` needs a nameserver here"));
    }
}

fn container(container: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    unique(container, "ports", "name", at, found);
    unique(container, "volumeMounts", "mountPath", at, found);
    unique(container, "volumeDevices", "devicePath", at, found);
}

/// A field that must not have the same text in two entries of a list.
pub(super) fn unique(fields: &Map<String, Value>, name: &str, key: &str, at: &Pointer, found: &mut Vec<Violation>) {
    let mut seen = HashSet::new();
    let list_at = at.key(name);
    for (index, entry) in list(fields, name).iter().enumerate() {
        let value = entry[key].as_str().unwrap_or_default();
        if !value.is_empty() && !seen.insert(value) {
            found.push(duplicate(&list_at.index(index).key(key), value));
        }
    }
}

fn duplicate(at: &Pointer, value: &str) -> Violation {
    Violation::new("schema/duplicate", at, format!("`{value}` stands here twice"))
}

fn probes(container: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    for name in ["livenessProbe", "startupProbe"] {
        let threshold = container.get(name).and_then(|probe| probe.get("successThreshold")).and_then(integer);
        if threshold.is_some_and(|threshold| threshold > 1) {
            found.push(refuse(&at.key(name).key("successThreshold"), "must be 1 here"));
        }
    }
}

/// How many of these fields are set.
pub(super) fn count(fields: &Map<String, Value>, names: &[&str]) -> usize {
    names.iter().filter(|name| fields.get(**name).is_some_and(|value| !value.is_null())).count()
}

pub(super) fn exactly_one(fields: &Map<String, Value>, names: &[&str], at: &Pointer, found: &mut Vec<Violation>) {
    let names_shown = || names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    match count(fields, names) {
        1 => {}
        0 => found.push(Violation::new("schema/required", at, format!("needs one of {}", names_shown()))),
        _ => found.push(refuse(at, format!("takes only one of {}", names_shown()))),
    }
}

fn volume(volume: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let sources = volume.iter().filter(|(key, value)| *key != "name" && !value.is_null()).count();
    // Without a source it is an empty directory to the server (`SetDefaults_Volume`).
    if sources > 1 {
        found.push(refuse(at, "a volume has one source only"));
    }
}

fn handler(probe: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    exactly_one(probe, &["exec", "httpGet", "tcpSocket", "grpc"], at, found);
}

fn env(env: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    if !text(env, "value").is_empty() && env.get("valueFrom").is_some_and(|from| !from.is_null()) {
        found.push(refuse(&at.key("valueFrom"), "`value` and `valueFrom` exclude each other"));
    }
}

fn env_source(source: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    exactly_one(source, &["fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef"], at, found);
}

fn env_from(source: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    exactly_one(source, &["configMapRef", "secretRef"], at, found);
}

fn toleration(toleration: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let operator = text(toleration, "operator");
    if text(toleration, "key").is_empty() && operator != "Exists" && !matches!(toleration.get("key"), Some(Value::Number(_))) {
        found.push(refuse(&at.key("operator"), "must be `Exists` where `key` is empty"));
    }
    if operator == "Exists" && !text(toleration, "value").is_empty() {
        found.push(refuse(&at.key("value"), "must be empty where `operator` is `Exists`"));
    }
    let seconds = toleration.get("tolerationSeconds").is_some_and(|seconds| !seconds.is_null());
    if seconds && text(toleration, "effect") != "NoExecute" {
        found.push(refuse(&at.key("effect"), "must be `NoExecute` where `tolerationSeconds` is set"));
    }
}

fn resource_field(selector: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let resource = text(selector, "resource");
    let known = resource
        .strip_prefix("limits.")
        .or_else(|| resource.strip_prefix("requests."))
        .is_some_and(|name| matches!(name, "cpu" | "memory" | "ephemeral-storage") || name.starts_with("hugepages-"));
    if !resource.is_empty() && !known {
        found.push(refuse(
            &at.key("resource"),
            format!("`{resource}` is not one of `limits` or `requests` of a container, such as `limits.cpu`"),
        ));
    }
}

fn resources(resources: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let limits = resources.get("limits").and_then(Value::as_object);
    for kind in ["limits", "requests"] {
        let kind_at = at.key(kind);
        for (name, quantity) in resources.get(kind).and_then(Value::as_object).into_iter().flatten() {
            if !is_resource(name) {
                let message = format!("`{name}` is neither `cpu`, `memory`, `ephemeral-storage` or `hugepages-…`, nor has it a domain");
                found.push(refuse(&kind_at.key(name), message));
            }
            let Some(amount) = nano(quantity) else { continue };
            if amount < 0 {
                found.push(refuse(&kind_at.key(name), "must not be negative"));
            }
            let limit = limits.and_then(|limits| nano(limits.get(name)?));
            if kind == "requests" && limit.is_some_and(|limit| amount > limit) {
                found.push(refuse(&kind_at.key(name), format!("must not be more than the limit of `{name}`")));
            }
        }
    }
}

/// A resource that a container can have: a standard one, or one of somebody's domain.
pub(super) fn is_resource(name: &str) -> bool {
    name.contains('/') || matches!(name, "cpu" | "memory" | "ephemeral-storage") || name.starts_with("hugepages-")
}
