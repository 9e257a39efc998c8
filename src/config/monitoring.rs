//! The `monitoring` section: who reads the metrics of the cluster's own programs, and whether somebody is told when one is not well.
//!
//! Facts are read in kube-prometheus-stack 88.5.3 (`values.yaml`) and prometheus-operator 0.93.1, the version that this chart brings.

mod check;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use check::check;

use super::headscale::DayDuration;
use super::operators::Installer;
use super::{Cluster, DnsLabel, DnsName, LabelKey, LabelValue, Quantity};

/// The name of the chart, of its Helm release and of the objects that it makes.
pub const CHART: &str = "kube-prometheus-stack";

/// The kinds of Prometheus' operator that monitors and alerts are written in, `KIND.GROUP`.
pub(in crate::config) const KINDS: [&str; 3] =
    ["ServiceMonitor.monitoring.coreos.com", "PodMonitor.monitoring.coreos.com", "PrometheusRule.monitoring.coreos.com"];

/// Metrics of Headscale, Argo CD, Traefik, Dagger and cert-manager, and alerts about them.
///
/// `monitoring: {}` installs Prometheus, Alertmanager and Grafana from the chart kube-prometheus-stack.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[schemars(example = serde_json::json!({"storage": {"size": "50Gi"}}))]
pub struct Monitoring {
    /// Who reads the metrics.
    pub stack: Stack,
    /// The namespace that Prometheus runs in. Its pods, as Prometheus' operator and chart label them, may read metrics where the cluster has
    /// network policies.
    pub namespace: DnsLabel,
    /// The version of the chart. The definitions of its kinds come with the release, and are those of prometheus-operator 0.93.1.
    #[schemars(regex(pattern = r"^[0-9]+[.][0-9]+[.][0-9]+$"), example = "88.5.3")]
    pub version: String,
    /// The repository of the chart: `https://…` with an `index.yaml`, or `oci://HOST/PATH` without the chart's name.
    pub repository: String,
    /// Who installs the chart; by default Argo CD where the cluster has the section `argocd`, else k3s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub installer: Option<Installer>,
    /// Further values for the chart, which count before those that follow from the other keys.
    #[serde(skip_serializing_if = "Map::is_empty")]
    #[schemars(extend("examples" = [{"alertmanager": {"enabled": false}}]))]
    pub values: Map<String, Value>,
    /// Prometheus' volume.
    pub storage: MonitoringStorage,
    /// How long Prometheus keeps what it read.
    pub retention: DayDuration,
    /// Grafana, which comes with the chart.
    pub grafana: Grafana,
    /// Labels of every ServiceMonitor, PodMonitor and PrometheusRule, where a Prometheus of your own takes only those with some.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("propertyNames" = {"format": "label-key"}, "examples" = [{"release": "prometheus"}]))]
    pub labels: BTreeMap<LabelKey, LabelValue>,
    /// How often metrics are read.
    pub interval: DayDuration,
    /// Whether there are alerts.
    pub alerts: bool,
    /// Whether there are dashboards of Headscale and Argo CD for Grafana.
    pub dashboards: bool,
}

impl Default for Monitoring {
    fn default() -> Self {
        Self {
            stack: Stack::default(),
            namespace: "monitoring".into(),
            version: crate::versions::KUBE_PROMETHEUS_STACK.to_owned(),
            repository: "oci://ghcr.io/prometheus-community/charts".to_owned(),
            installer: None,
            values: Map::new(),
            storage: MonitoringStorage::default(),
            // The chart's own.
            retention: DayDuration("10d".to_owned()),
            grafana: Grafana::default(),
            labels: BTreeMap::new(),
            interval: DayDuration("30s".to_owned()),
            alerts: true,
            dashboards: true,
        }
    }
}

/// Who reads the metrics.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Stack {
    /// kube-prometheus-stack, which is installed from its chart.
    #[default]
    Chart,
    /// A Prometheus operator that the cluster has already, with the definitions of its kinds.
    External,
    /// A Prometheus without an operator: it looks for the annotations `prometheus.io/scrape`, `prometheus.io/port` and `prometheus.io/path`
    /// of Services and pods. Its alerts and dashboards are its own.
    Annotations,
}

/// Prometheus' volume.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct MonitoringStorage {
    /// How much room.
    pub size: Quantity,
    /// The storage class; by default the cluster's `storage.defaultClass`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<DnsName>,
}

impl Default for MonitoringStorage {
    fn default() -> Self {
        Self { size: "20Gi".into(), class: None }
    }
}

/// Grafana, which comes with the chart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Grafana {
    /// Whether it is installed.
    pub enabled: bool,
    /// The Secret in the namespace of Prometheus with its first user: `admin-user` and `admin-password`. The chart would make up another
    /// password each time that Argo CD renders it.
    pub secret: DnsName,
}

impl Default for Grafana {
    fn default() -> Self {
        Self { enabled: true, secret: "grafana-admin".into() }
    }
}

impl Monitoring {
    /// Whether there is an operator that reads monitors and rules.
    #[must_use]
    pub fn has_operator(&self) -> bool {
        self.stack != Stack::Annotations
    }

    /// Who installs the chart; none where nothing is installed.
    #[must_use]
    pub fn installer(&self, cluster: &Cluster) -> Option<Installer> {
        let default = if cluster.argocd.is_some() { Installer::Argocd } else { Installer::K3s };
        (self.stack == Stack::Chart).then(|| self.installer.unwrap_or(default))
    }
}
