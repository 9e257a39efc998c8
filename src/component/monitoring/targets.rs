//! What has metrics, and where.

use std::collections::BTreeMap;

use super::pod;
use crate::config::Cluster;
use crate::config::cert_manager::Install;

/// A program with metrics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// What its monitor is called.
    pub name: &'static str,
    /// The namespace of its pods.
    pub namespace: String,
    /// Whose labels are looked at.
    pub by: By,
    /// The labels. That of `app.kubernetes.io/name` becomes the metrics' label `job`.
    pub labels: BTreeMap<String, String>,
    /// The names of ports: of Services, or of containers.
    pub ports: Vec<&'static str>,
    /// Whether its metrics have labels of their own, such as `namespace`, that must not give way to those of its pods.
    pub honor_labels: bool,
}

/// How the pods of a program are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// By Services that lead to them.
    Services,
    /// By their own labels.
    Pods,
}

/// All programs of the cluster that have metrics, but for those of Kubernetes itself, which the chart knows.
#[must_use]
pub fn targets(cluster: &Cluster) -> Vec<Target> {
    [headscale(cluster), argocd(cluster), traefik(cluster), dagger(cluster), cert_manager(cluster)].into_iter().flatten().collect()
}

fn labels<const N: usize>(pairs: [(&str, &str); N]) -> BTreeMap<String, String> {
    pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).into()
}

fn headscale(cluster: &Cluster) -> Option<Target> {
    let headscale = cluster.headscale.as_ref().filter(|headscale| headscale.metrics.enabled)?;
    Some(Target {
        name: "headscale",
        namespace: headscale.namespace.to_string(),
        by: By::Services,
        labels: pod::selector(cluster, "headscale"),
        ports: vec!["metrics"],
        honor_labels: false,
    })
}

/// Each of its programs has a Service whose port is called `metrics` (argo-cd 3.5.1 `docs/operator-manual/metrics.md`); that of `HAProxy` has
/// another name.
fn argocd(cluster: &Cluster) -> Option<Target> {
    let argocd = cluster.argocd.as_ref()?;
    Some(Target {
        name: "argocd",
        namespace: argocd.namespace.to_string(),
        by: By::Services,
        labels: labels([("app.kubernetes.io/part-of", "argocd")]),
        ports: if argocd.ha { vec!["metrics", "http-exporter-port"] } else { vec!["metrics"] },
        // `namespace` is the Application's.
        honor_labels: true,
    })
}

/// No Service leads to its metrics. k3s' own has them by default (chart 34 to 41, `metrics.prometheus.entryPoint`).
fn traefik(cluster: &Cluster) -> Option<Target> {
    let ingress = cluster.ingress.as_ref()?;
    let (labels, port) = if ingress.installs_traefik(cluster) {
        (pod::selector(cluster, "traefik"), "traefik")
    } else if ingress.uses_bundled_traefik(cluster) {
        (labels([("app.kubernetes.io/name", "traefik")]), "metrics")
    } else {
        return None;
    };
    Some(Target { name: "traefik", namespace: ingress.namespace(cluster), by: By::Pods, labels, ports: vec![port], honor_labels: false })
}

fn dagger(cluster: &Cluster) -> Option<Target> {
    let dagger = cluster.dagger.as_ref()?;
    Some(Target {
        name: "dagger",
        namespace: dagger.namespace.to_string(),
        by: By::Pods,
        labels: pod::selector(cluster, "dagger"),
        ports: vec!["metrics"],
        honor_labels: false,
    })
}

/// The controller knows of certificates (`deploy/charts/cert-manager/templates/deployment.yaml` of cert-manager 1.21.2).
fn cert_manager(cluster: &Cluster) -> Option<Target> {
    let manager = cluster.cert_manager.as_ref().filter(|manager| manager.install != Install::None)?;
    Some(Target {
        name: "cert-manager",
        namespace: manager.namespace.to_string(),
        by: By::Pods,
        labels: labels([("app.kubernetes.io/component", "controller"), ("app.kubernetes.io/name", "cert-manager")]),
        ports: vec!["http-metrics"],
        // `namespace` is the Certificate's.
        honor_labels: true,
    })
}
