//! `cluster.access` as role bindings.
//!
//! A binding's name holds the role, because its `roleRef` cannot be changed later, and a prefix, because a grant called `cluster-admin`
//! must not take the place of Kubernetes' own binding of that name.

use k8s_openapi::api::rbac::v1::{ClusterRoleBinding, RoleBinding, RoleRef, Subject};

use super::{Output, metadata};
use crate::config::{Access, Cluster};
use crate::diag::Result;
use crate::source::ConfigPath;

/// The group of RBAC's own kinds.
const GROUP: &str = "rbac.authorization.k8s.io";

pub(super) fn render(cluster: &Cluster, output: &mut Output) -> Result<()> {
    for (at, access) in cluster.cluster.access.iter().enumerate() {
        let origin = ConfigPath::of(["cluster", "access"]).index(at);
        let subjects = Some(subjects(access));
        let name = format!("access-{}-{}", access.name, access.role.as_str());
        let role_ref = RoleRef { api_group: GROUP.to_owned(), kind: "ClusterRole".to_owned(), name: access.role.as_str().to_owned() };
        if access.namespaces.is_empty() {
            let metadata = metadata(&name, None);
            output.object(origin, &ClusterRoleBinding { metadata, subjects, role_ref })?;
            continue;
        }
        for namespace in &access.namespaces {
            let metadata = metadata(&name, Some(namespace.as_str()));
            output.object(origin.clone(), &RoleBinding { metadata, subjects: subjects.clone(), role_ref: role_ref.clone() })?;
        }
    }
    Ok(())
}

fn subjects(access: &Access) -> Vec<Subject> {
    let named = |kind: &'static str| {
        move |name: &String| Subject { api_group: Some(GROUP.to_owned()), kind: kind.to_owned(), name: name.clone(), namespace: None }
    };
    let accounts = access.service_accounts.iter().map(|account| Subject {
        api_group: None,
        kind: "ServiceAccount".to_owned(),
        name: account.name.to_string(),
        namespace: Some(account.namespace.to_string()),
    });
    access.users.iter().map(named("User")).chain(access.groups.iter().map(named("Group"))).chain(accounts).collect()
}
