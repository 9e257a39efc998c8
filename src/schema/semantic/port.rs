//! Services, Ingresses and NetworkPolicies.

use std::collections::HashSet;

use serde_json::{Map, Value};

use crate::schema::pointer::Pointer;
use crate::schema::scalar::integer;
use crate::schema::violation::Violation;

use super::form::Form;
use super::pod::unique;
use super::{Check, is_empty, list, refuse, text};

pub(super) const CHECKS: &[(&str, Check)] = &[
    ("core.v1.ServiceSpec", service),
    ("networking.v1.IngressSpec", ingress),
    ("networking.v1.IngressBackend", backend),
    ("networking.v1.IngressServiceBackend", backend_port),
    ("networking.v1.HTTPIngressPath", path),
    ("networking.v1.NetworkPolicyPeer", peer),
    ("networking.v1.NetworkPolicyPort", port_range),
];

fn service(spec: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let ports = list(spec, "ports");
    let kind = text(spec, "type");
    if kind == "ExternalName" {
        if text(spec, "externalName").is_empty() {
            found.push(Violation::new("schema/required", &at.key("externalName"), "`externalName` is required"));
        }
        return;
    }
    let address = text(spec, "clusterIP");
    let is_headless = address == "None";
    if !address.is_empty() && !is_headless {
        Form::Ip.check(&Value::from(address), &at.key("clusterIP"), found);
    }
    if ports.is_empty() && !is_headless && !matches!(spec.get("ports"), Some(Value::Object(_) | Value::String(_))) {
        found.push(Violation::new("schema/required", &at.key("ports"), "`ports` is required"));
    }
    unique(spec, "ports", "name", at, found);
    let (list_at, mut seen) = (at.key("ports"), HashSet::new());
    for (index, port) in ports.iter().enumerate() {
        let here = list_at.index(index);
        if ports.len() > 1 && port["name"].as_str().is_none_or(str::is_empty) {
            found.push(Violation::new("schema/required", &here.key("name"), "`name` is required where there are several ports"));
        }
        let protocol = port["protocol"].as_str().unwrap_or("TCP");
        if port["port"].is_i64() && !seen.insert((protocol, &port["port"])) {
            found.push(Violation::new("schema/duplicate", &here, format!("port {} of {protocol} stands here twice", port["port"])));
        }
        if matches!(kind, "" | "ClusterIP") && port["nodePort"].as_i64().is_some_and(|port| port != 0) {
            found.push(refuse(&here.key("nodePort"), "needs a Service of `type: NodePort` or `LoadBalancer`"));
        }
    }
    if is_headless && matches!(kind, "NodePort" | "LoadBalancer") {
        found.push(refuse(&at.key("clusterIP"), format!("cannot be `None` for a Service of `type: {kind}`")));
    }
}

fn ingress(spec: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let is_unset = |field: &str| spec.get(field).is_none_or(is_empty);
    if is_unset("rules") && spec.get("defaultBackend").is_none_or(Value::is_null) && !matches!(spec.get("rules"), Some(Value::Object(_))) {
        found.push(refuse(at, "needs `defaultBackend` or `rules`"));
    }
}

fn backend(backend: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let set = |field: &str| backend.get(field).is_some_and(|value| !value.is_null());
    match (set("service"), set("resource")) {
        (true, true) => found.push(refuse(at, "`service` and `resource` exclude each other")),
        (false, false) => found.push(Violation::new("schema/required", at, "needs `service` or `resource`")),
        _ => {}
    }
}

fn backend_port(service: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let empty = Map::new();
    let port = match service.get("port") {
        Some(Value::Object(port)) => port,
        None | Some(Value::Null) => &empty,
        Some(_) => return,
    };
    let number = port.get("number").is_some_and(|number| !number.is_null() && number.as_i64() != Some(0));
    let name = !text(port, "name").is_empty() || port.get("name").is_some_and(|name| !name.is_string() && !name.is_null());
    match (number, name) {
        (true, true) => found.push(refuse(&at.key("port"), "`name` and `number` exclude each other")),
        (false, false) => found.push(Violation::new("schema/required", &at.key("port"), "needs `name` or `number`")),
        _ => {}
    }
}

fn path(path: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let (kind, text) = (text(path, "pathType"), path.get("path"));
    if text.is_some_and(|text| !text.is_string() && !text.is_null()) {
        return;
    }
    let text = text.and_then(Value::as_str).unwrap_or_default();
    match kind {
        "Exact" | "Prefix" => {}
        "ImplementationSpecific" => {
            if !text.is_empty() && !text.starts_with('/') {
                found.push(refuse(&at.key("path"), "must be an absolute path"));
            }
            return;
        }
        _ => return,
    }
    let wrong = ["//", "/./", "/../", "%2f", "%2F"].into_iter().find(|part| text.contains(part));
    if !text.starts_with('/') {
        found.push(refuse(&at.key("path"), format!("must be an absolute path where `pathType` is `{kind}`")));
    } else if let Some(part) = wrong {
        found.push(refuse(&at.key("path"), format!("must not have `{part}`")));
    } else if text.ends_with("/..") || text.ends_with("/.") {
        found.push(refuse(&at.key("path"), "must not end with `/.` or `/..`"));
    }
}

fn peer(peer: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let set = |field: &str| peer.get(field).is_some_and(|value| !value.is_null());
    let selects = set("podSelector") || set("namespaceSelector");
    match (set("ipBlock"), selects) {
        (true, true) => found.push(refuse(&at.key("ipBlock"), "`ipBlock` excludes the selectors")),
        (false, false) => found.push(Violation::new("schema/required", at, "needs `podSelector`, `namespaceSelector` or `ipBlock`")),
        _ => {}
    }
}

fn port_range(port: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let Some(last) = port.get("endPort").and_then(integer) else { return };
    match port.get("port") {
        Some(Value::Number(first)) if first.as_i64().is_some_and(|first| last < first) => {
            found.push(refuse(&at.key("endPort"), "must not be less than `port`"));
        }
        None | Some(Value::Null | Value::String(_)) => found.push(refuse(&at.key("endPort"), "needs a `port` that is a number")),
        _ => {}
    }
}
