//! The order in which objects can be created.

/// The wave an object belongs to, by API group and kind: namespaces, definitions, classes, RBAC, configuration, workloads, routes.
///
/// Kubernetes itself knows no order; this one lets each object find what it needs when it is created one after the other.
/// A kind that is not listed is a custom resource and comes last, after the workloads that may serve its webhooks.
#[must_use]
pub fn rank(group: &str, kind: &str) -> u8 {
    match (group, kind) {
        ("", "Namespace") => 0,
        ("apiextensions.k8s.io", "CustomResourceDefinition") => 1,
        ("storage.k8s.io" | "scheduling.k8s.io" | "node.k8s.io", _) | ("networking.k8s.io", "IngressClass") => 2,
        ("", "ServiceAccount") | ("rbac.authorization.k8s.io", _) => 3,
        ("", "ResourceQuota" | "LimitRange" | "ConfigMap" | "Secret" | "PersistentVolume" | "PersistentVolumeClaim")
        | ("networking.k8s.io", "NetworkPolicy")
        | ("policy", _) => 4,
        ("" | "apps" | "batch" | "autoscaling", _) => 5,
        ("networking.k8s.io" | "gateway.networking.k8s.io", _) => 6,
        ("admissionregistration.k8s.io" | "apiregistration.k8s.io", _) => 7,
        _ => 8,
    }
}

#[cfg(test)]
mod tests {
    use super::rank;

    #[test]
    fn what_is_needed_comes_first() {
        let order = [
            rank("", "Namespace"),
            rank("apiextensions.k8s.io", "CustomResourceDefinition"),
            rank("rbac.authorization.k8s.io", "Role"),
            rank("", "ConfigMap"),
            rank("apps", "Deployment"),
            rank("networking.k8s.io", "Ingress"),
            rank("example.com", "Widget"),
        ];
        assert!(order.is_sorted(), "{order:?}");
    }
}
