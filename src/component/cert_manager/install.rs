//! The chart, and what its pods may talk to.

use k8s_openapi::api::networking::v1::{NetworkPolicy, NetworkPolicyEgressRule, NetworkPolicyIngressRule, NetworkPolicySpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use serde_json::{Map, Value, json};

use super::{Context, Output, at};
use crate::component::traffic::{port, readers};
use crate::config::cert_manager::Install;
use crate::config::ingress::Form;
use crate::diag::{Error, Result};
use crate::yaml;

const CHART: &str = "cert-manager";

pub(super) fn render(context: Context<'_>, out: &mut Output) -> Result<()> {
    match context.manager.install {
        Install::HelmChart => out.object(at(["install"]), &helm_chart(context)?)?,
        Install::Application => out.object(at(["install"]), &application(context))?,
        Install::None => {}
    }
    if context.cluster.cluster.security.network_policies {
        out.object(at(["namespace"]), &network_policy(context))?;
    }
    Ok(())
}

/// Values for the chart: the definitions come with the release, and challenges by HTTP go through a Gateway where there is one.
fn values(context: Context<'_>) -> Map<String, Value> {
    let mut values = Map::new();
    values.insert("crds".to_owned(), json!({"enabled": false}));
    let has_gateway = context.cluster.ingress.as_ref().is_some_and(|ingress| ingress.form() == Form::HttpRoute);
    if has_gateway {
        let config = json!({"apiVersion": "controller.config.cert-manager.io/v1alpha1", "kind": "ControllerConfiguration", "enableGatewayAPI": true});
        values.insert("config".to_owned(), config);
    }
    for (key, value) in &context.manager.values {
        values.insert(key.clone(), value.clone());
    }
    values
}

fn helm_chart(context: Context<'_>) -> Result<Value> {
    let text = yaml::to_string(&values(context))
        .map_err(|cause| Error::internal("the values of cert-manager's chart cannot be written").caused_by(cause.to_string()))?;
    Ok(json!({
        "apiVersion": "helm.cattle.io/v1", "kind": "HelmChart", "metadata": {"name": CHART, "namespace": "kube-system"},
        "spec": {
            "repo": context.manager.repository, "chart": CHART, "version": context.manager.version,
            "targetNamespace": context.manager.namespace, "valuesContent": text,
        },
    }))
}

fn application(context: Context<'_>) -> Value {
    let argocd = context.cluster.argocd.as_ref().map_or("argocd", |argocd| argocd.namespace.as_str());
    json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": {"name": CHART, "namespace": argocd},
        "spec": {
            "project": "default",
            "source": {
                "repoURL": context.manager.repository, "chart": CHART, "targetRevision": context.manager.version,
                "helm": {"valuesObject": values(context)},
            },
            "destination": {"server": "https://kubernetes.default.svc", "namespace": context.manager.namespace},
            "syncPolicy": {"automated": {"prune": true, "selfHeal": true}, "syncOptions": ["ServerSideApply=true"]},
        },
    })
}

/// In: the API server asks the webhook, whoever watches reads metrics. Out: the API server, authorities, and name servers, which are asked
/// whether a challenge is there before the authority is.
fn network_policy(context: Context<'_>) -> NetworkPolicy {
    let (webhook, metrics) = (port("TCP", 10250), port("TCP", 9402));
    let rule = |from, ports| NetworkPolicyIngressRule { from, ports: Some(ports) };
    let inward = match readers(context.cluster) {
        None => vec![rule(None, vec![webhook, metrics])],
        from => vec![rule(None, vec![webhook]), rule(from, vec![metrics])],
    };
    let outward = vec![port("TCP", 443), port("TCP", 6443), port("TCP", 80), port("UDP", 53), port("TCP", 53)];
    let spec = NetworkPolicySpec {
        pod_selector: Some(LabelSelector::default()),
        policy_types: Some(vec!["Ingress".to_owned(), "Egress".to_owned()]),
        ingress: Some(inward),
        egress: Some(vec![NetworkPolicyEgressRule { to: None, ports: Some(outward) }]),
    };
    let metadata =
        ObjectMeta { name: Some(CHART.to_owned()), namespace: Some(context.manager.namespace.to_string()), ..ObjectMeta::default() };
    NetworkPolicy { metadata, spec: Some(spec) }
}
