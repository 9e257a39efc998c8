//! Argo CD: its own export of Applications, projects, repositories, clusters and settings.

use k8s_openapi::api::core::v1::{Container, EnvVar, PodSpec};
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, RoleRef, Subject};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::job::{COPY, container, cron_job};
use super::store::{shared, store, volumes};
use super::{Context, Output, Saved, at};
use crate::component::pod;
use crate::config::ArgoCd;
use crate::diag::Result;

/// `argocd` of the image.
const USER: i64 = 999;
const NAME: &str = "argocd";
const GROUP: &str = "rbac.authorization.k8s.io";

pub(super) fn render(context: Context<'_>, argocd: &ArgoCd, out: &mut Output) -> Result<()> {
    let saved = Saved { name: NAME, namespace: argocd.namespace.as_str(), origin: at([NAME]), ports: &[443, 6443] };
    shared(context, &saved, &[], out)?;
    access(argocd, &saved, out)?;
    let pod = PodSpec {
        service_account_name: Some(saved.object()),
        automount_service_account_token: Some(true),
        security_context: Some(pod::restricted(USER, USER)),
        init_containers: Some(vec![export(argocd)]),
        containers: vec![store(context, &saved)],
        volumes: Some(volumes(&saved)),
        ..PodSpec::default()
    };
    out.object(at(["schedule"]), &cron_job(context, &saved, &saved.object(), false, pod))
}

fn export(argocd: &ArgoCd) -> Container {
    let file = format!("{COPY}/argocd.yaml");
    let command = ["argocd", "admin", "export", "--namespace", argocd.namespace.as_str(), "--out", file.as_str()];
    Container {
        env: Some(vec![EnvVar { name: "HOME".to_owned(), value: Some("/tmp".to_owned()), value_from: None }]),
        ..container("export", &argocd.image().to_string(), command.map(ToOwned::to_owned).into())
    }
}

/// What the export reads (argo-cd 3.5.1 `cmd/argocd/commands/admin/backup.go`): where Applications may be in other namespaces, it lists them all.
fn access(argocd: &ArgoCd, saved: &Saved<'_>, out: &mut Output) -> Result<()> {
    let name = saved.object();
    let subjects = || {
        Some(vec![Subject {
            api_group: None,
            kind: "ServiceAccount".to_owned(),
            name: saved.object(),
            namespace: Some(saved.namespace.to_owned()),
        }])
    };
    let role_ref = |kind: &str| RoleRef { api_group: GROUP.to_owned(), kind: kind.to_owned(), name: saved.object() };
    let rules = vec![rule("", &["configmaps", "secrets"]), rule("argoproj.io", &["applications", "applicationsets", "appprojects"])];
    out.object(saved.origin.clone(), &Role { metadata: saved.metadata(&name), rules: Some(rules) })?;
    let binding = RoleBinding { metadata: saved.metadata(&name), role_ref: role_ref("Role"), subjects: subjects() };
    out.object(saved.origin.clone(), &binding)?;
    if argocd.application_namespaces.is_empty() && argocd.application_set.namespaces.is_empty() {
        return Ok(());
    }
    let metadata = || ObjectMeta { name: Some(saved.object()), ..ObjectMeta::default() };
    let rules = vec![rule("argoproj.io", &["applications", "applicationsets"])];
    out.object(saved.origin.clone(), &ClusterRole { metadata: metadata(), rules: Some(rules), aggregation_rule: None })?;
    let binding = ClusterRoleBinding { metadata: metadata(), role_ref: role_ref("ClusterRole"), subjects: subjects() };
    out.object(saved.origin.clone(), &binding)
}

fn rule(group: &str, resources: &[&str]) -> PolicyRule {
    let texts = |list: &[&str]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
    PolicyRule {
        api_groups: Some(vec![group.to_owned()]),
        resources: Some(texts(resources)),
        verbs: texts(&["get", "list"]),
        resource_names: None,
        non_resource_urls: None,
    }
}
