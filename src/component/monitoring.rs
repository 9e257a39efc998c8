//! Monitoring: what Prometheus reads of the cluster's own programs, and when somebody is told.
//!
//! The chart itself is an operator, which the component `operators` installs. Facts: see [`crate::config::monitoring`].

mod alerts;
mod chart;
mod dashboards;
mod monitors;
mod targets;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::{Component, NamespaceNeed, Output, pod, values};
use crate::config::headscale::Minor;
use crate::config::monitoring::Stack;
use crate::config::{Cluster, Headscale, Monitoring};
use crate::data;
use crate::diag::Result;
use crate::source::ConfigPath;

pub(super) use chart::operator;
pub use targets::{By, Target, targets};

/// The row in the table of components.
pub(super) const MONITORING: Component =
    Component { name: NAME, enabled: |cluster| cluster.monitoring.is_some(), namespaces: needed_namespaces, render };

/// The name of the component.
const NAME: &str = "monitoring";
/// The group of the kinds that Prometheus' operator reads.
const GROUP: &str = "monitoring.coreos.com";

/// What the parts work on.
#[derive(Clone, Copy)]
struct Context<'a> {
    cluster: &'a Cluster,
    monitoring: &'a Monitoring,
}

impl Context<'_> {
    /// Of a monitor or rule, with the labels by which a Prometheus of one's own picks them.
    fn metadata(&self, name: &str, namespace: &str) -> ObjectMeta {
        let labels: std::collections::BTreeMap<_, _> =
            self.monitoring.labels.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
        ObjectMeta {
            name: Some(name.to_owned()),
            namespace: Some(namespace.to_owned()),
            labels: Some(labels).filter(|labels| !labels.is_empty()),
            ..ObjectMeta::default()
        }
    }
}

fn at<'a>(keys: impl IntoIterator<Item = &'a str>) -> ConfigPath {
    keys.into_iter().fold(ConfigPath::of([NAME]), |path, key| path.key(key))
}

/// How many nodes Headscale knows (`hscontrol/state/node_store.go` of both minors).
fn nodes_metric(headscale: &Headscale) -> &'static str {
    match headscale.version.minor() {
        Minor::V28 => "headscale_nodestore_nodes_total",
        Minor::V29 => "headscale_nodestore_nodes",
    }
}

/// Everything is in the namespace of the program that it is about, and that of the chart is the operator's.
const fn needed_namespaces(_: &Cluster) -> Vec<NamespaceNeed> {
    Vec::new()
}

fn render(cluster: &Cluster, out: &mut Output) -> Result<()> {
    let Some(monitoring) = &cluster.monitoring else { return Ok(()) };
    let context = Context { cluster, monitoring };
    if monitoring.stack == Stack::Chart {
        // With the release and not with the chart, so that monitors can be applied before k3s or Argo CD got to the chart.
        for crd in data::embedded_crds().iter().filter(|crd| crd.name.ends_with(GROUP)) {
            out.value(at(["version"]), crd.object().clone())?;
        }
        if monitoring.grafana.enabled {
            let secret = monitoring.grafana.secret.as_str();
            out.secret(at(["grafana", "secret"]), monitoring.namespace.as_str(), secret, ["admin-user", "admin-password"]);
        }
    }
    if !monitoring.has_operator() {
        return Ok(());
    }
    monitors::render(context, out)?;
    if monitoring.alerts {
        alerts::render(context, out)?;
    }
    if monitoring.dashboards {
        dashboards::render(context, out)?;
    }
    Ok(())
}
