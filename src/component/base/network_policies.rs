//! What a namespace allows before anybody asks: names may be looked up, nothing else.

use k8s_openapi::api::networking::v1::{NetworkPolicy, NetworkPolicyEgressRule, NetworkPolicyPeer, NetworkPolicyPort, NetworkPolicySpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::metadata;

/// The policies of one namespace.
pub(super) fn of(namespace: &str) -> [NetworkPolicy; 2] {
    [default_deny(namespace), allow_dns(namespace)]
}

/// Selects all pods and allows nothing. Policies add up, so that any other one opens what it names.
fn default_deny(namespace: &str) -> NetworkPolicy {
    policy(namespace, "default-deny", &["Ingress", "Egress"], None)
}

/// k3s' CoreDNS carries `k8s-app: kube-dns`, as every cluster's DNS does.
fn allow_dns(namespace: &str) -> NetworkPolicy {
    let labels = |key: &str, value: &str| {
        Some(LabelSelector { match_labels: Some([(key.to_owned(), value.to_owned())].into()), match_expressions: None })
    };
    let dns = NetworkPolicyPeer {
        namespace_selector: labels("kubernetes.io/metadata.name", "kube-system"),
        pod_selector: labels("k8s-app", "kube-dns"),
        ip_block: None,
    };
    let ports = ["UDP", "TCP"].map(|protocol| NetworkPolicyPort {
        protocol: Some(protocol.to_owned()),
        port: Some(IntOrString::Int(53)),
        end_port: None,
    });
    policy(namespace, "allow-dns", &["Egress"], Some(NetworkPolicyEgressRule { to: Some(vec![dns]), ports: Some(ports.into()) }))
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
