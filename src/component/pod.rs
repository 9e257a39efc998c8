//! Parts of pods that several components have.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{ResourceRequirements, Toleration};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use crate::config::{self, Cluster, LabelKey, LabelValue, TaintEffect, headscale};

/// What picks the pods of a component's program. It never changes for a cluster: a workload's selector cannot.
pub(super) fn selector(cluster: &Cluster, name: &str) -> BTreeMap<String, String> {
    [("app.kubernetes.io/name", name), ("app.kubernetes.io/instance", cluster.cluster.name.as_str())]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into()
}

/// Requests and limits, without empty maps.
pub(super) fn resources(
    requests: &BTreeMap<String, config::Quantity>,
    limits: &BTreeMap<String, config::Quantity>,
) -> ResourceRequirements {
    let of = |amounts: &BTreeMap<String, config::Quantity>| {
        let amounts: BTreeMap<_, _> = amounts.iter().map(|(name, amount)| (name.clone(), Quantity(amount.to_string()))).collect();
        Some(amounts).filter(|amounts| !amounts.is_empty())
    };
    ResourceRequirements { requests: of(requests), limits: of(limits), claims: None }
}

/// Labels that the node must have; none for no labels.
pub(super) fn node_selector(labels: &BTreeMap<LabelKey, LabelValue>) -> Option<BTreeMap<String, String>> {
    let labels: BTreeMap<_, _> = labels.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
    Some(labels).filter(|labels| !labels.is_empty())
}

/// Taints that the pod tolerates.
pub(super) fn tolerations(tolerations: &[headscale::Toleration]) -> impl Iterator<Item = Toleration> {
    tolerations.iter().map(|toleration| Toleration {
        key: Some(toleration.key.to_string()),
        operator: Some(if toleration.value.is_some() { "Equal" } else { "Exists" }.to_owned()),
        value: toleration.value.as_ref().map(ToString::to_string),
        effect: toleration.effect.map(TaintEffect::as_str).map(ToOwned::to_owned),
        toleration_seconds: None,
    })
}
