//! The pods, and what runs them.

use std::collections::BTreeMap;

use k8s_openapi::api::apps::v1::{
    Deployment, DeploymentSpec, DeploymentStrategy, StatefulSet, StatefulSetPersistentVolumeClaimRetentionPolicy, StatefulSetSpec,
};
use k8s_openapi::api::core::v1::{
    Affinity, Container, ContainerPort, EnvVar, ExecAction, PodAffinityTerm, PodAntiAffinity, PodSecurityContext, PodSpec, PodTemplateSpec,
    Probe, SecurityContext, WeightedPodAffinityTerm,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};

use super::{Context, Output, at, services, volumes};
use crate::component::checksum::checksum;
use crate::component::pod;
use crate::config::Port;
use crate::config::dagger::{CacheStorageType, WorkloadKind};
use crate::diag::Result;

/// Adds the StatefulSet, or the Deployment and its claim; `files` is the ConfigMap's content, whose change has to replace the pods.
pub(super) fn render(context: Context<'_>, files: &BTreeMap<String, String>, out: &mut Output) -> Result<()> {
    let selector = LabelSelector { match_labels: Some(context.selector()), match_expressions: None };
    let template = PodTemplateSpec {
        metadata: Some(ObjectMeta {
            labels: Some(context.selector()),
            annotations: Some([("checksum/config".to_owned(), checksum(files))].into()),
            ..ObjectMeta::default()
        }),
        spec: Some(pod_spec(context)),
    };
    let metadata = context.metadata(context.name());
    let claim = volumes::claim(context);
    match context.dagger.kind {
        WorkloadKind::StatefulSet => {
            let spec = StatefulSetSpec {
                replicas: Some(context.dagger.replicas.into()),
                service_name: Some(services::governing(context)),
                // Engines know nothing of each other.
                pod_management_policy: Some("Parallel".to_owned()),
                persistent_volume_claim_retention_policy: claim.is_some().then(|| retention(context)),
                revision_history_limit: Some(3),
                selector,
                template,
                volume_claim_templates: claim.map(|claim| vec![claim]),
                ..StatefulSetSpec::default()
            };
            out.object(at([]), &StatefulSet { metadata, spec: Some(spec), status: None })
        }
        WorkloadKind::Deployment => {
            if let Some(claim) = claim {
                out.object(at(["storage"]), &claim)?;
            }
            let spec = DeploymentSpec {
                replicas: Some(context.dagger.replicas.into()),
                // The next engine cannot lock the cache before the last one has ended.
                strategy: Some(DeploymentStrategy { type_: Some("Recreate".to_owned()), rolling_update: None }),
                revision_history_limit: Some(3),
                selector,
                template,
                ..DeploymentSpec::default()
            };
            out.object(at([]), &Deployment { metadata, spec: Some(spec), status: None })
        }
    }
}

fn retention(context: Context<'_>) -> StatefulSetPersistentVolumeClaimRetentionPolicy {
    let what = || Some(if context.dagger.storage.retain { "Retain" } else { "Delete" }.to_owned());
    StatefulSetPersistentVolumeClaimRetentionPolicy { when_deleted: what(), when_scaled: what() }
}

fn pod_spec(context: Context<'_>) -> PodSpec {
    let dagger = context.dagger;
    let tolerations: Vec<_> = pod::tolerations(&dagger.tolerations).collect();
    PodSpec {
        service_account_name: Some(context.name().to_owned()),
        automount_service_account_token: Some(false),
        enable_service_links: Some(false),
        security_context: Some(PodSecurityContext { run_as_user: Some(0), ..PodSecurityContext::default() }),
        affinity: (dagger.replicas > 1).then(|| apart(context)),
        tolerations: Some(tolerations).filter(|tolerations| !tolerations.is_empty()),
        node_selector: pod::node_selector(&dagger.node_selector),
        termination_grace_period_seconds: Some(dagger.termination_grace_period_seconds.into()),
        containers: vec![container(context)],
        volumes: Some(volumes::volumes(context)),
        ..PodSpec::default()
    }
}

