//! The application controller.

use k8s_openapi::api::apps::v1::{StatefulSet, StatefulSetSpec};
use k8s_openapi::api::core::v1::{Container, PodSpec};

use super::part::Part;
use super::pod::{
    PARAMETERS, apart, container, environment, http, mount, new_mount, ports, profiler, redis_password, repo_server_mtls, repo_server_tls,
    resources, scratch, template, variable, words,
};
use super::{Context, pod};
use crate::config::argocd::{Program, PullPolicy};

const PART: Part = Part::Controller;

pub(super) fn stateful_set(context: Context<'_>) -> StatefulSet {
    let controller = &context.argocd.controller;
    let replicas = controller.replicas.unwrap_or(1);
    // A shard knows the number of all.
    let mut more = vec![redis_password("REDIS_PASSWORD"), variable("ARGOCD_CONTROLLER_REPLICAS", &replicas.to_string())];
    if context.is_new() {
        more.push(variable("KUBECACHEDIR", "/tmp/kubecache"));
    }
    let mounts = [
        Some(mount("argocd-repo-server-tls", "/app/config/controller/tls")),
        new_mount(context, "argocd-repo-server-mtls", "/app/config/reposerver/mtls"),
        Some(mount("argocd-home", "/home/argocd")),
        Some(mount(PARAMETERS, "/home/argocd/params")),
        new_mount(context, "argocd-application-controller-tmp", "/tmp"),
    ];
    let volumes = [
        Some(scratch("argocd-home")),
        context.is_new().then(|| scratch("argocd-application-controller-tmp")),
        Some(repo_server_tls()),
        repo_server_mtls(context),
        Some(profiler("controller.profile.enabled")),
    ];
    let container = Container {
        args: Some(words(&["/usr/local/bin/argocd-application-controller"])),
        env: Some(environment(context, Program::Controller, more)),
        ports: Some(ports(&[8082])),
        readiness_probe: Some(http("/healthz", 8082, 5, 10)),
        resources: resources(&controller.resources),
        volume_mounts: Some(mounts.into_iter().flatten().collect()),
        working_dir: Some("/home/argocd".to_owned()),
        ..container(context, PART.name(), &context.argocd.image(), Some(PullPolicy::Always))
    };
    let pod = PodSpec {
        affinity: Some(apart(context, PART)),
        ..pod::pod(context, PART, container, Vec::new(), volumes.into_iter().flatten().collect())
    };
    let spec = StatefulSetSpec {
        replicas: Some(replicas.into()),
        selector: PART.selector(),
        service_name: Some(PART.name().to_owned()),
        template: template(context, PART, pod),
        ..StatefulSetSpec::default()
    };
    let mut metadata = context.metadata(PART.name(), PART.labels());
    let reason = "reference/governing-service: upstream has none either, and nobody asks for the pods by name";
    metadata.annotations = Some([("manifestgen.dev/allow".to_owned(), reason.to_owned())].into());
    StatefulSet { metadata, spec: Some(spec), status: None }
}
