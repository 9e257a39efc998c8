//! The repo server.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Container, PodSpec, Probe};

use super::part::Part;
use super::pod::{
    PARAMETERS, apart, config_map, container, environment, http, mount, new_mount, optional_secret, ports, profiler, redis_password,
    repo_server_tls, resources, scratch, variable, words,
};
use super::{Context, pod};
use crate::config::argocd::{Program, PullPolicy};

const PART: Part = Part::RepoServer;

/// Helm's cache, config and data.
const HELM: &str = "/helm-working-dir";

pub(super) fn deployment(context: Context<'_>) -> Deployment {
    let repo_server = &context.argocd.repo_server;
    let helm = ["HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME"].map(|name| variable(name, HELM));
    let more = [redis_password("REDIS_PASSWORD")].into_iter().chain(helm).collect();
    let mounts = [
        Some(mount("ssh-known-hosts", "/app/config/ssh")),
        Some(mount("tls-certs", "/app/config/tls")),
        Some(mount("gpg-keys", "/app/config/gpg/source")),
        Some(mount("gpg-keyring", "/app/config/gpg/keys")),
        Some(mount("argocd-repo-server-tls", "/app/config/reposerver/tls")),
        new_mount(context, "argocd-repo-server-mtls", "/app/config/reposerver/mtls"),
        Some(mount("tmp", "/tmp")),
        Some(mount("helm-working-dir", HELM)),
        Some(mount("plugins", "/home/argocd/cmp-server/plugins")),
        new_mount(context, PARAMETERS, "/home/argocd/params"),
    ];
    let volumes = [
        Some(config_map("ssh-known-hosts", "argocd-ssh-known-hosts-cm")),
        Some(config_map("tls-certs", "argocd-tls-certs-cm")),
        Some(config_map("gpg-keys", "argocd-gpg-keys-cm")),
        Some(scratch("gpg-keyring")),
        Some(scratch("tmp")),
        Some(scratch("helm-working-dir")),
        Some(repo_server_tls()),
        // It is the server of this pair, so it needs the authority of its clients only.
        context.is_new().then(|| optional_secret("argocd-repo-server-mtls", &["client-ca.crt"])),
        Some(scratch("var-files")),
        Some(scratch("plugins")),
        context.is_new().then(|| profiler("reposerver.profile.enabled")),
    ];
    let container = Container {
        args: Some(words(&["/usr/local/bin/argocd-repo-server"])),
        env: Some(environment(context, Program::RepoServer, more)),
        ports: Some(ports(&[8081, 8084])),
        liveness_probe: Some(Probe { failure_threshold: Some(3), timeout_seconds: Some(5), ..http("/healthz?full=true", 8084, 30, 30) }),
        readiness_probe: Some(http("/healthz", 8084, 5, 10)),
        resources: resources(&repo_server.resources),
        volume_mounts: Some(mounts.into_iter().flatten().collect()),
        ..container(context, PART.name(), &context.argocd.image(), Some(PullPolicy::Always))
    };
    let pod = PodSpec {
        affinity: Some(apart(context, PART)),
        automount_service_account_token: Some(false),
        ..pod::pod(context, PART, container, vec![copy_of_argocd(context)], volumes.into_iter().flatten().collect())
    };
    let replicas = repo_server.replicas.or_else(|| context.argocd.ha.then_some(2));
    pod::deployment(context, PART, replicas, pod)
}

/// Plugins run beside the repo server and find the program that starts them here.
fn copy_of_argocd(context: Context<'_>) -> Container {
    let (command, args) = if context.is_new() {
        let copy = "/bin/cp /usr/local/bin/argocd /var/run/argocd/argocd";
        let link = "/bin/ln -sf /var/run/argocd/argocd /var/run/argocd/argocd-cmp-server";
        (Some(words(&["sh", "-c"])), Some(vec![format!("{copy} && {link}")]))
    } else {
        (Some(words(&["/bin/cp", "-n", "/usr/local/bin/argocd", "/var/run/argocd/argocd-cmp-server"])), None)
    };
    Container {
        command,
        args,
        volume_mounts: Some(vec![mount("var-files", "/var/run/argocd")]),
        ..container(context, "copyutil", &context.argocd.image(), None)
    }
}
