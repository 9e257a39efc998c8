//! NetworkPolicies, which kube-router's controller enforces on every node, as it does in k3s.

use kube::Client;
use serde_json::json;

use super::addresses::Addresses;
use super::request::create;
use crate::diag::Result;

/// Its name as a user.
pub(super) const USER: &str = "kube-router";

pub(super) fn arguments(node: &str, addresses: &Addresses) -> Vec<String> {
    vec![
        "--kubeconfig=kube-router.kubeconfig".to_owned(),
        format!("--hostname-override={node}"),
        format!("--service-cluster-ip-range={}", addresses.services()),
    ]
}

/// Lets it see what it acts on.
pub(super) async fn install(client: &Client) -> Result<()> {
    const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1";
    let metadata = json!({"name": USER});
    let verbs = ["get", "list", "watch"];
    let role = json!({"metadata": metadata, "rules": [
        {"apiGroups": [""], "resources": ["namespaces", "nodes", "pods"], "verbs": verbs},
        {"apiGroups": ["networking.k8s.io"], "resources": ["networkpolicies"], "verbs": verbs},
    ]});
    let binding = json!({
        "metadata": metadata,
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": USER},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": USER}],
    });
    create(client, &format!("{RBAC}/clusterroles"), &role).await?;
    create(client, &format!("{RBAC}/clusterrolebindings"), &binding).await?;
    Ok(())
}