/// On one node, two engines would share its folder; with volumes of their own they only share its CPU.
fn apart(context: Context<'_>) -> Affinity {
    let term = PodAffinityTerm {
        label_selector: Some(LabelSelector { match_labels: Some(context.selector()), match_expressions: None }),
        topology_key: "kubernetes.io/hostname".to_owned(),
        ..PodAffinityTerm::default()
    };
    let anti = if context.dagger.storage.r#type == CacheStorageType::HostPath {
        PodAntiAffinity { required_during_scheduling_ignored_during_execution: Some(vec![term]), ..PodAntiAffinity::default() }
    } else {
        let preferred = WeightedPodAffinityTerm { weight: 100, pod_affinity_term: term };
        PodAntiAffinity { preferred_during_scheduling_ignored_during_execution: Some(vec![preferred]), ..PodAntiAffinity::default() }
    };
    Affinity { pod_anti_affinity: Some(anti), ..Affinity::default() }
}

fn container(context: Context<'_>) -> Container {
    let dagger = context.dagger;
    let port = |name: &str, number: Port| ContainerPort {
        name: Some(name.to_owned()),
        container_port: number.as_i32(),
        protocol: Some("TCP".to_owned()),
        ..ContainerPort::default()
    };
    let metrics = dagger.metrics_port();
    let has_metrics = context.cluster.monitoring.is_some();
    let ports = [port(services::PORT, dagger.service.port)].into_iter().chain(has_metrics.then(|| port("metrics", metrics)));
    // `cmd/engine/main.go` has no flag for it.
    let address = || EnvVar {
        name: "_EXPERIMENTAL_DAGGER_METRICS_ADDR".to_owned(),
        value: Some(format!("{}:{metrics}", every_address(context))),
        value_from: None,
    };
    Container {
        name: "engine".to_owned(),
        image: Some(dagger.image().to_string()),
        args: Some(arguments(context)),
        env: has_metrics.then(|| vec![address()]),
        ports: Some(ports.collect()),
        startup_probe: Some(Probe { period_seconds: Some(5), failure_threshold: Some(60), timeout_seconds: Some(14), ..probe() }),
        readiness_probe: Some(Probe { period_seconds: Some(15), failure_threshold: Some(10), timeout_seconds: Some(14), ..probe() }),
        // An engine that is busy answers late; one that hangs would not use its grace period.
        liveness_probe: Some(Probe {
            period_seconds: Some(30),
            failure_threshold: Some(20),
            timeout_seconds: Some(29),
            termination_grace_period_seconds: Some(30),
            ..probe()
        }),
        resources: Some(pod::resources(&dagger.resources.requests, &dagger.resources.limits)).filter(|_| !dagger.resources.is_empty()),
        security_context: Some(SecurityContext { privileged: Some(true), ..SecurityContext::default() }),
        // The engine says in its last line that it could not lock the cache.
        termination_message_policy: Some("FallbackToLogsOnError".to_owned()),
        volume_mounts: Some(volumes::mounts(context)),
        ..Container::default()
    }
}

/// The command line inside of the image asks its own engine, over the socket, which never speaks TLS.
fn probe() -> Probe {
    let command = ["dagger", "core", "version"].map(ToOwned::to_owned).into();
    Probe { exec: Some(ExecAction { command: Some(command) }), ..Probe::default() }
}

fn every_address(context: Context<'_>) -> &'static str {
    let has_v6 = context.cluster.cluster.network.cidr.networks().iter().any(|network| network.addr().is_ipv6());
    if has_v6 { "[::]" } else { "0.0.0.0" }
}

/// Naming one address takes the default one away, so that the socket is named, too.
fn arguments(context: Context<'_>) -> Vec<String> {
    let dagger = context.dagger;
    let own = format!("tcp://{}:{}", every_address(context), dagger.service.port);
    let mut arguments = ["--addr", &own, "--addr", "unix:///run/dagger/engine.sock"].map(ToOwned::to_owned).to_vec();
    if dagger.tls.is_some() {
        for (flag, file) in [("--tlscert", "tls.crt"), ("--tlskey", "tls.key"), ("--tlscacert", "ca.crt")] {
            arguments.extend([flag.to_owned(), format!("{}/{file}", volumes::TLS)]);
        }
    }
    arguments
}
