//! What every cluster starts with: namespaces that keep workloads apart, access, storage classes.

mod access;
mod limits;
mod namespaces;
mod network_policies;
mod storage_classes;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::{Component, NamespaceNeed, Output};
use crate::config::Cluster;
use crate::diag::Result;
use crate::source::ConfigPath;

/// The row in the table of components.
pub(super) const BASE: Component = Component { name: "base", enabled: |_| true, namespaces: own_namespaces, render };

fn own_namespaces(cluster: &Cluster) -> Vec<NamespaceNeed> {
    let entries = cluster.cluster.namespaces.iter().enumerate();
    entries
        .map(|(at, entry)| NamespaceNeed {
            name: entry.name.to_string(),
            pod_security: entry.pod_security_standard,
            origin: ConfigPath::of(["cluster", "namespaces"]).index(at),
        })
        .collect()
}

fn render(cluster: &Cluster, output: &mut Output) -> Result<()> {
    let namespaces = namespaces::all(cluster, output.namespaces());
    for namespace in &namespaces {
        output.object(namespace.origin.clone(), &namespace.object(cluster))?;
        if cluster.cluster.security.network_policies {
            for policy in network_policies::of(&namespace.name) {
                output.object(namespace.origin.clone(), &policy)?;
            }
        }
    }
    limits::render(cluster, output)?;
    access::render(cluster, output)?;
    storage_classes::render(cluster, output)
}

fn metadata(name: &str, namespace: Option<&str>) -> ObjectMeta {
    ObjectMeta { name: Some(name.to_owned()), namespace: namespace.map(ToOwned::to_owned), ..ObjectMeta::default() }
}
