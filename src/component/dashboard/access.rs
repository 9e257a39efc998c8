//! What the page may read.

use k8s_openapi::api::core::v1::ServiceAccount;
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, PolicyRule, RoleRef, Subject};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::{Context, Output, at};
use crate::config::dashboard::RouteKind;
use crate::diag::Result;

/// Adds the ServiceAccount, and a role where the page asks the API server anything.
pub(super) fn render(context: Context<'_>, out: &mut Output) -> Result<()> {
    let account = ServiceAccount {
        metadata: context.metadata(context.name()),
        automount_service_account_token: Some(false),
        ..ServiceAccount::default()
    };
    out.object(at([]), &account)?;
    if !context.reads_the_cluster() {
        return Ok(());
    }
    let metadata = || ObjectMeta { name: Some(context.name().to_owned()), ..ObjectMeta::default() };
    out.object(at(["serviceDiscovery"]), &ClusterRole { metadata: metadata(), rules: Some(rules(context)), aggregation_rule: None })?;
    let subject = Subject {
        api_group: None,
        kind: "ServiceAccount".to_owned(),
        name: context.name().to_owned(),
        namespace: Some(context.dashboard.namespace.to_string()),
    };
    let role_ref =
        RoleRef { api_group: "rbac.authorization.k8s.io".to_owned(), kind: "ClusterRole".to_owned(), name: context.name().to_owned() };
    out.object(at(["serviceDiscovery"]), &ClusterRoleBinding { metadata: metadata(), role_ref, subjects: Some(vec![subject]) })
}

fn rule(group: &str, resources: &[&str], verbs: &[&str], names: &[&str]) -> PolicyRule {
    let texts = |list: &[&str]| Some(list.iter().map(ToString::to_string).collect::<Vec<_>>()).filter(|list| !list.is_empty());
    PolicyRule {
        api_groups: Some(vec![group.to_owned()]),
        resources: texts(resources),
        resource_names: texts(names),
        verbs: verbs.iter().map(ToString::to_string).collect(),
        non_resource_urls: None,
    }
}

/// Only what the page's code asks for: routes of the kinds that it looks for, pods for their state, nodes and their figures.
fn rules(context: Context<'_>) -> Vec<PolicyRule> {
    const READ: [&str; 2] = ["get", "list"];
    let discovery = &context.dashboard.service_discovery;
    let metrics = context.dashboard.customizations.metrics.enabled;
    let looks_for = |kind: RouteKind| discovery.enabled && discovery.routes.contains(&kind);
    let mut rules = Vec::new();
    let mut core = Vec::new();
    if looks_for(RouteKind::Gateway) {
        core.push("namespaces");
    }
    if discovery.enabled {
        core.push("pods");
    }
    if metrics {
        core.push("nodes");
    }
    rules.push(rule("", &core, &READ, &[]));
    if metrics || discovery.enabled {
        let figures: Vec<_> = core.iter().copied().filter(|resource| *resource != "namespaces").collect();
        rules.push(rule("metrics.k8s.io", &figures, &READ, &[]));
    }
    if looks_for(RouteKind::Ingress) {
        rules.push(rule("networking.k8s.io", &["ingresses"], &READ, &[]));
    }
    if looks_for(RouteKind::Traefik) {
        rules.push(rule("traefik.io", &["ingressroutes"], &READ, &[]));
        let definitions = ["ingressroutes.traefik.io", "ingressroutes.traefik.containo.us"];
        rules.push(rule("apiextensions.k8s.io", &["customresourcedefinitions/status"], &["get"], &definitions));
    }
    if looks_for(RouteKind::Gateway) {
        rules.push(rule("gateway.networking.k8s.io", &["gateways", "httproutes"], &READ, &[]));
    }
    rules
}
