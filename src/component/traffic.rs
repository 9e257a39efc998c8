//! Parts of NetworkPolicies that several components have.

use k8s_openapi::api::networking::v1::{IPBlock, NetworkPolicyEgressRule, NetworkPolicyPeer, NetworkPolicyPort};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use crate::config::Cluster;

/// The label of Prometheus' pods (prometheus-operator 0.93.1 `pkg/prometheus/server/operator.go`, chart prometheus 29 `_helpers.tpl`).
pub const PROMETHEUS: [(&str, &str); 1] = [("app.kubernetes.io/name", "prometheus")];

/// One port of pods.
pub(super) fn port(protocol: &str, number: u16) -> NetworkPolicyPort {
    NetworkPolicyPort { protocol: Some(protocol.to_owned()), port: Some(IntOrString::Int(number.into())), end_port: None }
}

/// All pods of the namespaces that a selector takes.
pub(super) fn namespaces(selector: LabelSelector) -> NetworkPolicyPeer {
    NetworkPolicyPeer { namespace_selector: Some(selector), ..NetworkPolicyPeer::default() }
}

/// All pods of one namespace, by the label that the API server gives every namespace.
pub(super) fn named_namespace(name: &str) -> NetworkPolicyPeer {
    let labels = [("kubernetes.io/metadata.name".to_owned(), name.to_owned())].into();
    namespaces(LabelSelector { match_labels: Some(labels), match_expressions: None })
}

/// Who reads metrics: Prometheus' pods, where the cluster says where they are; none for everybody.
pub(super) fn readers(cluster: &Cluster) -> Option<Vec<NetworkPolicyPeer>> {
    let namespace = cluster.monitoring.as_ref()?.namespace.as_str();
    let labels = PROMETHEUS.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    let pods = LabelSelector { match_labels: Some(labels), match_expressions: None };
    Some(vec![NetworkPolicyPeer { pod_selector: Some(pods), ..named_namespace(namespace) }])
}

/// Addresses outside of the cluster.
pub(super) fn addresses(cidr: impl Into<String>) -> NetworkPolicyPeer {
    NetworkPolicyPeer { ip_block: Some(IPBlock { cidr: cidr.into(), except: None }), ..NetworkPolicyPeer::default() }
}

/// The cluster's DNS. k3s' CoreDNS carries `k8s-app: kube-dns`, as every cluster's DNS does.
pub(super) fn dns() -> NetworkPolicyEgressRule {
    let pods = [("k8s-app".to_owned(), "kube-dns".to_owned())].into();
    let peer = NetworkPolicyPeer {
        pod_selector: Some(LabelSelector { match_labels: Some(pods), match_expressions: None }),
        ..named_namespace("kube-system")
    };
    NetworkPolicyEgressRule { to: Some(vec![peer]), ports: Some(vec![port("UDP", 53), port("TCP", 53)]) }
}
