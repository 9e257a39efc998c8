//! What a namespace allows before anybody asks: names may be looked up, nothing else.

use k8s_openapi::api::networking::v1::{NetworkPolicy, NetworkPolicyEgressRule, NetworkPolicySpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

use super::metadata;
use crate::component::traffic::dns;

/// The policies of one namespace.
pub(super) fn of(namespace: &str) -> [NetworkPolicy; 2] {
    [default_deny(namespace), allow_dns(namespace)]
}

/// Selects all pods and allows nothing. Policies add up, so that any other one opens what it names.
fn default_deny(namespace: &str) -> NetworkPolicy {
    policy(namespace, "default-deny", &["Ingress", "Egress"], None)
}

fn allow_dns(namespace: &str) -> NetworkPolicy {
    policy(namespace, "allow-dns", &["Egress"], Some(dns()))
}

fn policy(namespace: &str, name: &str, types: &[&str], egress: Option<NetworkPolicyEgressRule>) -> NetworkPolicy {
    let spec = NetworkPolicySpec {
        pod_selector: Some(LabelSelector::default()),
        policy_types: Some(types.iter().map(ToString::to_string).collect()),
        ingress: None,
        egress: egress.map(|rule| vec![rule]),
    };
    NetworkPolicy { metadata: metadata(name, Some(namespace)), spec: Some(spec) }
}
