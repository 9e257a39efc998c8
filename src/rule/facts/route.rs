//! Which host leads to which Service.

use crate::reference::{Answer, Field, Graph, Target};
use crate::rule::Context;

/// A way from a host to a Service, through an Ingress, an `IngressRoute` or an `HTTPRoute`.
#[derive(Debug)]
pub(in crate::rule) struct Route<'a> {
    /// The number of the object that makes it.
    pub(in crate::rule) object: usize,
    /// The backend.
    pub(in crate::rule) backend: Field<'a>,
    /// The hosts; empty for any.
    pub(in crate::rule) hosts: Vec<&'a str>,
    /// Whether the router ends TLS and talks plain HTTP to the Service.
    pub(in crate::rule) ends_tls: bool,
    /// The number of the Service, which is in the set.
    pub(in crate::rule) service: usize,
}

/// All routes of a set to Services that are in it.
pub(in crate::rule) fn routes<'a>(context: &Context<'a>) -> Vec<Route<'a>> {
    let mut routes = Vec::new();
    for (number, object) in context.objects.iter().enumerate() {
        let Some(spec) = Field::of(object, &["spec"]) else { continue };
        let namespace = object.namespace().unwrap_or_default();
        let mut add = |backend: Field<'a>, hosts: Vec<&'a str>, ends_tls: bool| {
            let Some(name) = backend.text("name") else { return };
            let target = Target::Object { group: "", kind: "Service", namespace: backend.text("namespace").unwrap_or(namespace), name };
            if let Answer::Object(service) = context.graph.answer(&target) {
                routes.push(Route { object: number, backend, hosts, ends_tls, service });
            }
        };
        match (object.group(), object.kind()) {
            ("networking.k8s.io", "Ingress") => {
                let annotations = Field::of(object, &["metadata", "annotations"]);
                let annotation = |key: &str| annotations.and_then(|annotations| annotations.text(key)).unwrap_or_default();
                let has_tls = spec.get("tls").is_some() || annotation("traefik.ingress.kubernetes.io/router.tls") == "true";
                let passes = annotation("nginx.ingress.kubernetes.io/ssl-passthrough") == "true"
                    || annotation("nginx.ingress.kubernetes.io/backend-protocol").starts_with("HTTPS");
                for rule in spec.list("rules") {
                    let hosts: Vec<_> = rule.text("host").into_iter().collect();
                    for backend in rule.get("http").into_iter().flat_map(|http| http.list("paths")).filter_map(|path| path.get("backend")) {
                        let Some(service) = backend.get("service") else { continue };
                        let port = service.get("port").and_then(|port| port.get("number").or_else(|| port.get("name")));
                        add(service, hosts.clone(), has_tls && !passes && !is_tls_port(port));
                    }
                }
            }
            ("traefik.io", "IngressRoute") => {
                let has_tls = spec.get("tls").is_some();
                for route in spec.list("routes") {
                    let hosts = route.text("match").map(hosts_of_match).unwrap_or_default();
                    for service in route.list("services").filter(|service| service.text("kind") != Some("TraefikService")) {
                        let plain = service.text("scheme").map_or(!is_tls_port(service.get("port")), |scheme| scheme != "https");
                        add(service, hosts.clone(), has_tls && plain);
                    }
                }
            }
            ("gateway.networking.k8s.io", "HTTPRoute" | "GRPCRoute") => {
                let hosts: Vec<_> = spec.list("hostnames").filter_map(|host| host.as_str()).collect();
                let has_tls = spec.list("parentRefs").any(|parent| is_tls_parent(&context.graph, parent, namespace));
                for backend in spec.list("rules").flat_map(|rule| rule.list("backendRefs")) {
                    add(backend, hosts.clone(), has_tls && !is_tls_port(backend.get("port")));
                }
            }
            _ => {}
        }
    }
    routes
}

/// Controllers talk TLS to a port 443, or one that is named for it.
fn is_tls_port(port: Option<Field<'_>>) -> bool {
    port.is_some_and(|port| port.value.as_i64() == Some(443) || port.as_str().is_some_and(|name| name.starts_with("https")))
}

fn is_tls_parent<'a>(graph: &Graph<'a>, parent: Field<'a>, namespace: &'a str) -> bool {
    let Some(name) = parent.text("name") else { return false };
    let namespace = parent.text("namespace").unwrap_or(namespace);
    let Some(gateway) = graph.object("gateway.networking.k8s.io", "Gateway", namespace, name) else { return false };
    let listeners = Field::of(&graph.objects()[gateway], &["spec"]).into_iter().flat_map(|spec| spec.list("listeners"));
    let mut meant = listeners.filter(|listener| parent.text("sectionName").is_none_or(|section| listener.text("name") == Some(section)));
    meant.any(|listener| listener.text("protocol") == Some("HTTPS"))
}

/// The hosts of a Traefik rule: what stands in quotes or backticks inside of `Host(…)`.
pub(in crate::rule) fn hosts_of_match(rule: &str) -> Vec<&str> {
    let is_call = |before: &str| {
        let in_quotes = before.matches(['`', '"']).count() % 2 == 1;
        !in_quotes && !before.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '!')
    };
    let calls = rule.match_indices("Host(").filter(|(at, _)| is_call(&rule[..*at]));
    calls.flat_map(|(at, call)| quoted(rule[at + call.len()..].split(')').next().unwrap_or_default())).collect()
}

/// What stands in quotes or backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split(['`', '"']).skip(1).step_by(2)
}

#[cfg(test)]
mod tests {
    use super::hosts_of_match;

    #[test]
    fn hosts_of_a_match() {
        assert_eq!(
            hosts_of_match("Host(`a.example`) && PathPrefix(`/x`) || Host(`b.example`, \"c.example\")"),
            ["a.example", "b.example", "c.example"]
        );
        assert!(hosts_of_match("!Host(`a`) && Path(`/Host(`)").is_empty());
    }
}
