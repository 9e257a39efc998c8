//! What has to be restarted or told after a value has changed.

use std::collections::BTreeSet;

use crate::config::{Cluster, Destination};
use crate::manifest::Release;
use crate::reference::{Graph, Need, Target};
use crate::secret::Made;

/// A line for each thing to do.
pub(super) fn needed(cluster: &Cluster, release: &Release, made: &[Made]) -> Vec<String> {
    let mut lines = BTreeSet::new();
    let graph = Graph::of(release.objects());
    let delivered = cluster.delivered_secrets();
    for secret in cluster.secrets.iter().filter(|secret| made.iter().any(|made| secret.name.as_str() == made.name)) {
        let name = &secret.name;
        let number = cluster.secrets.iter().position(|other| other.name == *name);
        for target in delivered.iter().filter(|target| target.keys.values().any(|(by, _)| Some(*by) == number)) {
            let users = users(&graph, &target.namespace, &target.name);
            let restarts = if users.is_empty() { String::new() } else { format!(", and restarts {users}") };
            lines.insert(format!("`{name}`: `secret deliver` changes Secret `{}/{}`{restarts}", target.namespace, target.name));
        }
        let nodes: Vec<String> = cluster.nodes_of_secret(secret).iter().map(|node| format!("`{}`", node.name)).collect();
        let nodes = if nodes.is_empty() { "its nodes".to_owned() } else { nodes.join(", ") };
        for to in &secret.deliver {
            lines.extend(match to {
                // https://docs.k3s.io/cli/token#k3s-token-rotate
                Destination::K3sToken => {
                    Some(format!("`{name}`: `k3s token rotate` on a server with the old and the new value, then restart k3s on {nodes}"))
                }
                Destination::K3sAgentToken => Some(format!("`{name}`: restart k3s on {nodes}, servers first")),
                Destination::TailscaleAuthKey => Some(format!("`{name}`: only nodes that join from now on use it; joined ones stay")),
                // A client asks for the server's key once (`loadServerPubKeys` in control/controlclient/direct.go of tailscale 1.98).
                Destination::HeadscaleNoiseKey => Some(format!(
                    "`{name}`: then restart `tailscaled` on every node of the mesh: it knows the server by the former key until then"
                )),
                Destination::File { .. } => Some(format!("`{name}`: switch {nodes}, then restart what reads the file")),
                _ => None,
            });
        }
    }
    lines.into_iter().collect()
}

/// The workloads that use a Secret, by kind and name.
fn users(graph: &Graph<'_>, secret_namespace: &str, secret_name: &str) -> String {
    let uses = graph.edges().iter().filter(|edge| {
        edge.need == Need::Secret
            && matches!(edge.target, Target::Object { kind: "Secret", namespace, name, .. } if namespace == secret_namespace && name == secret_name)
    });
    let names: BTreeSet<String> = uses
        .map(|edge| {
            let object = &graph.objects()[edge.from];
            format!("{} `{}/{}`", object.kind(), object.namespace().unwrap_or("default"), object.name())
        })
        .collect();
    names.into_iter().collect::<Vec<_>>().join(", ")
}
