//! Who may talk to the controller, in clusters whose namespaces deny the rest. What it may talk to follows from its routes and its role
//! (`render/policies.rs`).

use std::collections::BTreeMap;

use k8s_openapi::api::networking::v1::{NetworkPolicy, NetworkPolicyEgressRule, NetworkPolicyIngressRule, NetworkPolicySpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

use super::arguments::{INTERNAL, entry_points};
use super::{Context, Output, TRAEFIK, at};
use crate::component::traffic::{port, readers};
use crate::config::ingress::Form;
use crate::diag::Result;

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
    Ok(())
}

fn by_labels(labels: BTreeMap<String, String>) -> LabelSelector {
    LabelSelector { match_labels: Some(labels), match_expressions: None }
}

/// By its entry points from everywhere, and by that of metrics from whoever reads them.
fn traefik(context: Context<'_>) -> NetworkPolicy {
    let readers = readers(context.cluster);
    let (inner, open): (Vec<_>, Vec<_>) = entry_points(context).into_iter().partition(|(name, _)| readers.is_some() && name == INTERNAL.0);
    let rule = |from, ports: Vec<(String, u16)>| NetworkPolicyIngressRule {
        from,
        ports: Some(ports.into_iter().map(|(_, number)| port("TCP", number)).collect()),
    };
    let metrics = (!inner.is_empty()).then(|| rule(readers, inner));
    let spec = NetworkPolicySpec {
        pod_selector: Some(by_labels(context.selector())),
        policy_types: Some(vec!["Ingress".to_owned()]),
        ingress: Some([rule(None, open)].into_iter().chain(metrics).collect()),
        egress: None,
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
