//! Parts of pods that several components have.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{
    Capabilities, EmptyDirVolumeSource, PodSecurityContext, ResourceRequirements, SeccompProfile, SecurityContext, Toleration, Volume,
    VolumeMount,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use crate::config::{self, Cluster, LabelKey, LabelValue, TaintEffect, headscale};

/// What picks the pods of a component's program. It never changes for a cluster: a workload's selector cannot.
pub(super) fn selector(cluster: &Cluster, name: &str) -> BTreeMap<String, String> {
    [("app.kubernetes.io/name", name), ("app.kubernetes.io/instance", cluster.cluster.name.as_str())]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into()
}

/// What a pod of the level `restricted` says.
pub(super) fn restricted(user: i64, group: i64) -> PodSecurityContext {
    PodSecurityContext {
        run_as_non_root: Some(true),
        run_as_user: Some(user),
        run_as_group: Some(group),
        seccomp_profile: Some(SeccompProfile { type_: "RuntimeDefault".to_owned(), localhost_profile: None }),
        ..PodSecurityContext::default()
    }
}

/// What a container of the level `restricted` says.
pub(super) fn locked() -> SecurityContext {
    SecurityContext {
        allow_privilege_escalation: Some(false),
        read_only_root_filesystem: Some(true),
        capabilities: Some(Capabilities { drop: Some(vec!["ALL".to_owned()]), add: None }),
        ..SecurityContext::default()
    }
}

/// A folder that the program may write little to.
pub(super) fn scratch(name: &str) -> Volume {
    room(name, "64Mi")
}

/// A folder of at most a size, gone with the pod.
pub(super) fn room(name: &str, size: &str) -> Volume {
    let empty = EmptyDirVolumeSource { size_limit: Some(Quantity(size.to_owned())), medium: None };
    Volume { name: name.to_owned(), empty_dir: Some(empty), ..Volume::default() }
}

/// A mount at a path.
pub(super) fn mount(name: &str, path: &str) -> VolumeMount {
    VolumeMount { name: name.to_owned(), mount_path: path.to_owned(), ..VolumeMount::default() }
}

/// Requests and limits of a program that does little.
pub(super) fn small() -> ResourceRequirements {
    let of =
        |pairs: &[(&str, &str)]| Some(pairs.iter().map(|(name, amount)| ((*name).to_owned(), Quantity((*amount).to_owned()))).collect());
    ResourceRequirements { requests: of(&[("cpu", "10m"), ("memory", "64Mi")]), limits: of(&[("memory", "512Mi")]), claims: None }
}

/// The taints of servers that run no workloads: Kubernetes' own, and the one that k3s' documentation gives.
pub(super) fn server_tolerations() -> [Toleration; 2] {
    ["node-role.kubernetes.io/control-plane", "CriticalAddonsOnly"].map(|key| Toleration {
        key: Some(key.to_owned()),
        operator: Some("Exists".to_owned()),
        ..Toleration::default()
    })
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
