//! One Namespace for each name that a component or the config asks for.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::Namespace as NamespaceObject;

use super::metadata;
use crate::component::NamespaceNeed;
use crate::config::{Cluster, PodSecurity};
use crate::source::ConfigPath;

/// Namespaces that the cluster makes itself (`kube-apiserver`'s system namespaces and `default`): they are nobody's to label.
const SYSTEM: [&str; 4] = ["default", "kube-system", "kube-public", "kube-node-lease"];

/// A namespace with what is asked of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Namespace {
    pub(super) name: String,
    pub(super) origin: ConfigPath,
    level: PodSecurity,
}

/// All namespaces that are to be made, by name. Where several ask for one, the least strict level that is needed holds.
pub(super) fn all(cluster: &Cluster, needs: &[NamespaceNeed]) -> Vec<Namespace> {
    let mut namespaces: BTreeMap<&str, Namespace> = BTreeMap::new();
    for need in needs.iter().filter(|need| !SYSTEM.contains(&need.name.as_str())) {
        let level = need.pod_security.unwrap_or(cluster.cluster.security.pod_security_standard);
        namespaces.entry(&need.name).and_modify(|namespace| namespace.level = namespace.level.max(level)).or_insert_with(|| Namespace {
            name: need.name.clone(),
            origin: need.origin.clone(),
            level,
        });
    }
    namespaces.into_values().collect()
}

impl Namespace {
    /// The object. Violations are refused, noted in the audit log and shown to whoever applies, by the rules of the cluster's version:
    /// with `latest` an upgrade could refuse pods that ran before.
    pub(super) fn object(&self, cluster: &Cluster) -> NamespaceObject {
        let version = format!("v{}", cluster.cluster.version.minor());
        let labels = ["enforce", "audit", "warn"].into_iter().flat_map(|mode| {
            let key = format!("pod-security.kubernetes.io/{mode}");
            [(format!("{key}-version"), version.clone()), (key, self.level.as_str().to_owned())]
        });
        let mut metadata = metadata(&self.name, None);
        metadata.labels = Some(labels.collect());
        NamespaceObject { metadata, ..NamespaceObject::default() }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn cluster() -> Cluster {
        serde_json::from_value(json!({"cluster": {"name": "a"}})).expect("a cluster")
    }

    fn need(name: &str, pod_security: Option<PodSecurity>) -> NamespaceNeed {
        NamespaceNeed { name: name.to_owned(), pod_security, origin: ConfigPath::root() }
    }

    #[test]
    fn system_namespaces_are_left_alone() {
        assert_eq!(all(&cluster(), &[need("kube-system", None), need("default", None)]), []);
    }

    proptest! {
        #[test]
        fn each_name_once_and_no_stricter_than_any_need(needs in prop::collection::vec(("[ab]", prop::option::of(0..3_u8)), 0..8)) {
            let level = |number: u8| [PodSecurity::Restricted, PodSecurity::Baseline, PodSecurity::Privileged][usize::from(number)];
            let needs: Vec<_> = needs.into_iter().map(|(name, number)| need(&name, number.map(level))).collect();
            let made = all(&cluster(), &needs);
            for need in &needs {
                let of_name: Vec<_> = made.iter().filter(|namespace| namespace.name == need.name).collect();
                prop_assert_eq!(of_name.len(), 1);
                prop_assert!(of_name[0].level >= need.pod_security.unwrap_or(PodSecurity::Restricted));
            }
        }
    }
}
