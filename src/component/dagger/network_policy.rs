//! Who may connect to the engine: whoever can is root on its node.

use k8s_openapi::api::networking::v1::{
    NetworkPolicy, NetworkPolicyEgressRule, NetworkPolicyIngressRule, NetworkPolicyPeer, NetworkPolicySpec,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

use super::{Context, Output, at};
use crate::component::traffic::{addresses, named_namespace, port, readers};
use crate::config::headscale::ServiceType;
use crate::diag::Result;

/// Adds the policy, where the cluster has policies, and always where the engine itself asks nobody who they are.
pub(super) fn render(context: Context<'_>, out: &mut Output) -> Result<()> {
    if context.cluster.cluster.security.network_policies || context.dagger.tls.is_none() {
        out.object(at(["access"]), &policy(context))?;
    }
    Ok(())
}

fn policy(context: Context<'_>) -> NetworkPolicy {
    let from = Some(clients(context)).filter(|_| !everybody(context));
    let ports = Some(vec![port("TCP", context.dagger.service.port.0)]);
    // Without that section the engine has none.
    let metrics = readers(context.cluster)
        .map(|from| NetworkPolicyIngressRule { from: Some(from), ports: Some(vec![port("TCP", context.dagger.metrics_port().0)]) });
    let spec = NetworkPolicySpec {
        pod_selector: Some(LabelSelector { match_labels: Some(context.selector()), match_expressions: None }),
        policy_types: Some(vec!["Ingress".to_owned(), "Egress".to_owned()]),
        ingress: Some([NetworkPolicyIngressRule { from, ports }].into_iter().chain(metrics).collect()),
        // Builds fetch from anywhere: registries, repositories, package indexes.
        egress: Some(vec![NetworkPolicyEgressRule::default()]),
    };
    NetworkPolicy { metadata: context.metadata(context.name()), spec: Some(spec) }
}

/// Whether the certificates alone decide.
fn everybody(context: Context<'_>) -> bool {
    let dagger = context.dagger;
    let is_outside = dagger.service.r#type != ServiceType::ClusterIP || dagger.service.external_host.is_some();
    dagger.tls.is_some() && is_outside && dagger.access.cidrs.is_empty()
}

fn clients(context: Context<'_>) -> Vec<NetworkPolicyPeer> {
    let access = &context.dagger.access;
    let mut namespaces: Vec<&str> = access.namespaces.iter().map(crate::config::DnsLabel::as_str).collect();
    namespaces.insert(0, context.dagger.namespace.as_str());
    let mut seen = std::collections::BTreeSet::new();
    namespaces.retain(|name| seen.insert(*name));
    let outside = access.cidrs.iter().map(|cidr| addresses(cidr.as_str()));
    namespaces.into_iter().map(named_namespace).chain(outside).collect()
}
