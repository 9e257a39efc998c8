//! The ApplicationSet controller.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Container, EnvVar, EnvVarSource, ObjectFieldSelector};

use super::part::Part;
use super::pod::{
    PARAMETERS, config_map, container, environment, mount, named_port, new_mount, profiler, repo_server_mtls, repo_server_tls, resources,
    scratch, words,
};
use super::{Context, pod};
use crate::config::argocd::{Program, PullPolicy};

const PART: Part = Part::ApplicationSet;

pub(super) fn deployment(context: Context<'_>) -> Deployment {
    let set = &context.argocd.application_set;
    let own_namespace = ObjectFieldSelector { field_path: "metadata.namespace".to_owned(), api_version: None };
    let namespace = EnvVar {
        name: "NAMESPACE".to_owned(),
        value: None,
        value_from: Some(EnvVarSource { field_ref: Some(own_namespace), ..EnvVarSource::default() }),
    };
    let mounts = [
        Some(mount("ssh-known-hosts", "/app/config/ssh")),
        Some(mount("tls-certs", "/app/config/tls")),
        Some(mount("gpg-keys", "/app/config/gpg/source")),
        Some(mount("gpg-keyring", "/app/config/gpg/keys")),
        Some(mount("tmp", "/tmp")),
        Some(mount("argocd-repo-server-tls", "/app/config/reposerver/tls")),
        new_mount(context, "argocd-repo-server-mtls", "/app/config/reposerver/mtls"),
        new_mount(context, PARAMETERS, "/home/argocd/params"),
    ];
    let volumes = [
        Some(config_map("ssh-known-hosts", "argocd-ssh-known-hosts-cm")),
        Some(config_map("tls-certs", "argocd-tls-certs-cm")),
        Some(config_map("gpg-keys", "argocd-gpg-keys-cm")),
        Some(scratch("gpg-keyring")),
        Some(scratch("tmp")),
        Some(repo_server_tls()),
        repo_server_mtls(context),
        context.is_new().then(|| profiler("applicationsetcontroller.profile.enabled")),
    ];
    let container = Container {
        args: Some(words(&["/usr/local/bin/argocd-applicationset-controller"])),
        env: Some(environment(context, Program::ApplicationSet, vec![namespace])),
        ports: Some(vec![named_port("webhook", 7000), named_port("metrics", 8080)]),
        resources: resources(&set.resources),
        volume_mounts: Some(mounts.into_iter().flatten().collect()),
        ..container(context, PART.name(), &context.argocd.image(), Some(PullPolicy::Always))
    };
    let pod = pod::pod(context, PART, container, Vec::new(), volumes.into_iter().flatten().collect());
    pod::deployment(context, PART, set.replicas, pod)
}
