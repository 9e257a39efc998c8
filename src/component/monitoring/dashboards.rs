//! Dashboards for Grafana, as ConfigMaps that its sidecar finds by their label (`grafana.sidecar.dashboards` of the chart).

mod model;

use k8s_openapi::api::core::v1::ConfigMap;

use self::model::{Dashboard, Kind, Panel, Unit};
use super::{Context, Output, at, nodes_metric};
use crate::config::{ArgoCd, Headscale};
use crate::diag::{Error, Result};

pub(super) fn render(context: Context<'_>, out: &mut Output) -> Result<()> {
    if let Some(headscale) = context.cluster.headscale.as_ref().filter(|headscale| headscale.metrics.enabled) {
        config_map(context, "headscale", headscale.namespace.as_str(), &self::headscale(headscale), out)?;
    }
    if let Some(argocd) = &context.cluster.argocd {
        config_map(context, "argocd", argocd.namespace.as_str(), &self::argocd(argocd), out)?;
    }
    Ok(())
}

fn config_map(context: Context<'_>, name: &str, namespace: &str, dashboard: &Dashboard, out: &mut Output) -> Result<()> {
    let mut metadata = context.metadata(&format!("{name}-dashboard"), namespace);
    metadata.labels = Some([("grafana_dashboard".to_owned(), "1".to_owned())].into());
    let broken = |cause: serde_json::Error| Error::internal("a dashboard does not serialize").caused_by(cause);
    let text = serde_json::to_string_pretty(dashboard).map_err(broken)?;
    let data = [(format!("{name}.json"), text + "\n")].into();
    out.object(at(["dashboards"]), &ConfigMap { metadata, data: Some(data), ..ConfigMap::default() })
}

/// Metrics of Headscale 0.28 and 0.29: `hscontrol/metrics.go`, `hscontrol/state/node_store.go`.
fn headscale(headscale: &Headscale) -> Dashboard {
    let of = |metric: &str| format!("{metric}{{namespace=\"{}\"}}", headscale.namespace);
    let rate = |by: &str, metric: &str| format!("sum by ({by}) (rate({}[5m]))", of(metric));
    let job = format!("{{job=\"headscale\",namespace=\"{}\"}}", headscale.namespace);
    Dashboard::new(
        "manifestgen-headscale",
        "Headscale",
        [
            Panel::new("Up", Kind::Stat, Unit::Short).with(format!("sum(up{job})"), ""),
            Panel::new("Nodes", Kind::Stat, Unit::Short).with(format!("sum({})", of(nodes_metric(headscale))), ""),
            Panel::new("Running for", Kind::Stat, Unit::Seconds).with(format!("time() - min(process_start_time_seconds{job})"), ""),
            Panel::new("Maps sent to nodes", Kind::Lines, Unit::PerSecond)
                .with(rate("type, status", "headscale_mapresponse_sent_total"), "{{type}} {{status}}"),
            Panel::new("Sessions ended", Kind::Lines, Unit::PerSecond)
                .with(rate("reason", "headscale_mapresponse_ended_total"), "{{reason}}"),
            Panel::new("Changes of nodes", Kind::Lines, Unit::PerSecond)
                .with(rate("operation", "headscale_nodestore_operations_total"), "{{operation}}"),
            Panel::new("Changes that wait", Kind::Lines, Unit::Short)
                .with(format!("sum({})", of("headscale_nodestore_queue_depth")), "changes"),
            Panel::new("Memory", Kind::Lines, Unit::Bytes).with(format!("process_resident_memory_bytes{job}"), "{{pod}}"),
            Panel::new("CPU", Kind::Lines, Unit::Short).with(format!("rate(process_cpu_seconds_total{job}[5m])"), "{{pod}}"),
        ],
    )
}

/// Metrics of Argo CD 2.13 and 3.5: `controller/metrics/metrics.go`, `reposerver/metrics/metrics.go`. Their label `namespace` is the
/// Application's, or else that of the pods.
fn argocd(argocd: &ArgoCd) -> Dashboard {
    let jobs = format!("{{job=~\"argocd-.*\",namespace=\"{}\"}}", argocd.namespace);
    let is = |state: &str| format!("count(argocd_app_info{{{state}}}) or vector(0)");
    let reconciled = "histogram_quantile(0.95, sum by (le) (rate(argocd_app_reconcile_bucket[10m])))";
    Dashboard::new(
        "manifestgen-argocd",
        "Argo CD",
        [
            Panel::new("Applications", Kind::Stat, Unit::Short).with(is(""), ""),
            Panel::new("Out of sync", Kind::Stat, Unit::Short).with(is("sync_status!=\"Synced\""), ""),
            Panel::new("Not healthy", Kind::Stat, Unit::Short).with(is("health_status=~\"Degraded|Missing|Unknown\""), ""),
            Panel::new("Sync", Kind::Lines, Unit::Short).with("sum by (sync_status) (argocd_app_info)".to_owned(), "{{sync_status}}"),
            Panel::new("Health", Kind::Lines, Unit::Short).with("sum by (health_status) (argocd_app_info)".to_owned(), "{{health_status}}"),
            Panel::new("Syncs", Kind::Lines, Unit::Short)
                .with("sum by (phase) (increase(argocd_app_sync_total[10m]))".to_owned(), "{{phase}} in 10 minutes"),
            Panel::new("Time of a comparison", Kind::Lines, Unit::Seconds).with(reconciled.to_owned(), "19 of 20 are faster"),
            Panel::new("Requests to Git", Kind::Lines, Unit::PerSecond)
                .with("sum by (request_type) (rate(argocd_git_request_total[10m]))".to_owned(), "{{request_type}}"),
            Panel::new("Memory", Kind::Lines, Unit::Bytes).with(format!("process_resident_memory_bytes{jobs}"), "{{pod}}"),
        ],
    )
}
