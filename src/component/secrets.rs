//! `secrets`: the Secrets that are made of age files. The release names them and their keys; it holds no value.

use super::{Component, NamespaceNeed, Output};
use crate::config::{Cluster, DeliveredSecret};
use crate::diag::Result;

/// The row in the table of components.
pub(super) const SECRETS: Component =
    Component { name: "secrets", enabled: |cluster| !cluster.delivered_secrets().is_empty(), namespaces, render };

/// A Secret can be delivered once its namespace is there, which is before the workloads that wait for it.
fn namespaces(cluster: &Cluster) -> Vec<NamespaceNeed> {
    let need = |secret: DeliveredSecret| NamespaceNeed { name: secret.namespace, pod_security: None, origin: secret.origin };
    cluster.delivered_secrets().into_iter().map(need).collect()
}

#[expect(clippy::unnecessary_wraps, reason = "components have one signature")]
fn render(cluster: &Cluster, out: &mut Output) -> Result<()> {
    for secret in cluster.delivered_secrets() {
        let keys = secret.keys.keys().chain(secret.plain.keys()).map(String::as_str);
        out.secret(secret.origin.clone(), secret.namespace.as_str(), secret.name.as_str(), keys);
    }
    Ok(())
}
