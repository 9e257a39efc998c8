//! What is there without any manifest.

/// The API groups that a kube-apiserver serves itself, in Kubernetes 1.33 to 1.37.
const BUILTIN_GROUPS: &[&str] = &[
    "",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "apps",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "flowcontrol.apiserver.k8s.io",
    "internal.apiserver.k8s.io",
    // Since 1.37.
    "lifecycle.k8s.io",
    "networking.k8s.io",
    "node.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "resource.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
    "storagemigration.k8s.io",
];

/// The namespaces that every cluster has: `default`, and those that Kubernetes makes for itself
/// (kubernetes `pkg/controlplane/controller/systemnamespaces`).
const NAMESPACES: &[&str] = &["default", "kube-system", "kube-public", "kube-node-lease"];

/// One object that is there by itself; an empty namespace stands for every namespace, or none; a `*` at the end for any rest.
struct WellKnown {
    group: &'static str,
    kind: &'static str,
    namespace: &'static str,
    name: &'static str,
}

const fn known(group: &'static str, kind: &'static str, namespace: &'static str, name: &'static str) -> WellKnown {
    WellKnown { group, kind, namespace, name }
}

const WELL_KNOWN: &[WellKnown] = &[
    // kubernetes pkg/controller/serviceaccount: one in every namespace.
    known("", "ServiceAccount", "", "default"),
    // kubernetes pkg/controller/certificates/rootcacertpublisher: one in every namespace, with the key `ca.crt`.
    known("", "ConfigMap", "", "kube-root-ca.crt"),
    // kubernetes pkg/controlplane/controller/kubernetesservice.
    known("", "Service", "default", "kubernetes"),
    // kubernetes plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go.
    known("rbac.authorization.k8s.io", "ClusterRole", "", "cluster-admin"),
    known("rbac.authorization.k8s.io", "ClusterRole", "", "admin"),
    known("rbac.authorization.k8s.io", "ClusterRole", "", "edit"),
    known("rbac.authorization.k8s.io", "ClusterRole", "", "view"),
    known("rbac.authorization.k8s.io", "ClusterRole", "", "system:*"),
    // kubernetes pkg/apis/scheduling/v1/helpers.go.
    known("scheduling.k8s.io", "PriorityClass", "", "system-cluster-critical"),
    known("scheduling.k8s.io", "PriorityClass", "", "system-node-critical"),
    // k3s manifests/local-storage.yaml, traefik.yaml, runtimes.yaml (https://docs.k3s.io/installation/packaged-components).
    known("storage.k8s.io", "StorageClass", "", "local-path"),
    known("networking.k8s.io", "IngressClass", "", "traefik"),
    known("gateway.networking.k8s.io", "GatewayClass", "", "traefik"),
    known("helm.cattle.io", "HelmChart", "kube-system", "traefik"),
    known("helm.cattle.io", "HelmChart", "kube-system", "traefik-crd"),
    known("helm.cattle.io", "HelmChart", "kube-system", "rke2-*"),
    known("node.k8s.io", "RuntimeClass", "", "crun"),
    known("node.k8s.io", "RuntimeClass", "", "lunatic"),
    known("node.k8s.io", "RuntimeClass", "", "nvidia"),
    known("node.k8s.io", "RuntimeClass", "", "nvidia-experimental"),
    known("node.k8s.io", "RuntimeClass", "", "slight"),
    known("node.k8s.io", "RuntimeClass", "", "spin"),
    known("node.k8s.io", "RuntimeClass", "", "wasmedge"),
    known("node.k8s.io", "RuntimeClass", "", "wasmer"),
    known("node.k8s.io", "RuntimeClass", "", "wasmtime"),
    known("node.k8s.io", "RuntimeClass", "", "wws"),
];

/// API groups whose definitions k3s brings (k3s `pkg/crd`, helm-controller, and the traefik-crd chart that it packages).
const K3S_GROUPS: &[&str] = &["helm.cattle.io", "k3s.cattle.io", "traefik.io", "gateway.networking.k8s.io"];

/// Whether an API server serves a group without any `CustomResourceDefinition`.
#[must_use]
pub fn is_builtin_group(group: &str) -> bool {
    BUILTIN_GROUPS.contains(&group)
}

/// Whether k3s brings the definitions of a group.
pub(super) fn is_k3s_group(group: &str) -> bool {
    K3S_GROUPS.contains(&group)
}

/// Whether a namespace is filled by the distribution, so that no manifest tells what is in it.
#[must_use]
pub fn is_system_namespace(namespace: &str) -> bool {
    namespace.starts_with("kube-") && NAMESPACES.contains(&namespace)
}

/// Whether an object is there by itself.
pub(super) fn is_well_known(group: &str, kind: &str, namespace: &str, name: &str) -> bool {
    if (group, kind) == ("", "Namespace") {
        return NAMESPACES.contains(&name);
    }
    WELL_KNOWN.iter().any(|known| {
        (known.group, known.kind) == (group, kind)
            && (known.namespace.is_empty() || known.namespace == namespace)
            && known.name.strip_suffix('*').map_or(known.name == name, |start| name.starts_with(start))
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn builtin_groups_are_those_of_the_embedded_definitions() {
        let served: BTreeSet<&str> =
            crate::data::all_versions().flat_map(crate::data::Definitions::kinds).map(crate::data::Kind::group).collect();
        let missing: Vec<_> = served.iter().filter(|group| !is_builtin_group(group)).collect();
        assert!(missing.is_empty(), "{missing:?}");
        assert!(!is_builtin_group("gateway.networking.k8s.io"));
    }

    #[test]
    fn names_with_a_star_stand_for_many() {
        assert!(is_well_known("rbac.authorization.k8s.io", "ClusterRole", "", "system:auth-delegator"));
        assert!(is_well_known("", "ServiceAccount", "anywhere", "default"));
        assert!(!is_well_known("", "Service", "anywhere", "kubernetes"));
    }
}
