//! The notifications controller, and what it says to whom.

use std::collections::BTreeMap;

use k8s_openapi::api::apps::v1::{Deployment, DeploymentStrategy};
use k8s_openapi::api::core::v1::{Container, PodSecurityContext, PodSpec, Probe, SecurityContext, TCPSocketAction};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::part::Part;
use super::pod::{
    config_map, container, environment, locked_down, mount, new_mount, repo_server_mtls, repo_server_tls, resources, runtime_default, words,
};
use super::settings::{text, to_yaml};
use super::{Context, pod};
use crate::config::argocd::{Program, PullPolicy};
use crate::diag::Result;

const PART: Part = Part::Notifications;

pub(super) fn deployment(context: Context<'_>) -> Deployment {
    let mounts = [
        Some(mount("tls-certs", "/app/config/tls")),
        Some(mount("argocd-repo-server-tls", "/app/config/reposerver/tls")),
        new_mount(context, "argocd-repo-server-mtls", "/app/config/reposerver/mtls"),
    ];
    let volumes = [Some(config_map("tls-certs", "argocd-tls-certs-cm")), Some(repo_server_tls()), repo_server_mtls(context)];
    let open = TCPSocketAction { port: IntOrString::Int(9001), host: None };
    let container = Container {
        args: Some(words(&["/usr/local/bin/argocd-notifications"])),
        env: Some(environment(context, Program::Notifications, Vec::new())),
        liveness_probe: Some(Probe { tcp_socket: Some(open), ..Probe::default() }),
        resources: resources(&context.argocd.notifications.resources),
        // The other half is the pod's.
        security_context: Some(SecurityContext { run_as_non_root: None, seccomp_profile: None, ..locked_down() }),
        volume_mounts: Some(mounts.into_iter().flatten().collect()),
        working_dir: Some("/app".to_owned()),
        ..container(context, PART.name(), &context.argocd.image(), Some(PullPolicy::Always))
    };
    let security =
        PodSecurityContext { run_as_non_root: Some(true), seccomp_profile: Some(runtime_default()), ..PodSecurityContext::default() };
    let pod = PodSpec {
        security_context: Some(security),
        ..pod::pod(context, PART, container, Vec::new(), volumes.into_iter().flatten().collect())
    };
    let mut deployment = pod::deployment(context, PART, None, pod);
    if let Some(spec) = &mut deployment.spec {
        // Two of them would send each message twice.
        spec.strategy = Some(DeploymentStrategy { type_: Some("Recreate".to_owned()), rolling_update: None });
    }
    deployment
}

/// The content of `argocd-notifications-cm`.
pub(super) fn config(context: Context<'_>) -> Result<BTreeMap<String, String>> {
    let notifications = &context.argocd.notifications;
    let mut data = BTreeMap::new();
    for (prefix, section) in
        [("service", &notifications.services), ("template", &notifications.templates), ("trigger", &notifications.triggers)]
    {
        for (name, value) in section {
            data.insert(format!("{prefix}.{name}"), text(value)?);
        }
    }
    if !notifications.subscriptions.is_empty() {
        data.insert("subscriptions".to_owned(), to_yaml(&notifications.subscriptions)?);
    }
    if !notifications.default_triggers.is_empty() {
        data.insert("defaultTriggers".to_owned(), to_yaml(&notifications.default_triggers)?);
    }
    if !notifications.context.is_empty() {
        data.insert("context".to_owned(), to_yaml(&notifications.context)?);
    }
    Ok(data)
}
