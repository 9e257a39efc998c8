//! Certificates of routes: asked of cert-manager, or declared as Secrets that something else delivers.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::networking::v1::{NetworkPolicy, NetworkPolicyIngressRule, NetworkPolicySpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use serde_json::json;

use super::{Context, Output, resource};
use crate::component::traffic::port;
use crate::config::ingress::TlsMode;
use crate::diag::Result;
use crate::source::ConfigPath;

/// Routes of one Secret.
struct Wanted<'a> {
    origin: &'a ConfigPath,
    hosts: BTreeSet<&'a str>,
    issuer: Option<&'a str>,
}

pub(super) fn render(context: Context<'_>, out: &mut Output) -> Result<()> {
    let mut secrets: BTreeMap<(&str, &str), Wanted<'_>> = BTreeMap::new();
    for route in context.routes {
        let TlsMode::Terminate { secret, issuer, .. } = &route.tls else { continue };
        let wanted = secrets.entry((&route.namespace, secret)).or_insert_with(|| Wanted {
            origin: &route.origin,
            hosts: BTreeSet::new(),
            issuer: None,
        });
        wanted.hosts.extend(route.host.as_deref());
        wanted.issuer = wanted.issuer.or(issuer.as_deref());
    }
    let mut challenged: BTreeMap<String, ConfigPath> = BTreeMap::new();
    for ((namespace, secret), wanted) in secrets {
        let Some(issuer) = wanted.issuer else {
            out.secret(wanted.origin.clone(), namespace, secret, ["tls.crt", "tls.key"]);
            continue;
        };
        let spec = json!({
            "secretName": secret,
            "dnsNames": wanted.hosts,
            "issuerRef": {"group": "cert-manager.io", "kind": issuer_kind(context, issuer), "name": issuer},
            "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
        });
        out.object(wanted.origin.clone(), &resource("cert-manager.io/v1", "Certificate", namespace, secret, spec))?;
        if answers_challenges(context, issuer) {
            challenged.entry(namespace.to_owned()).or_insert_with(|| wanted.origin.clone());
        }
    }
    let denies = |namespace: &str, out: &Output| out.namespaces().iter().any(|need| need.name == namespace);
    for (namespace, origin) in challenged {
        if context.cluster.cluster.security.network_policies && denies(&namespace, out) {
            out.object(origin, &challenge_policy(&namespace))?;
        }
    }
    Ok(())
}

/// Whether cert-manager puts pods into the namespace that answer an authority by HTTP.
fn answers_challenges(context: Context<'_>, name: &str) -> bool {
    let mut issuers = context.cluster.cert_manager.iter().flat_map(|manager| &manager.issuers);
    issuers.any(|issuer| issuer.name.as_str() == name && issuer.acme.as_ref().is_some_and(|acme| acme.http01.is_some()))
}

/// The pods that cert-manager answers challenges with, by its label and port (pkg/issuer/acme/http/pod.go of cert-manager 1.21).
fn challenge_policy(namespace: &str) -> NetworkPolicy {
    let labels = [("acme.cert-manager.io/http01-solver".to_owned(), "true".to_owned())].into();
    let spec = NetworkPolicySpec {
        pod_selector: Some(LabelSelector { match_labels: Some(labels), match_expressions: None }),
        policy_types: Some(vec!["Ingress".to_owned()]),
        ingress: Some(vec![NetworkPolicyIngressRule { from: None, ports: Some(vec![port("TCP", 8089)]) }]),
        egress: None,
    };
    let metadata = ObjectMeta {
        name: Some("allow-acme-challenges".to_owned()),
        namespace: Some(namespace.to_owned()),
        // The pods come and go with challenges.
        annotations: Some(
            [("manifestgen.dev/allow".to_owned(), "reference/policy-pods: cert-manager makes these pods for a challenge".to_owned())]
                .into(),
        ),
        ..ObjectMeta::default()
    };
    NetworkPolicy { metadata, spec: Some(spec) }
}

fn issuer_kind(context: Context<'_>, name: &str) -> &'static str {
    let issuers = context.cluster.cert_manager.iter().flat_map(|manager| &manager.issuers);
    let mut of_name = issuers.filter(|issuer| issuer.name.as_str() == name);
    if of_name.any(|issuer| issuer.namespace.is_some()) { "Issuer" } else { "ClusterIssuer" }
}
