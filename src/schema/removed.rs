//! Kinds that were removed before the oldest version that is embedded.
//!
//! Source: <https://kubernetes.io/docs/reference/using-api/deprecation-guide/>.

/// `apiVersion`, kinds (none for all), the version that no longer has them.
const REMOVED: &[(&str, &[&str], &str)] = &[
    ("extensions/v1beta1", &["DaemonSet", "Deployment", "NetworkPolicy", "PodSecurityPolicy", "ReplicaSet"], "1.16"),
    ("apps/v1beta1", &[], "1.16"),
    ("apps/v1beta2", &[], "1.16"),
    ("extensions/v1beta1", &["Ingress"], "1.22"),
    ("networking.k8s.io/v1beta1", &["Ingress", "IngressClass"], "1.22"),
    ("admissionregistration.k8s.io/v1beta1", &["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"], "1.22"),
    ("apiextensions.k8s.io/v1beta1", &[], "1.22"),
    ("apiregistration.k8s.io/v1beta1", &[], "1.22"),
    ("authentication.k8s.io/v1beta1", &["TokenReview"], "1.22"),
    ("authorization.k8s.io/v1beta1", &[], "1.22"),
    ("certificates.k8s.io/v1beta1", &["CertificateSigningRequest"], "1.22"),
    ("coordination.k8s.io/v1beta1", &["Lease"], "1.22"),
    ("rbac.authorization.k8s.io/v1beta1", &[], "1.22"),
    ("scheduling.k8s.io/v1beta1", &["PriorityClass"], "1.22"),
    ("storage.k8s.io/v1beta1", &["CSIDriver", "CSINode", "StorageClass", "VolumeAttachment"], "1.22"),
    ("batch/v1beta1", &["CronJob"], "1.25"),
    ("discovery.k8s.io/v1beta1", &["EndpointSlice"], "1.25"),
    ("events.k8s.io/v1beta1", &["Event"], "1.25"),
    ("autoscaling/v2beta1", &[], "1.25"),
    ("policy/v1beta1", &["PodDisruptionBudget", "PodSecurityPolicy"], "1.25"),
    ("node.k8s.io/v1beta1", &[], "1.25"),
    ("flowcontrol.apiserver.k8s.io/v1beta1", &[], "1.26"),
    ("autoscaling/v2beta2", &[], "1.26"),
    ("storage.k8s.io/v1beta1", &["CSIStorageCapacity"], "1.27"),
    ("flowcontrol.apiserver.k8s.io/v1beta2", &[], "1.29"),
    ("flowcontrol.apiserver.k8s.io/v1beta3", &[], "1.32"),
];

/// The version that removed a kind.
pub(super) fn in_version(api_version: &str, kind: &str) -> Option<&'static str> {
    let row = REMOVED.iter().find(|(version, kinds, _)| *version == api_version && (kinds.is_empty() || kinds.contains(&kind)));
    row.map(|(_, _, since)| *since)
}

/// What took the place of a kind that has no successor of its name.
pub(super) fn successor(kind: &str) -> Option<&'static str> {
    (kind == "PodSecurityPolicy").then_some("use Pod Security Admission: the label `pod-security.kubernetes.io/enforce` of the namespace")
}
