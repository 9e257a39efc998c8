//! Who may talk to the controller, and what it may talk to, in clusters whose namespaces deny the rest.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::networking::v1::{
    NetworkPolicy, NetworkPolicyEgressRule, NetworkPolicyIngressRule, NetworkPolicyPeer, NetworkPolicySpec,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};

use super::arguments::entry_points;
use super::{Context, Output, TRAEFIK, at};
use crate::component::traffic::{named_namespace, port};
use crate::config::ingress::Form;
use crate::diag::Result;
use crate::source::ConfigPath;

/// Components that let everybody in by a policy of their own.
const OPEN: [&str; 2] = ["argocd-server", "headscale"];

pub(super) fn render(context: Context<'_>, out: &mut Output) -> Result<()> {
    if !context.cluster.cluster.security.network_policies {
        return Ok(());
    }
    if context.ingress.installs_traefik(context.cluster) {
        out.object(at(["controller"]), &traefik(context))?;
    }
    if context.ingress.form() == Form::HttpRoute && !context.ingress.is_traefik() {
        out.object(at(["controller"]), &gateway_pods(context))?;
    }
    let denied: BTreeSet<String> = out.namespaces().iter().map(|need| need.name.clone()).collect();
    let mut namespaces: BTreeMap<&str, ConfigPath> = BTreeMap::new();
    for route in context.routes.iter().filter(|route| !OPEN.contains(&route.service.name.as_str())) {
        if denied.contains(&route.service.namespace) {
            namespaces.entry(&route.service.namespace).or_insert_with(|| route.origin.clone());
        }
    }
    if let Some(service) = &context.ingress.default_backend {
        let namespace = service.namespace.as_ref().map_or("default", |name| name.as_str());
        if denied.contains(namespace) {
            namespaces.entry(namespace).or_insert_with(|| at(["defaultBackend"]));
        }
    }
    for (namespace, origin) in namespaces {
        out.object(origin, &from_controller(context, namespace))?;
    }
    Ok(())
}

fn by_labels(labels: BTreeMap<String, String>) -> LabelSelector {
    LabelSelector { match_labels: Some(labels), match_expressions: None }
}

/// In by its entry points from everywhere; out to the API server and to the namespaces that routes lead to. The ports of pods behind a
/// Service stand nowhere in the config.
fn traefik(context: Context<'_>) -> NetworkPolicy {
    let open = entry_points(context).into_iter().map(|(_, number)| port("TCP", number)).collect();
    // Challenges of an authority are answered by pods in the namespace of the certificate.
    let namespaces: BTreeSet<&str> =
        context.routes.iter().flat_map(|route| [route.service.namespace.as_str(), route.namespace.as_str()]).collect();
    let backends = namespaces
        .into_iter()
        .chain(context.ingress.default_backend.iter().map(|service| service.namespace.as_ref().map_or("default", |name| name.as_str())));
    let peers: BTreeMap<&str, NetworkPolicyPeer> = backends.map(|name| (name, named_namespace(name))).collect();
    // k3s serves its API at 6443; kube-proxy has translated the Service's 443 by the time a policy sees it.
    let api = NetworkPolicyEgressRule { to: None, ports: Some(vec![port("TCP", 443), port("TCP", 6443)]) };
    let routes = (!peers.is_empty()).then(|| NetworkPolicyEgressRule { to: Some(peers.into_values().collect()), ports: None });
    let spec = NetworkPolicySpec {
        pod_selector: Some(by_labels(context.selector())),
        policy_types: Some(vec!["Ingress".to_owned(), "Egress".to_owned()]),
        ingress: Some(vec![NetworkPolicyIngressRule { from: None, ports: Some(open) }]),
        egress: Some([api].into_iter().chain(routes).collect()),
    };
    NetworkPolicy { metadata: context.metadata(TRAEFIK), spec: Some(spec) }
}

/// Controllers of the Gateway API other than Traefik put pods of a Gateway into its namespace, which holds nothing else.
fn gateway_pods(context: Context<'_>) -> NetworkPolicy {
    let spec = NetworkPolicySpec {
        pod_selector: Some(LabelSelector::default()),
        policy_types: Some(vec!["Ingress".to_owned(), "Egress".to_owned()]),
        ingress: Some(vec![NetworkPolicyIngressRule::default()]),
        egress: Some(vec![NetworkPolicyEgressRule::default()]),
    };
    NetworkPolicy { metadata: context.metadata("gateway"), spec: Some(spec) }
}

/// Which pods are behind a Service only the Service knows, so that the controller may come to all of a namespace that a route leads to.
fn from_controller(context: Context<'_>, namespace: &str) -> NetworkPolicy {
    let pods = context.ingress.installs_traefik(context.cluster).then(|| by_labels(context.selector()));
    let peer = NetworkPolicyPeer { pod_selector: pods, ..named_namespace(&context.namespace()) };
    let spec = NetworkPolicySpec {
        pod_selector: Some(LabelSelector::default()),
        policy_types: Some(vec!["Ingress".to_owned()]),
        ingress: Some(vec![NetworkPolicyIngressRule { from: Some(vec![peer]), ports: None }]),
        egress: None,
    };
    let metadata =
        ObjectMeta { name: Some("allow-ingress-controller".to_owned()), namespace: Some(namespace.to_owned()), ..ObjectMeta::default() };
    NetworkPolicy { metadata, spec: Some(spec) }
}
