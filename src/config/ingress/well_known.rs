//! Services that a route finds by its name.

use super::Backend;
use crate::config::Cluster;
use crate::config::dashboard::HEADLAMP_PORT;

/// A component that has a page or an API.
pub(super) struct WellKnown {
    /// The name of its route.
    pub(super) name: &'static str,
    /// Whether it gets a route by itself where there is a domain.
    pub(super) automatic: bool,
    /// Its Service; none when it is not on.
    pub(super) service: fn(&Cluster) -> Option<Backend>,
}

/// All that are known.
pub(super) const ALL: &[WellKnown] = &[
    WellKnown { name: "argocd", automatic: true, service: argocd },
    WellKnown { name: "dashboard", automatic: true, service: dashboard },
    WellKnown { name: "grafana", automatic: false, service: |cluster| Some(grafana(cluster)) },
    WellKnown { name: "headlamp", automatic: true, service: headlamp },
    WellKnown { name: "headscale", automatic: false, service: headscale },
];

/// The one of a name.
pub(super) fn of(name: &str) -> Option<&'static WellKnown> {
    ALL.iter().find(|known| known.name == name)
}

/// Ports 80 and 443 of the Service lead to the same port of the pod, which speaks TLS unless it is told not to.
fn argocd(cluster: &Cluster) -> Option<Backend> {
    let argocd = cluster.argocd.as_ref()?;
    let port = if argocd.server.insecure == Some(false) { 443 } else { 80 };
    Some(Backend { namespace: argocd.namespace.to_string(), name: "argocd-server".to_owned(), port })
}

fn dashboard(cluster: &Cluster) -> Option<Backend> {
    let dashboard = cluster.dashboard.as_ref()?;
    Some(Backend { namespace: dashboard.namespace.to_string(), name: dashboard.name.to_string(), port: dashboard.port.0 })
}

fn headlamp(cluster: &Cluster) -> Option<Backend> {
    let dashboard = cluster.dashboard.as_ref().filter(|dashboard| dashboard.headlamp.is_some())?;
    Some(Backend { namespace: dashboard.namespace.to_string(), name: dashboard.headlamp_name(), port: HEADLAMP_PORT.0 })
}

fn headscale(cluster: &Cluster) -> Option<Backend> {
    let headscale = cluster.headscale.as_ref()?;
    Some(Backend { namespace: headscale.namespace.to_string(), name: "headscale".to_owned(), port: headscale.service.port.0 })
}

/// Grafana as the chart kube-prometheus-stack installs it under its own name, in the namespace `monitoring` unless the section of that name
/// says another.
fn grafana(cluster: &Cluster) -> Backend {
    let namespace = cluster.monitoring.as_ref().map_or_else(|| "monitoring".to_owned(), |monitoring| monitoring.namespace.to_string());
    Backend { namespace, name: "kube-prometheus-stack-grafana".to_owned(), port: 80 }
}
