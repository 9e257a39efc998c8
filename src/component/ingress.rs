//! The ingress controller and the objects that routes become.
//!
//! Facts of Traefik are read in `pkg/provider/kubernetes` and `docs/content/reference` of Traefik 3.6.12, those of the Gateway API in its
//! 1.6 types. `tests/it/ingress_traefik.rs` asks a real Traefik what every form answers.

mod access;
mod arguments;
mod bundled;
mod certificates;
mod definitions;
mod deployment;
mod gateway;
mod http_routes;
mod ingress_routes;
mod ingresses;
mod middlewares;
mod network;
mod network_policies;
mod raw_routes;

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::{Value, json};

use super::{Component, NamespaceNeed, Output, pod};
use crate::config::ingress::{Form, Ingress, ResolvedRoute, routes};
use crate::config::{Cluster, PodSecurity};
use crate::diag::Result;
use crate::source::ConfigPath;

/// The row in the table of components.
pub(super) const INGRESS: Component =
    Component { name: "ingress", enabled: |cluster| cluster.ingress.is_some(), namespaces: needed_namespaces, render };

/// The Gateway that routes hang on, and its listener of plain HTTP.
pub(super) const GATEWAY: (&str, &str) = (gateway::NAME, gateway::HTTP);

/// The name of Traefik's objects and container.
const TRAEFIK: &str = "traefik";

/// What the parts work on.
#[derive(Clone, Copy)]
struct Context<'a> {
    cluster: &'a Cluster,
    ingress: &'a Ingress,
    routes: &'a [ResolvedRoute],
}

impl Context<'_> {
    /// The namespace of the controller and its Gateway.
    fn namespace(&self) -> String {
        self.ingress.namespace(self.cluster)
    }

    /// Of an object of our own Traefik.
    fn metadata(&self, name: &str) -> ObjectMeta {
        ObjectMeta { name: Some(name.to_owned()), namespace: Some(self.namespace()), ..ObjectMeta::default() }
    }

    /// What picks its pods. It never changes for a cluster: a Deployment's selector cannot.
    fn selector(&self) -> BTreeMap<String, String> {
        pod::selector(self.cluster, TRAEFIK)
    }

    /// The Gateway's port for a port outside of the cluster: Traefik wants that of its entry point inside of the pod.
    fn listener_port(&self, outer: u16) -> u16 {
        let service = &self.ingress.controller.service;
        if !self.ingress.is_traefik() {
            return outer;
        }
        if outer == service.http_port.0 {
            return arguments::WEB.1;
        }
        if outer == service.https_port.0 {
            return arguments::WEB_SECURE.1;
        }
        crate::config::ingress::inner_port(outer)
    }
}

fn at<'a>(keys: impl IntoIterator<Item = &'a str>) -> ConfigPath {
    keys.into_iter().fold(ConfigPath::of(["ingress"]), |path, key| path.key(key))
}

fn needed_namespaces(cluster: &Cluster) -> Vec<NamespaceNeed> {
    let Some(ingress) = &cluster.ingress else { return Vec::new() };
    if !ingress.installs_traefik(cluster) && ingress.form() != Form::HttpRoute {
        return Vec::new();
    }
    let need = NamespaceNeed {
        name: ingress.namespace(cluster),
        pod_security: ingress.installs_traefik(cluster).then_some(PodSecurity::Restricted),
        origin: at(["controller", "namespace"]),
    };
    vec![need]
}

fn render(cluster: &Cluster, out: &mut Output) -> Result<()> {
    let Some(ingress) = &cluster.ingress else { return Ok(()) };
    let routes = routes(cluster);
    let context = Context { cluster, ingress, routes: &routes };
    if ingress.installs_traefik(cluster) {
        definitions::render(context, out)?;
        access::render(context, out)?;
        out.object(at(["controller"]), &deployment::deployment(context))?;
        network::render(context, out)?;
    } else if ingress.uses_bundled_traefik(cluster) {
        bundled::render(context, out)?;
    }
    network_policies::render(context, out)?;
    certificates::render(context, out)?;
    middlewares::render(context, out)?;
    match ingress.form() {
        Form::Ingress => ingresses::render(context, out),
        Form::IngressRoute => ingress_routes::render(context, out),
        Form::HttpRoute => {
            gateway::render(context, out)?;
            http_routes::render(context, out)
        }
    }
}

/// The beginning of a custom resource in a namespace.
fn resource(api_version: &str, kind: &str, namespace: &str, name: &str, spec: Value) -> Value {
    let mut object = json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "namespace": namespace}});
    object["spec"] = spec;
    object
}

/// Adds what a route's entry says about its objects.
fn annotate(object: &mut Value, annotations: &BTreeMap<String, String>) {
    if !annotations.is_empty() {
        object["metadata"]["annotations"] = json!(annotations);
    }
}

/// How early Traefik tries a route: the longest prefix first, routes for a host before those for every host.
///
/// Left to itself Traefik takes the length of the whole rule, so that a long path for every host would come before a host's own short one.
/// The numbers stay below what it takes by itself for the challenges of cert-manager's solvers (`Host(…) && Path(…)`, more than 80), which
/// have to come before everything else at their host.
fn priority(route: &ResolvedRoute) -> i64 {
    let length = i64::try_from(route.path.len()).unwrap_or(1);
    let base = if route.host.is_some() { 0 } else { -1_000_000 };
    base + 2 * length
}

/// What Traefik tries last.
const LAST: i64 = -2_000_000;

/// Traefik's match of a host and a prefix by path elements. Its own `PathPrefix` takes characters: `/argocdx` begins with `/argocd`.
fn rule(route: &ResolvedRoute) -> String {
    let host = route.host.as_ref().map(|host| format!("Host(`{host}`)"));
    let path = match route.path.as_str() {
        "/" => host.is_none().then(|| "PathPrefix(`/`)".to_owned()),
        path => Some(format!("(Path(`{path}`) || PathPrefix(`{path}/`))")),
    };
    host.into_iter().chain(path).collect::<Vec<_>>().join(" && ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(host: Option<&str>, path: &str) -> ResolvedRoute {
        let host = host.map_or(Value::Null, Value::from);
        let config = json!({"cluster": {"name": "c"}, "ingress": {"routes": [
            {"name": "r", "host": host, "path": path, "service": {"name": "s", "port": 80}}]}});
        routes(&serde_json::from_value(config).expect("a cluster")).remove(0)
    }

    #[test]
    fn a_rule_matches_whole_elements() {
        assert_eq!(rule(&route(Some("a.internal"), "/")), "Host(`a.internal`)");
        assert_eq!(rule(&route(None, "/")), "PathPrefix(`/`)");
        assert_eq!(rule(&route(Some("a.internal"), "/argocd/")), "Host(`a.internal`) && (Path(`/argocd`) || PathPrefix(`/argocd/`))");
    }

    #[test]
    fn hosts_come_first_and_then_long_paths() {
        let order = [route(Some("a.internal"), "/a/b"), route(Some("a.internal"), "/"), route(None, "/a/b/c/d/e"), route(None, "/")];
        assert!(order.windows(2).all(|pair| priority(&pair[0]) > priority(&pair[1])));
        // `Host("a.b") && Path("/.well-known/acme-challenge/…")`, with a token of 43 characters.
        assert!(priority(&route(Some("a.b"), "/.well-known")) < 80);
    }
}
