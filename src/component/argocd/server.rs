//! The API server and web page.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Container, PodSpec, Probe};

use super::part::Part;
use super::pod::{
    PARAMETERS, apart, config_map, container, environment, http, mount, new_mount, optional_secret, ports, profiler, redis_password,
    repo_server_mtls, repo_server_tls, resources, scratch, variable, words,
};
use super::{Context, pod};
use crate::config::argocd::{Program, PullPolicy};

const PART: Part = Part::Server;

pub(super) fn deployment(context: Context<'_>) -> Deployment {
    let server = &context.argocd.server;
    let replicas = server.replicas.or_else(|| context.argocd.ha.then_some(2));
    let mut more = vec![redis_password("REDIS_PASSWORD")];
    if let Some(replicas) = replicas.filter(|replicas| *replicas > 1) {
        // The limit of failed log-ins is shared out among the servers.
        more.push(variable("ARGOCD_API_SERVER_REPLICAS", &replicas.to_string()));
    }
    let mounts = [
        Some(mount("ssh-known-hosts", "/app/config/ssh")),
        Some(mount("tls-certs", "/app/config/tls")),
        Some(mount("argocd-repo-server-tls", "/app/config/server/tls")),
        new_mount(context, "argocd-repo-server-mtls", "/app/config/reposerver/mtls"),
        Some(mount("argocd-dex-server-tls", "/app/config/dex/tls")),
        Some(mount("plugins-home", "/home/argocd")),
        Some(mount("tmp", "/tmp")),
        Some(mount(PARAMETERS, "/home/argocd/params")),
    ];
    let volumes = [
        Some(scratch("plugins-home")),
        Some(scratch("tmp")),
        Some(config_map("ssh-known-hosts", "argocd-ssh-known-hosts-cm")),
        Some(config_map("tls-certs", "argocd-tls-certs-cm")),
        Some(repo_server_tls()),
        Some(optional_secret("argocd-dex-server-tls", &["tls.crt", "ca.crt"])),
        repo_server_mtls(context),
        Some(profiler("server.profile.enabled")),
    ];
    let container = Container {
        args: Some(words(&["/usr/local/bin/argocd-server"])),
        env: Some(environment(context, Program::Server, more)),
        ports: Some(ports(&[8080, 8083])),
        liveness_probe: Some(Probe { timeout_seconds: Some(5), ..http("/healthz?full=true", 8080, 3, 30) }),
        readiness_probe: Some(http("/healthz", 8080, 3, 30)),
        resources: resources(&server.resources),
        volume_mounts: Some(mounts.into_iter().flatten().collect()),
        ..container(context, PART.name(), &context.argocd.image(), Some(PullPolicy::Always))
    };
    let pod = PodSpec {
        affinity: Some(apart(context, PART)),
        ..pod::pod(context, PART, container, Vec::new(), volumes.into_iter().flatten().collect())
    };
    pod::deployment(context, PART, replicas, pod)
}
