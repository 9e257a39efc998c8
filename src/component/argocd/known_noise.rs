//! Kinds that only make noise in Argo CD, and changes that mean nothing (`manifests/base/config/argocd-cm.yaml` of 3.5.1).

use crate::config::argocd::{IgnoredFields, ResourceFilter};

fn list(words: &[&str]) -> Vec<String> {
    words.iter().map(ToString::to_string).collect()
}

/// Kinds that are left alone.
pub(super) fn exclusions() -> Vec<ResourceFilter> {
    let rows: [(&[&str], &[&str]); 7] = [
        // The control plane makes these.
        (&["", "discovery.k8s.io"], &["Endpoints", "EndpointSlice"]),
        (&["coordination.k8s.io"], &["Lease"]),
        // Questions to the API server, which keeps no objects of these kinds.
        (
            &["authentication.k8s.io", "authorization.k8s.io"],
            &[
                "SelfSubjectReview",
                "TokenReview",
                "LocalSubjectAccessReview",
                "SelfSubjectAccessReview",
                "SelfSubjectRulesReview",
                "SubjectAccessReview",
            ],
        ),
        // Steps on the way to a certificate.
        (&["certificates.k8s.io"], &["CertificateSigningRequest"]),
        (&["cert-manager.io"], &["CertificateRequest"]),
        // What controllers note for themselves.
        (&["cilium.io"], &["CiliumIdentity", "CiliumEndpoint", "CiliumEndpointSlice"]),
        (
            &["kyverno.io", "reports.kyverno.io", "wgpolicyk8s.io"],
            &[
                "PolicyReport",
                "ClusterPolicyReport",
                "EphemeralReport",
                "ClusterEphemeralReport",
                "AdmissionReport",
                "ClusterAdmissionReport",
                "BackgroundScanReport",
                "ClusterBackgroundScanReport",
                "UpdateRequest",
            ],
        ),
    ];
    rows.map(|(groups, kinds)| ResourceFilter { api_groups: list(groups), kinds: list(kinds), clusters: Vec::new() }).into()
}

/// Changes that lead to no comparison, by the end of the key in `argocd-cm`.
pub(super) fn updates() -> [(&'static str, IgnoredFields); 8] {
    let pointers = |pointers: &[&str]| IgnoredFields { json_pointers: list(pointers), ..IgnoredFields::default() };
    let annotations = |keys: &[&str]| IgnoredFields {
        jq_path_expressions: keys.iter().map(|key| format!(".metadata.annotations.\"{key}\"")).collect(),
        ..IgnoredFields::default()
    };
    let mut application = annotations(&["notified.notifications.argoproj.io", "argocd.argoproj.io/refresh", "argocd.argoproj.io/hydrate"]);
    application.jq_path_expressions.push(".operation".to_owned());
    [
        ("ConfigMap", annotations(&["cluster-autoscaler.kubernetes.io/last-updated", "control-plane.alpha.kubernetes.io/leader"])),
        ("Endpoints", pointers(&["/metadata", "/subsets"])),
        ("all", pointers(&["/status"])),
        (
            "apps_ReplicaSet",
            annotations(&[
                "deployment.kubernetes.io/desired-replicas",
                "deployment.kubernetes.io/max-replicas",
                "rollout.argoproj.io/desired-replicas",
            ]),
        ),
        ("argoproj.io_Application", application),
        ("argoproj.io_Rollout", annotations(&["notified.notifications.argoproj.io"])),
        (
            "autoscaling_HorizontalPodAutoscaler",
            annotations(&[
                "autoscaling.alpha.kubernetes.io/behavior",
                "autoscaling.alpha.kubernetes.io/conditions",
                "autoscaling.alpha.kubernetes.io/metrics",
                "autoscaling.alpha.kubernetes.io/current-metrics",
            ]),
        ),
        ("discovery.k8s.io_EndpointSlice", pointers(&["/metadata", "/endpoints", "/ports"])),
    ]
}
