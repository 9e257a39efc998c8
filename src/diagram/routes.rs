//! How somebody outside of the cluster reaches a Service.

use serde_json::Value;

use crate::manifest::Object;
use crate::reference::{Answer, Graph, Need};

/// Each way from outside in words, and the number of the Service that it leads to.
pub(super) fn routes(objects: &[Object], graph: &Graph<'_>) -> Vec<(String, usize)> {
    let mut routes = Vec::new();
    for edge in graph.edges().iter().filter(|edge| edge.need == Need::Service) {
        let Answer::Object(service) = graph.answer(&edge.target) else { continue };
        if let Some(words) = words(&objects[edge.from], &edge.pointer) {
            routes.push((words, service));
        }
    }
    for (number, object) in objects.iter().enumerate().filter(|(_, object)| object.group().is_empty() && object.kind() == "Service") {
        routes.extend(ports(object).into_iter().map(|words| (words, number)));
    }
    routes
}

/// The host and path of the route that a pointer is inside of; none for what is no route.
fn words(object: &Object, pointer: &str) -> Option<String> {
    let steps: Vec<&str> = pointer.split('/').collect();
    let above = |count: usize| object.pointer(&steps[..count.min(steps.len())].join("/"));
    let text = |value: Option<&Value>, key: &str| value.and_then(|value| value.get(key)).and_then(Value::as_str).map(ToOwned::to_owned);
    match (object.group(), object.kind()) {
        // /spec/rules/R/http/paths/P/backend/service/name
        ("networking.k8s.io", "Ingress") => {
            let host = text(above(4), "host").unwrap_or_else(|| "*".to_owned());
            let path = text(above(7), "path").filter(|_| steps.len() > 7).unwrap_or_else(|| "/".to_owned());
            Some(format!("{host}{path}"))
        }
        // /spec/routes/R/services/S/name
        ("traefik.io", kind) if kind.starts_with("IngressRoute") => {
            let entry_points = object.pointer("/spec/entryPoints").and_then(Value::as_array);
            let entry_points: Vec<_> = entry_points.into_iter().flatten().filter_map(Value::as_str).collect();
            let what = text(above(4), "match").unwrap_or_else(|| "UDP".to_owned());
            Some(if entry_points.is_empty() { what } else { format!("{what} at {}", entry_points.join(", ")) })
        }
        // /spec/rules/R/backendRefs/B/name
        ("gateway.networking.k8s.io", kind) if kind.ends_with("Route") => {
            let hosts = object.pointer("/spec/hostnames").and_then(Value::as_array);
            let hosts: Vec<_> = hosts.into_iter().flatten().filter_map(Value::as_str).collect();
            let hosts = if hosts.is_empty() { "*".to_owned() } else { hosts.join(", ") };
            let path = above(4).and_then(|rule| rule.pointer("/matches/0/path/value")).and_then(Value::as_str);
            Some(match path {
                Some(path) => format!("{hosts}{path}"),
                None if kind == "HTTPRoute" => format!("{hosts}/"),
                None => format!("{kind} {hosts}"),
            })
        }
        _ => None,
    }
}

/// The ports of a Service that are open outside of the cluster.
fn ports(service: &Object) -> Vec<String> {
    let kind = service.pointer("/spec/type").and_then(Value::as_str).unwrap_or_default();
    let key = match kind {
        "NodePort" => "nodePort",
        "LoadBalancer" => "port",
        _ => return Vec::new(),
    };
    let ports = service.pointer("/spec/ports").and_then(Value::as_array).into_iter().flatten();
    let of = |port: &Value| {
        let number = port.get(key)?;
        let protocol = port.get("protocol").and_then(Value::as_str).unwrap_or("TCP");
        Some(format!("{kind} {number}/{protocol}"))
    };
    ports.filter_map(of).collect()
}
