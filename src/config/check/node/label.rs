//! Labels and taints that a kubelet may register with.

use std::collections::BTreeSet;

use super::node;
use crate::config::{Cluster, LabelKey, Problems};

/// Keys below `kubernetes.io` that a kubelet may set on its own node (k8s.io/kubelet `pkg/apis/well_known_labels.go`, 1.36).
const ALLOWED: [&str; 11] = [
    "beta.kubernetes.io/arch",
    "beta.kubernetes.io/instance-type",
    "beta.kubernetes.io/os",
    "failure-domain.beta.kubernetes.io/region",
    "failure-domain.beta.kubernetes.io/zone",
    "kubernetes.io/arch",
    "kubernetes.io/hostname",
    "kubernetes.io/os",
    "node.kubernetes.io/instance-type",
    "topology.kubernetes.io/region",
    "topology.kubernetes.io/zone",
];

pub(super) fn check(cluster: &Cluster, problems: &mut Problems) {
    for (at, entry) in cluster.nodes.iter().enumerate() {
        for key in entry.labels.keys().map(LabelKey::as_str).filter(|key| is_reserved(key)) {
            let text = format!("a node may not give itself the label `{key}`: its kubelet refuses to start");
            let hint = match key.strip_prefix("node-role.kubernetes.io/") {
                Some(role) => format!("use a prefix of your own, or set it afterwards: `kubectl label node {} {key}={role}`", entry.name),
                None => "use a prefix of your own, or one below `node.kubernetes.io`".to_owned(),
            };
            problems.error(node(at).key("labels").key(key), "config/node-label", text, hint);
        }
        let mut seen = BTreeSet::new();
        for (place, taint) in entry.taints.iter().enumerate() {
            let same = seen.iter().any(|(key, effect)| *key == taint.key.as_str() && *effect == taint.effect as u8);
            if same {
                let text = format!("node `{}` has two taints of key `{}` and the same effect", entry.name, taint.key);
                problems.error(node(at).key("taints").index(place), "config/node-taint", text, "remove one of them");
            }
            seen.insert((taint.key.as_str(), taint.effect as u8));
        }
    }
}

/// Whether a kubelet refuses to set the label on itself (k8s.io/kubernetes cmd/kubelet/app/options `ValidateKubeletFlags`).
fn is_reserved(key: &str) -> bool {
    let Some((prefix, _)) = key.split_once('/') else { return false };
    let below = |domain: &str| prefix == domain || prefix.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'));
    let kubernetes = below("kubernetes.io") || below("k8s.io");
    kubernetes && !below("kubelet.kubernetes.io") && !below("node.kubernetes.io") && !ALLOWED.contains(&key)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::testing::{cluster, said};
    use super::*;

    #[test]
    fn a_kubelet_may_not_set_every_label() {
        for key in ["node-role.kubernetes.io/worker", "kubernetes.io/x", "a.k8s.io/b", "node-restriction.kubernetes.io/a"] {
            assert!(is_reserved(key), "{key}");
        }
        for key in
            ["disk", "example.com/a", "node.kubernetes.io/x", "a.node.kubernetes.io/x", "topology.kubernetes.io/zone", "notkubernetes.io/a"]
        {
            assert!(!is_reserved(key), "{key}");
        }
    }

    #[test]
    fn each_is_shown_at_its_place() {
        let taint = json!({"key": "a", "effect": "NoSchedule"});
        let other = json!({"key": "a", "value": "b", "effect": "NoExecute"});
        let nodes =
            json!([{"name": "n", "labels": {"node-role.kubernetes.io/worker": "", "disk": "ssd"}, "taints": [taint, other, taint]}]);
        insta::assert_snapshot!(said(check, &cluster(json!({}), nodes)), @r#"
        error nodes[0].labels."node-role.kubernetes.io/worker" config/node-label: a node may not give itself the label `node-role.kubernetes.io/worker`: its kubelet refuses to start
        error nodes[0].taints[2] config/node-taint: node `n` has two taints of key `a` and the same effect
        "#);
    }
}
