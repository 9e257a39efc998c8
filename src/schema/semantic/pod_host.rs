//! What pods take of their node: its ports, kernel parameters and time to end.
//!
//! Source: `pkg/apis/core/validation/validation.go` of the Go module `k8s.io/kubernetes` 1.36.

use std::collections::HashSet;

use serde_json::{Map, Value};

use crate::schema::pointer::Pointer;
use crate::schema::scalar::integer;
use crate::schema::violation::Violation;

use super::pod::{is_resource, unique};
use super::{Check, list, refuse, text};

pub(super) const CHECKS: &[(&str, Check)] = &[
    ("core.v1.PodSpec", host_ports),
    ("core.v1.PodSpec", sleeps),
    ("core.v1.Pod", images),
    ("core.v1.PodSecurityContext", sysctls),
    ("core.v1.SeccompProfile", seccomp),
    ("node.v1.Overhead", overhead),
];

fn number(fields: &Map<String, Value>, field: &str) -> i64 {
    fields.get(field).and_then(integer).unwrap_or_default()
}

/// On the node's network, a container's port is the node's.
fn host_ports(pod: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    if pod.get("hostNetwork") != Some(&Value::Bool(true)) {
        return;
    }
    let (mut taken, list_at) = (HashSet::new(), at.key("containers"));
    for (index, container) in list(pod, "containers").iter().enumerate() {
        let here = list_at.index(index);
        let ports_at = here.key("ports");
        for (index, port) in container["ports"].as_array().into_iter().flatten().enumerate() {
            let Value::Object(port) = port else { continue };
            let (own, host) = (number(port, "containerPort"), number(port, "hostPort"));
            let here = ports_at.index(index);
            if host != 0 && host != own {
                found.push(refuse(&here.key("hostPort"), "must be `containerPort` where `hostNetwork` is true"));
            }
            let protocol = match text(port, "protocol") {
                "" => "TCP",
                protocol => protocol,
            };
            // In a pod of its own, unlike in a template, an unset one becomes the container's; only the written ones are told here.
            if host != 0 && !taken.insert((protocol, text(port, "hostIP"), host)) {
                found.push(Violation::new("schema/duplicate", &here.key("hostPort"), format!("the node's port {host} is taken twice")));
            }
        }
    }
}

/// A pause before the end must not be longer than the time to end.
fn sleeps(pod: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let grace = pod.get("terminationGracePeriodSeconds").and_then(integer).unwrap_or(30);
    let list_at = at.key("containers");
    for (index, container) in list(pod, "containers").iter().enumerate() {
        let here = list_at.index(index);
        for hook in ["preStop", "postStart"] {
            let Some(seconds) = container["lifecycle"][hook]["sleep"].get("seconds").and_then(integer) else { continue };
            if !(0..=grace.max(0)).contains(&seconds) {
                let hook_at = here.key("lifecycle");
                let message = format!("must be from 0 to `terminationGracePeriodSeconds`, {grace}");
                found.push(refuse(&hook_at.key(hook).key("sleep").key("seconds"), message));
            }
        }
    }
}

/// In a template, blanks around an image pass: its Pods will not.
fn images(pod: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let Some(Value::Object(spec)) = pod.get("spec") else { return };
    let spec_at = at.key("spec");
    for kind in ["initContainers", "containers"] {
        let list_at = spec_at.key(kind);
        for (index, container) in list(spec, kind).iter().enumerate() {
            let image = container["image"].as_str().unwrap_or_default();
            if image != image.trim() && !image.trim().is_empty() {
                found.push(refuse(&list_at.index(index).key("image"), "must not have blanks at its ends"));
            }
        }
    }
}

fn sysctls(context: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    unique(context, "sysctls", "name", at, found);
}

fn seccomp(profile: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let (path, here) = (text(profile, "localhostProfile"), at.key("localhostProfile"));
    match text(profile, "type") {
        "Localhost" if profile.get("localhostProfile").is_none_or(Value::is_null) => {
            found.push(Violation::new("schema/required", &here, "`localhostProfile` is required where `type` is `Localhost`"));
        }
        "Localhost" if path.starts_with('/') || path.split('/').any(|part| part == "..") => {
            found.push(refuse(&here, format!("`{path}` is not a relative path without `..`")));
        }
        "RuntimeDefault" | "Unconfined" if profile.get("localhostProfile").is_some_and(|path| !path.is_null()) => {
            found.push(refuse(&here, "goes with `type: Localhost` only"));
        }
        _ => {}
    }
}

fn overhead(overhead: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let here = at.key("podFixed");
    for name in overhead.get("podFixed").and_then(Value::as_object).into_iter().flat_map(Map::keys).filter(|name| !is_resource(name)) {
        found.push(refuse(&here.key(name), format!("`{name}` is no resource of a container, like `cpu`, nor has it a domain")));
    }
}
