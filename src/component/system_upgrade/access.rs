//! What the controller and its jobs may do, as upstream's `manifests/clusterrole.yaml` has it.

use k8s_openapi::api::core::v1::ServiceAccount;
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, RoleRef, Subject};

use super::{ACCOUNT, CONTROLLER, Context, Output, at, cluster_wide};
use crate::diag::Result;

const GROUP: &str = "rbac.authorization.k8s.io";
const READ: [&str; 3] = ["get", "list", "watch"];
const WRITE: [&str; 3] = ["create", "patch", "update"];

pub(super) fn render(context: Context<'_>, out: &mut Output) -> Result<()> {
    let account =
        ServiceAccount { metadata: context.metadata(ACCOUNT), automount_service_account_token: Some(false), ..ServiceAccount::default() };
    out.object(at([]), &account)?;
    for (name, rules) in [(CONTROLLER, cluster_rules()), ("system-upgrade-drainer", drainer_rules())] {
        out.object(at([]), &ClusterRole { metadata: cluster_wide(name), rules: Some(rules), aggregation_rule: None })?;
        let binding = ClusterRoleBinding {
            metadata: cluster_wide(name),
            role_ref: role("ClusterRole", name),
            subjects: Some(vec![subject(context)]),
        };
        out.object(at([]), &binding)?;
    }
    out.object(at([]), &Role { metadata: context.metadata(CONTROLLER), rules: Some(rules()) })?;
    let binding =
        RoleBinding { metadata: context.metadata(CONTROLLER), role_ref: role("Role", CONTROLLER), subjects: Some(vec![subject(context)]) };
    out.object(at([]), &binding)
}

fn role(kind: &str, name: &str) -> RoleRef {
    RoleRef { api_group: GROUP.to_owned(), kind: kind.to_owned(), name: name.to_owned() }
}

fn subject(context: Context<'_>) -> Subject {
    Subject {
        api_group: None,
        kind: "ServiceAccount".to_owned(),
        name: ACCOUNT.to_owned(),
        namespace: Some(context.upgrade.namespace.to_string()),
    }
}

fn rule(group: &str, resources: &[&str], verbs: &[&str], names: &[&str]) -> PolicyRule {
    let texts = |list: &[&str]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
    PolicyRule {
        api_groups: Some(vec![group.to_owned()]),
        resources: Some(texts(resources)),
        resource_names: Some(texts(names)).filter(|names| !names.is_empty()),
        verbs: texts(verbs),
        non_resource_urls: None,
    }
}

fn cluster_rules() -> Vec<PolicyRule> {
    let plan = [READ.as_slice(), WRITE.as_slice(), &["delete"]].concat();
    vec![
        rule("batch", &["jobs"], &READ, &[]),
        // It puts its definition right at every start.
        rule("apiextensions.k8s.io", &["customresourcedefinitions"], &[READ.as_slice(), WRITE.as_slice()].concat(), &[]),
        rule("", &["namespaces", "nodes"], &READ, &[]),
        rule("", &["nodes"], &["update"], &[]),
        rule("", &["events"], &["get", "create", "patch", "update"], &[]),
        rule("coordination.k8s.io", &["leases"], &["create"], &[]),
        rule("coordination.k8s.io", &["leases"], &["get", "update"], &[CONTROLLER]),
        rule("upgrade.cattle.io", &["plans", "plans/status"], &plan, &[]),
    ]
}

/// `kubectl drain` in the jobs.
fn drainer_rules() -> Vec<PolicyRule> {
    vec![
        rule("", &["pods/eviction"], &["create"], &[]),
        rule("", &["pods"], &["get", "list", "delete"], &[]),
        rule("", &["nodes"], &["get", "patch"], &[]),
        rule("apps", &["statefulsets", "daemonsets", "replicasets"], &["get", "list"], &[]),
    ]
}

fn rules() -> Vec<PolicyRule> {
    let jobs = [READ.as_slice(), WRITE.as_slice(), &["delete", "deletecollection"]].concat();
    vec![rule("batch", &["jobs"], &jobs, &[]), rule("", &["secrets"], &READ, &[])]
}
