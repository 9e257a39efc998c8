//! kube-prometheus-stack as an operator.

use serde_json::{Map, Value, json};

use super::values::merged;
use crate::config::monitoring::{CHART, Stack};
use crate::config::operators::{Chart, Operator};
use crate::config::{Cluster, Monitoring, PodSecurity};

/// The chart, where the cluster gets it.
pub(in crate::component) fn operator(cluster: &Cluster) -> Option<Operator> {
    let monitoring = cluster.monitoring.as_ref().filter(|monitoring| monitoring.stack == Stack::Chart)?;
    Some(Operator {
        name: CHART.into(),
        namespace: monitoring.namespace.clone(),
        chart: Chart {
            repository: monitoring.repository.clone(),
            name: CHART.to_owned(),
            version: monitoring.version.clone(),
            folder: None,
        },
        values: merged(values(cluster, monitoring), &monitoring.values),
        dependencies: Vec::new(),
        crds: None,
        installer: monitoring.installer,
        // Its node-exporter reads the node's processes, network and file systems.
        pod_security_standard: Some(PodSecurity::Privileged),
        isolated: false,
        provides: Vec::new(),
    })
}

fn values(cluster: &Cluster, monitoring: &Monitoring) -> Map<String, Value> {
    let off = || json!({"enabled": false});
    let class = monitoring.storage.class.as_ref().unwrap_or(&cluster.cluster.storage.default_class);
    let claim = json!({
        "accessModes": ["ReadWriteOnce"], "storageClassName": class, "resources": {"requests": {"storage": monitoring.storage.size}},
    });
    let mut prometheus = Map::new();
    // Monitors and rules of everybody count, not only those of the chart.
    for kind in ["rule", "serviceMonitor", "podMonitor", "probe", "scrapeConfig"] {
        prometheus.insert(format!("{kind}SelectorNilUsesHelmValues"), false.into());
    }
    prometheus.insert("retention".to_owned(), monitoring.retention.0.as_str().into());
    prometheus.insert("storageSpec".to_owned(), json!({"volumeClaimTemplate": {"spec": claim}}));
    let grafana = if monitoring.grafana.enabled { json!({"admin": {"existingSecret": monitoring.grafana.secret}}) } else { off() };
    let rows = [
        // They come with the release.
        ("crds", off()),
        // In k3s they are parts of one process, which serves their metrics to itself alone.
        ("kubeControllerManager", off()),
        ("kubeScheduler", off()),
        ("kubeProxy", off()),
        ("kubeEtcd", off()),
        // While the operator is away, rules can be applied all the same.
        ("prometheusOperator", json!({"admissionWebhooks": {"failurePolicy": "Ignore"}})),
        ("prometheus", json!({"prometheusSpec": prometheus})),
        ("grafana", grafana),
    ];
    rows.map(|(key, value)| (key.to_owned(), value)).into_iter().collect()
}
