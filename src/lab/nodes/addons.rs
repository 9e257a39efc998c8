//! What a cluster has beside its control plane: DNS, and a default StorageClass.

use kube::Client;
use serde_json::{Value, json};

use super::addresses::Addresses;
use super::request::create;
use crate::diag::Result;
use crate::lab::image::Recipe;

/// The StorageClass, named as k3s' own.
pub(super) const STORAGE_CLASS: &str = "local-path";

/// Whom the StorageClass asks for volumes; here the lab itself answers in its place.
pub(super) const PROVISIONER: &str = "rancher.io/local-path";

const DNS_IMAGE: &str = "manifestgen.invalid/coredns:1";

pub(super) fn dns_image() -> Recipe {
    Recipe::of_program(DNS_IMAGE, "/coredns", "coredns")
}

/// Creates all of it.
pub(super) async fn install(client: &Client, addresses: &Addresses, domain: &str) -> Result<()> {
    const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1";
    const SYSTEM: &str = "namespaces/kube-system";
    create(client, &format!("/api/v1/{SYSTEM}/serviceaccounts"), &json!({"metadata": metadata()})).await?;
    create(client, &format!("{RBAC}/clusterroles"), &role()).await?;
    create(client, &format!("{RBAC}/clusterrolebindings"), &binding()).await?;
    create(client, &format!("/api/v1/{SYSTEM}/configmaps"), &config(domain)).await?;
    create(client, &format!("/apis/apps/v1/{SYSTEM}/deployments"), &deployment()).await?;
    create(client, &format!("/api/v1/{SYSTEM}/services"), &service(addresses)).await?;
    create(client, "/apis/storage.k8s.io/v1/storageclasses", &storage_class()).await?;
    Ok(())
}

/// Whether DNS answers, as its Deployment says.
pub(super) async fn dns_is_available(client: &Client) -> bool {
    let deployment = super::request::get(client, "/apis/apps/v1/namespaces/kube-system/deployments/coredns").await;
    deployment.is_ok_and(|deployment| deployment["status"]["availableReplicas"] == json!(1))
}

/// NetworkPolicies find the DNS of a cluster by this label.
fn labels() -> Value {
    json!({"k8s-app": "kube-dns"})
}

fn metadata() -> Value {
    json!({"name": "coredns", "labels": labels()})
}

/// What CoreDNS' plugin `kubernetes` watches (its README).
fn role() -> Value {
    json!({"metadata": metadata(), "rules": [
        {"apiGroups": [""], "resources": ["endpoints", "services", "pods", "namespaces"], "verbs": ["list", "watch"]},
        {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": ["list", "watch"]},
    ]})
}

fn binding() -> Value {
    json!({
        "metadata": metadata(),
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "coredns"},
        "subjects": [{"kind": "ServiceAccount", "name": "coredns", "namespace": "kube-system"}],
    })
}

fn config(domain: &str) -> Value {
    let lines = [
        ".:53 {",
        "  errors",
        "  health",
        "  ready",
        &format!("  kubernetes {domain} in-addr.arpa ip6.arpa {{"),
        "    pods insecure",
        "    fallthrough in-addr.arpa ip6.arpa",
        "  }",
        "  cache 5",
        "  loadbalance",
        "}",
        "",
    ];
    json!({"metadata": metadata(), "data": {"Corefile": lines.join("\n")}})
}

fn deployment() -> Value {
    let probe = |path: &str, port: u16| json!({"httpGet": {"path": path, "port": port}, "periodSeconds": 1});
    json!({
        "metadata": metadata(),
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": labels()},
            "template": {"metadata": {"labels": labels()}, "spec": {
                "serviceAccountName": "coredns",
                "dnsPolicy": "Default",
                "priorityClassName": "system-cluster-critical",
                "terminationGracePeriodSeconds": 5,
                "tolerations": [{"operator": "Exists"}],
                "containers": [{
                    "name": "coredns",
                    "image": DNS_IMAGE,
                    "args": ["-conf", "/etc/coredns/Corefile"],
                    "ports": [{"name": "dns", "containerPort": 53, "protocol": "UDP"}, {"name": "dns-tcp", "containerPort": 53, "protocol": "TCP"}],
                    "readinessProbe": probe("/ready", 8181),
                    "livenessProbe": probe("/health", 8080),
                    "securityContext": {
                        "allowPrivilegeEscalation": false,
                        "readOnlyRootFilesystem": true,
                        "capabilities": {"add": ["NET_BIND_SERVICE"], "drop": ["ALL"]},
                    },
                    "volumeMounts": [{"name": "config", "mountPath": "/etc/coredns", "readOnly": true}],
                }],
                "volumes": [{"name": "config", "configMap": {"name": "coredns"}}],
            }},
        },
    })
}

fn service(addresses: &Addresses) -> Value {
    let port = |name: &str, protocol: &str| json!({"name": name, "port": 53, "protocol": protocol});
    json!({
        "metadata": {"name": "kube-dns", "labels": labels()},
        "spec": {"selector": labels(), "clusterIP": addresses.dns(), "ports": [port("dns", "UDP"), port("dns-tcp", "TCP")]},
    })
}

fn storage_class() -> Value {
    json!({
        "metadata": {"name": STORAGE_CLASS, "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
        "provisioner": PROVISIONER,
        "reclaimPolicy": "Delete",
        "volumeBindingMode": "WaitForFirstConsumer",
    })
}
