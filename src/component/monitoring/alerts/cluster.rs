//! Alerts about the cluster itself, beyond those that kube-prometheus-stack brings.

use super::{About, Alert, Context, Severity};
use crate::config::monitoring::Stack;

pub(super) fn cluster(context: Context<'_>) -> About {
    let mut alerts = vec![violation()];
    // `KubePersistentVolumeFillingUp` of the chart is the same, and also sees it coming.
    if context.monitoring.stack != Stack::Chart {
        alerts.push(volume());
    }
    // The API server's pods, if it has any, are in no namespace of the release.
    About { name: "cluster", namespace: "kube-system".to_owned(), alerts }
}

/// What the PodSecurity labels of namespaces refuse (`enforce`) or write down (`audit`), by the API server's own count:
/// `metrics/metrics.go` of k8s.io/pod-security-admission 0.36. It does not say in which namespace; the audit log does.
///
/// A count begins at one, which `increase` does not see: what was not there a quarter of an hour ago is new.
fn violation() -> Alert {
    let by = "sum by (mode, policy_level, request_operation, resource)";
    let denied = "pod_security_evaluations_total{decision=\"deny\",mode=~\"audit|enforce\"}";
    let new = format!("{by} ({denied}) unless {by} ({denied} offset 15m)");
    Alert::new(
        "PodSecurityViolation",
        Severity::Warning,
        None,
        format!("{by} (increase({denied}[15m])) > 0 or ({new})"),
        [
            "A {{ $labels.resource }} violates the level {{ $labels.policy_level }} of its namespace",
            "{{ $labels.mode }} of PodSecurity, on {{ $labels.request_operation }}. Events of controllers that cannot make their pods name it, and so does the audit log of the API server.",
        ],
    )
}

fn volume() -> Alert {
    let of = |what: &str| format!("min by (namespace, persistentvolumeclaim) (kubelet_volume_stats_{what}_bytes)");
    Alert::new(
        "VolumeFull",
        Severity::Warning,
        Some("15m"),
        format!("{} / {} < 0.1", of("available"), of("capacity")),
        [
            "The volume {{ $labels.namespace }}/{{ $labels.persistentvolumeclaim }} is nearly full",
            "Less than a tenth of it is free. What writes there fails when nothing is.",
        ],
    )
}
