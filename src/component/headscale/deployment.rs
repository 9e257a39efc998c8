//! The pod.

use std::collections::BTreeMap;

use k8s_openapi::api::apps::v1::{Deployment, DeploymentSpec, DeploymentStrategy};
use k8s_openapi::api::core::v1::{
    Affinity, Capabilities, Container, ContainerPort, EnvVar, EnvVarSource, HTTPGetAction, NodeAffinity, NodeSelectorRequirement,
    NodeSelectorTerm, PodSecurityContext, PodSpec, PodTemplateSpec, PreferredSchedulingTerm, Probe, SeccompProfile, SecretKeySelector,
    SecurityContext, Sysctl, TCPSocketAction, Toleration,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::{Context, NAME, secrets, volumes};
use crate::component::checksum::checksum;
use crate::component::pod as shared;
use crate::config::headscale::ChallengeType;

/// `nonroot` of the distroless base image that Headscale's image is built on.
const NON_ROOT: i64 = 65532;

/// The label of control-plane nodes.
const CONTROL_PLANE: &str = "node-role.kubernetes.io/control-plane";

/// One pod; `files` is the ConfigMap's content, whose change has to replace the pod.
pub(super) fn deployment(context: Context<'_>, files: &BTreeMap<String, String>) -> Deployment {
    let labels = context.selector();
    let spec = DeploymentSpec {
        replicas: Some(1),
        // Two servers on one database give out the same addresses twice.
        strategy: Some(DeploymentStrategy { type_: Some("Recreate".to_owned()), rolling_update: None }),
        revision_history_limit: Some(3),
        selector: LabelSelector { match_labels: Some(labels.clone()), match_expressions: None },
        template: PodTemplateSpec {
            metadata: Some(ObjectMeta {
                labels: Some(labels),
                annotations: Some([("checksum/config".to_owned(), checksum(files))].into()),
                ..ObjectMeta::default()
            }),
            spec: Some(pod(context)),
        },
        ..DeploymentSpec::default()
    };
    Deployment { metadata: context.metadata(NAME), spec: Some(spec), status: None }
}

fn pod(context: Context<'_>) -> PodSpec {
    let (volumes, mounts) = volumes::volumes(context);
    PodSpec {
        service_account_name: Some(NAME.to_owned()),
        automount_service_account_token: Some(false),
        // The variables of the Service `headscale` would begin with `HEADSCALE_`, which Headscale reads as its config.
        enable_service_links: Some(false),
        security_context: Some(pod_security(context)),
        affinity: Some(near_the_control_plane()),
        tolerations: Some(tolerations(context)),
        node_selector: shared::node_selector(&context.headscale.node_selector),
        containers: vec![Container { volume_mounts: Some(mounts), ..container(context) }],
        volumes: Some(volumes),
        ..PodSpec::default()
    }
}

fn pod_security(context: Context<'_>) -> PodSecurityContext {
    // Ports below 1024 without a capability; allowed in the `restricted` level.
    let low = ports(context).iter().any(|port| port.container_port < 1024);
    let low_ports = || vec![Sysctl { name: "net.ipv4.ip_unprivileged_port_start".to_owned(), value: "0".to_owned() }];
    PodSecurityContext {
        run_as_non_root: Some(true),
        run_as_user: Some(NON_ROOT),
        run_as_group: Some(NON_ROOT),
        fs_group: Some(NON_ROOT),
        fs_group_change_policy: Some("OnRootMismatch".to_owned()),
        seccomp_profile: Some(SeccompProfile { type_: "RuntimeDefault".to_owned(), localhost_profile: None }),
        sysctls: low.then(low_ports),
        ..PodSecurityContext::default()
    }
}

/// Workers join through Headscale: on one of them it could not come back after all of them were restarted. Preferred and not
/// required, for clusters whose control plane runs no pods.
fn near_the_control_plane() -> Affinity {
    let has_role = NodeSelectorRequirement { key: CONTROL_PLANE.to_owned(), operator: "Exists".to_owned(), values: None };
    let term = PreferredSchedulingTerm {
        weight: 100,
        preference: NodeSelectorTerm { match_expressions: Some(vec![has_role]), match_fields: None },
    };
    let node = NodeAffinity { preferred_during_scheduling_ignored_during_execution: Some(vec![term]), ..NodeAffinity::default() };
    Affinity { node_affinity: Some(node), ..Affinity::default() }
}

fn tolerations(context: Context<'_>) -> Vec<Toleration> {
    shared::server_tolerations().into_iter().chain(shared::tolerations(&context.headscale.tolerations)).collect()
}

fn container(context: Context<'_>) -> Container {
    let headscale = context.headscale;
    Container {
        name: NAME.to_owned(),
        image: Some(headscale.image().to_string()),
        args: Some(vec!["serve".to_owned()]),
        env: Some(environment(context)).filter(|variables| !variables.is_empty()),
        ports: Some(ports(context)),
        // SQLite migrations of a large database take minutes; the other two probes begin after this one.
        startup_probe: Some(Probe { period_seconds: Some(2), failure_threshold: Some(150), ..probe(context) }),
        liveness_probe: Some(Probe { period_seconds: Some(20), timeout_seconds: Some(5), failure_threshold: Some(3), ..probe(context) }),
        readiness_probe: Some(Probe { period_seconds: Some(10), timeout_seconds: Some(5), ..probe(context) }),
        resources: Some(shared::resources(&headscale.resources.requests, &headscale.resources.limits)),
        security_context: Some(SecurityContext {
            allow_privilege_escalation: Some(false),
            read_only_root_filesystem: Some(true),
            run_as_non_root: Some(true),
            capabilities: Some(Capabilities { drop: Some(vec!["ALL".to_owned()]), add: None }),
            ..SecurityContext::default()
        }),
        // Headscale says in its last line what it did not like in its config.
        termination_message_policy: Some("FallbackToLogsOnError".to_owned()),
        ..Container::default()
    }
}

fn environment(context: Context<'_>) -> Vec<EnvVar> {
    let from_secret = |variable: secrets::SecretVariable| EnvVar {
        name: variable.name.to_owned(),
        value: None,
        value_from: Some(EnvVarSource {
            secret_key_ref: Some(SecretKeySelector { name: variable.from.name.to_string(), key: variable.from.key, optional: None }),
            ..EnvVarSource::default()
        }),
    };
    secrets::variables(context.headscale).into_iter().map(from_secret).collect()
}

fn ports(context: Context<'_>) -> Vec<ContainerPort> {
    let headscale = context.headscale;
    let acme = headscale.tls.lets_encrypt.as_ref().filter(|acme| acme.challenge_type == ChallengeType::Http01);
    let all = [
        Some(("http", headscale.listen.port.0, "TCP")),
        headscale.metrics.enabled.then_some(("metrics", headscale.metrics.port.0, "TCP")),
        headscale.serves_grpc().then_some(("grpc", headscale.grpc.port.0, "TCP")),
        acme.map(|acme| ("acme", acme.challenge_port.0, "TCP")),
        headscale.derp.server.enabled.then(|| ("stun", headscale.stun_port().0, "UDP")),
    ];
    let port = |(name, number, protocol): (&str, u16, &str)| ContainerPort {
        name: Some(name.to_owned()),
        container_port: number.into(),
        protocol: Some(protocol.to_owned()),
        ..ContainerPort::default()
    };
    all.into_iter().flatten().map(port).collect()
}

/// `/health` asks the database, too. With Let's Encrypt the kubelet's handshake would fail, because it names no host: there an
/// open port has to do.
fn probe(context: Context<'_>) -> Probe {
    let headscale = context.headscale;
    let port = IntOrString::String("http".to_owned());
    if headscale.tls.lets_encrypt.is_some() {
        return Probe { tcp_socket: Some(TCPSocketAction { port, host: None }), ..Probe::default() };
    }
    let scheme = if headscale.serves_tls() { "HTTPS" } else { "HTTP" };
    let get = HTTPGetAction { path: Some("/health".to_owned()), port, scheme: Some(scheme.to_owned()), ..HTTPGetAction::default() };
    Probe { http_get: Some(get), ..Probe::default() }
}
