//! Alerts: few, and each for something that somebody has to do.
//!
//! `tests/it/monitoring.rs` has Prometheus' own `promtool` read every expression, and tells by made-up series when they fire. Where the names
//! of metrics are from stands with each.

mod cluster;
mod programs;

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::Serialize;

use super::{Context, GROUP, Output, at};
use crate::diag::Result;

/// `PrometheusRule` of `monitoring.coreos.com/v1`, as far as it is used.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PrometheusRule {
    api_version: String,
    kind: &'static str,
    metadata: ObjectMeta,
    spec: RuleSpec,
}

#[derive(Serialize)]
struct RuleSpec {
    groups: [Group; 1],
}

#[derive(Serialize)]
struct Group {
    name: String,
    rules: Vec<Alert>,
}

/// An alert.
#[derive(Serialize)]
struct Alert {
    alert: &'static str,
    expr: String,
    #[serde(rename = "for", skip_serializing_if = "Option::is_none")]
    lasting: Option<&'static str>,
    labels: BTreeMap<&'static str, &'static str>,
    annotations: BTreeMap<&'static str, String>,
}

/// How bad it is, in the words of kube-prometheus-stack's own alerts.
#[derive(Clone, Copy)]
enum Severity {
    /// Something that others need does not work.
    Critical,
    /// Something will stop to work.
    Warning,
}

impl Alert {
    /// `lasting` is how long it has to be so; summary and description may use the templates of Prometheus.
    fn new(name: &'static str, severity: Severity, lasting: Option<&'static str>, expr: String, [summary, description]: [&str; 2]) -> Self {
        let severity = match severity {
            Severity::Critical => "critical",
            Severity::Warning => "warning",
        };
        Self {
            alert: name,
            expr,
            lasting,
            labels: [("severity", severity)].into(),
            annotations: [("summary", summary.to_owned()), ("description", description.to_owned())].into(),
        }
    }
}

/// Alerts about one thing, in the namespace that it is in.
struct About {
    name: &'static str,
    namespace: String,
    alerts: Vec<Alert>,
}

pub(super) fn render(context: Context<'_>, out: &mut Output) -> Result<()> {
    for about in programs::all(context).into_iter().chain([cluster::cluster(context)]) {
        let rule = PrometheusRule {
            api_version: format!("{GROUP}/v1"),
            kind: "PrometheusRule",
            metadata: context.metadata(about.name, &about.namespace),
            spec: RuleSpec { groups: [Group { name: about.name.to_owned(), rules: about.alerts }] },
        };
        out.object(at(["alerts"]), &rule)?;
    }
    Ok(())
}
