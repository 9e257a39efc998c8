//! Operators from Helm charts: Applications for Argo CD, or HelmCharts for k3s.
//!
//! Facts: k3s' `HelmChart` in k3s-io/helm-controller v0.17.9 (`pkg/apis/helm.cattle.io/v1/types.go`); charts in registries in argo-cd 3.5.1
//! (`docs/user-guide/helm.md`, `util/helm/client.go`).

use k8s_openapi::api::networking::v1::{NetworkPolicy, NetworkPolicyEgressRule, NetworkPolicyIngressRule, NetworkPolicySpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{Component, NamespaceNeed, Output};
use super::{application, monitoring};
use crate::config::Cluster;
use crate::config::application::{Application, Helm, Source};
use crate::config::operators::{Installer, OPERATORS_PROJECT, Operator, Step, steps};
use crate::diag::{Error, Result};
use crate::source::ConfigPath;
use crate::yaml;

/// The row in the table of components.
pub(super) const OPERATORS: Component =
    Component { name: "operators", enabled: |cluster| !all(cluster).is_empty(), namespaces: needed_namespaces, render };

/// Where k3s' own HelmCharts are. The controller looks into every namespace.
const HELM_CHARTS: &str = "kube-system";

/// k3s' `HelmChart`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct HelmChart {
    api_version: &'static str,
    kind: &'static str,
    metadata: ObjectMeta,
    spec: HelmChartSpec,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct HelmChartSpec {
    #[serde(skip_serializing_if = "Option::is_none")]
    repo: Option<String>,
    chart: String,
    version: String,
    target_namespace: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    values_content: Option<String>,
}

/// The operators of the config, and the one that its section `monitoring` asks for.
fn all(cluster: &Cluster) -> Vec<Operator> {
    cluster.operators.iter().cloned().chain(monitoring::operator(cluster)).collect()
}

/// Whether Argo CD installs any.
pub(super) fn has_argocds(cluster: &Cluster) -> bool {
    all(cluster).iter().any(|operator| operator.installer(cluster) == Installer::Argocd)
}

/// The entry that asks for the one of a number.
fn at(cluster: &Cluster, number: usize) -> ConfigPath {
    if number < cluster.operators.len() { ConfigPath::of(["operators"]).index(number) } else { ConfigPath::of(["monitoring"]) }
}

fn needed_namespaces(cluster: &Cluster) -> Vec<NamespaceNeed> {
    let need = |(number, operator): (usize, Operator)| NamespaceNeed {
        name: operator.namespace.to_string(),
        pod_security: operator.pod_security_standard,
        origin: at(cluster, number).key("namespace"),
    };
    all(cluster).into_iter().enumerate().map(need).collect()
}

fn render(cluster: &Cluster, output: &mut Output) -> Result<()> {
    let all = all(cluster);
    let steps = steps(&all);
    let by_argocd: Vec<(ConfigPath, Application, u32)> = steps
        .iter()
        .filter(|step| step.operator.installer(cluster) == Installer::Argocd)
        .map(|step| Ok((at(cluster, step.number), application_of(step)?, step.wave)))
        .collect::<Result<_>>()?;
    if let Some((origin, ..)) = by_argocd.first() {
        application::of_operators(cluster, by_argocd.iter().map(|(_, entry, _)| entry), origin.clone(), output)?;
    }
    for (origin, entry, wave) in by_argocd {
        application::application(cluster, &entry, wave, origin, output)?;
    }
    for step in steps.iter().filter(|step| step.operator.installer(cluster) == Installer::K3s) {
        output.object(at(cluster, step.number), &helm_chart(step)?)?;
    }
    policies(cluster, &all, output)
}

fn application_of(step: &Step<'_>) -> Result<Application> {
    let chart = step.chart;
    let mut helm = None;
    if !step.operator.values.is_empty() && !step.is_crds() {
        // An object of Kubernetes cannot hold the nulls that remove a chart's defaults.
        helm = Some(if has_null(&step.operator.values) {
            Helm { values: Some(text(&step.operator.values)?), ..no_values() }
        } else {
            Helm { values_object: Some(step.operator.values.clone()), ..no_values() }
        });
    }
    let source = Source {
        // Argo CD takes a repository without a scheme for a registry.
        repo_url: chart.registry().unwrap_or(&chart.repository).to_owned(),
        path: None,
        target_revision: Some(chart.version.clone()),
        tag_prefix: None,
        chart: Some(chart.name.clone()),
        reference: None,
        name: None,
        helm,
        kustomize: None,
        directory: None,
        plugin: None,
    };
    Ok(Application::of_chart(step.name().into(), OPERATORS_PROJECT, source, step.operator.namespace.clone()))
}

const fn no_values() -> Helm {
    Helm {
        release_name: None,
        value_files: None,
        values_object: None,
        values: None,
        parameters: None,
        file_parameters: None,
        version: None,
        pass_credentials: None,
        ignore_missing_value_files: None,
        skip_crds: None,
        skip_tests: None,
        skip_schema_validation: None,
        namespace: None,
        kube_version: None,
        api_versions: None,
    }
}

fn has_null(values: &Map<String, Value>) -> bool {
    fn is_or_has(value: &Value) -> bool {
        match value {
            Value::Null => true,
            Value::Array(items) => items.iter().any(is_or_has),
            Value::Object(map) => map.values().any(is_or_has),
            _ => false,
        }
    }
    values.values().any(is_or_has)
}

fn text(values: &Map<String, Value>) -> Result<String> {
    yaml::to_string(values).map_err(|cause| Error::internal("values of a chart cannot be written").caused_by(cause))
}

fn helm_chart(step: &Step<'_>) -> Result<HelmChart> {
    let chart = step.chart;
    let values = Some(&step.operator.values).filter(|values| !values.is_empty() && !step.is_crds());
    let (repo, chart_name) = match chart.registry() {
        Some(registry) => (None, format!("oci://{registry}/{}", chart.name)),
        None => (Some(chart.repository.clone()), chart.name.clone()),
    };
    Ok(HelmChart {
        api_version: "helm.cattle.io/v1",
        kind: "HelmChart",
        metadata: ObjectMeta { name: Some(step.name()), namespace: Some(HELM_CHARTS.to_owned()), ..ObjectMeta::default() },
        spec: HelmChartSpec {
            repo,
            chart: chart_name,
            version: chart.version.clone(),
            target_namespace: step.operator.namespace.to_string(),
            values_content: values.map(text).transpose()?,
        },
    })
}

/// What an operator's pods talk to is known to its chart alone, and a denied webhook stops the whole cluster.
fn policies(cluster: &Cluster, all: &[Operator], output: &mut Output) -> Result<()> {
    if !cluster.cluster.security.network_policies {
        return Ok(());
    }
    let mut seen = std::collections::BTreeSet::new();
    for (number, operator) in all.iter().enumerate().filter(|(_, operator)| !operator.isolated) {
        let namespace = operator.namespace.as_str();
        if !seen.insert(namespace) || namespace == "kube-system" {
            continue;
        }
        let spec = NetworkPolicySpec {
            pod_selector: Some(LabelSelector::default()),
            policy_types: Some(vec!["Ingress".to_owned(), "Egress".to_owned()]),
            ingress: Some(vec![NetworkPolicyIngressRule::default()]),
            egress: Some(vec![NetworkPolicyEgressRule::default()]),
        };
        let metadata =
            ObjectMeta { name: Some("allow-operators".to_owned()), namespace: Some(namespace.to_owned()), ..ObjectMeta::default() };
        output.object(at(cluster, number).key("namespace"), &NetworkPolicy { metadata, spec: Some(spec) })?;
    }
    Ok(())
}
