//! ServiceMonitors and PodMonitors.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use serde::Serialize;

use super::{By, Context, GROUP, Output, Target, at, targets};
use crate::diag::Result;

/// `ServiceMonitor` or `PodMonitor` of `monitoring.coreos.com/v1`, as far as it is used. Without `namespaceSelector` it is for its own
/// namespace.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Monitor<'a> {
    api_version: String,
    kind: &'static str,
    metadata: ObjectMeta,
    spec: MonitorSpec<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MonitorSpec<'a> {
    job_label: &'static str,
    selector: LabelSelector,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    endpoints: Vec<Endpoint<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pod_metrics_endpoints: Vec<Endpoint<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Endpoint<'a> {
    port: &'static str,
    interval: &'a str,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    honor_labels: bool,
}

pub(super) fn render(context: Context<'_>, out: &mut Output) -> Result<()> {
    for target in targets(context.cluster) {
        out.object(at([]), &monitor(context, &target))?;
    }
    Ok(())
}

fn monitor<'a>(context: Context<'a>, target: &Target) -> Monitor<'a> {
    let endpoint = |port: &&'static str| Endpoint { port, interval: &context.monitoring.interval.0, honor_labels: target.honor_labels };
    let all: Vec<_> = target.ports.iter().map(endpoint).collect();
    let (kind, endpoints, pod_metrics_endpoints) = match target.by {
        By::Services => ("ServiceMonitor", all, Vec::new()),
        By::Pods => ("PodMonitor", Vec::new(), all),
    };
    Monitor {
        api_version: format!("{GROUP}/v1"),
        kind,
        metadata: context.metadata(target.name, &target.namespace),
        spec: MonitorSpec {
            job_label: "app.kubernetes.io/name",
            selector: LabelSelector { match_labels: Some(target.labels.clone()), match_expressions: None },
            endpoints,
            pod_metrics_endpoints,
        },
    }
}
