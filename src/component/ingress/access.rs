//! What our own Traefik may do in the cluster: read what routes are made of, and write their status.
//!
//! The lists are those of `docs/content/reference/dynamic-configuration/kubernetes-{crd,gateway}-rbac.yml` of Traefik 3.6.12 without what
//! only tracing needs; `tests/it/ingress_traefik.rs` runs Traefik with these rights and no others.

use k8s_openapi::api::core::v1::ServiceAccount;
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, PolicyRule, RoleRef, Subject};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::arguments::has_raw_routes;
use super::{Context, Output, TRAEFIK, at};
use crate::config::ingress::Form;
use crate::diag::Result;

const READ: &[&str] = &["get", "list", "watch"];
const GATEWAY: &str = "gateway.networking.k8s.io";

pub(super) fn render(context: Context<'_>, out: &mut Output) -> Result<()> {
    let account = ServiceAccount {
        metadata: context.metadata(TRAEFIK),
        // The pod asks for its token itself.
        automount_service_account_token: Some(false),
        ..ServiceAccount::default()
    };
    out.object(at(["controller"]), &account)?;
    let metadata = ObjectMeta { name: Some(TRAEFIK.to_owned()), ..ObjectMeta::default() };
    out.object(at(["controller"]), &ClusterRole { metadata: metadata.clone(), rules: Some(rules(context)), aggregation_rule: None })?;
    let subject =
        Subject { kind: "ServiceAccount".to_owned(), name: TRAEFIK.to_owned(), namespace: Some(context.namespace()), api_group: None };
    let role_ref = RoleRef { api_group: "rbac.authorization.k8s.io".to_owned(), kind: "ClusterRole".to_owned(), name: TRAEFIK.to_owned() };
    out.object(at(["controller"]), &ClusterRoleBinding { metadata, role_ref, subjects: Some(vec![subject]) })
}

fn rules(context: Context<'_>) -> Vec<PolicyRule> {
    let mut rules = vec![
        rule("", &["configmaps", "nodes", "secrets", "services"], READ),
        rule("discovery.k8s.io", &["endpointslices"], &["list", "watch"]),
        rule("networking.k8s.io", &["ingressclasses", "ingresses"], READ),
        rule("networking.k8s.io", &["ingresses/status"], &["update"]),
        rule(
            "traefik.io",
            &[
                "ingressroutes",
                "ingressroutetcps",
                "ingressrouteudps",
                "middlewares",
                "middlewaretcps",
                "serverstransports",
                "serverstransporttcps",
                "tlsoptions",
                "tlsstores",
                "traefikservices",
            ],
            READ,
        ),
    ];
    if context.ingress.form() == Form::HttpRoute {
        let mut kinds = vec!["backendtlspolicies", "gatewayclasses", "gateways", "grpcroutes", "httproutes", "referencegrants"];
        if has_raw_routes(context) {
            kinds.extend(["tcproutes", "tlsroutes"]);
        }
        let status: Vec<String> = kinds.iter().filter(|kind| **kind != "referencegrants").map(|kind| format!("{kind}/status")).collect();
        let status: Vec<&str> = status.iter().map(String::as_str).collect();
        rules.push(rule("", &["namespaces"], &["list", "watch"]));
        rules.push(rule(GATEWAY, &kinds, READ));
        rules.push(rule(GATEWAY, &status, &["update"]));
    }
    rules
}

fn rule(group: &str, resources: &[&str], verbs: &[&str]) -> PolicyRule {
    let list = |words: &[&str]| words.iter().map(ToString::to_string).collect::<Vec<_>>();
    PolicyRule { api_groups: Some(list(&[group])), resources: Some(list(resources)), verbs: list(verbs), ..PolicyRule::default() }
}
