//! The pods of our own Traefik.

use k8s_openapi::api::apps::v1::{Deployment, DeploymentSpec, DeploymentStrategy, RollingUpdateDeployment};
use k8s_openapi::api::core::v1::{
    Capabilities, Container, ContainerPort, HTTPGetAction, PodSecurityContext, PodSpec, PodTemplateSpec, Probe, SeccompProfile,
    SecurityContext, Toleration, TopologySpreadConstraint,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::arguments::{INTERNAL, arguments, entry_points};
use super::{Context, TRAEFIK};
use crate::component::pod;

/// Any user but root; the image brings none of its own.
const NON_ROOT: i64 = 65532;

pub(super) fn deployment(context: Context<'_>) -> Deployment {
    let labels = context.selector();
    let selector = || LabelSelector { match_labels: Some(context.selector()), match_expressions: None };
    let spec = DeploymentSpec {
        replicas: Some(context.ingress.controller.replicas.into()),
        revision_history_limit: Some(3),
        // The old pod answers until the new one does.
        strategy: Some(DeploymentStrategy {
            type_: Some("RollingUpdate".to_owned()),
            rolling_update: Some(RollingUpdateDeployment {
                max_unavailable: Some(IntOrString::Int(0)),
                max_surge: Some(IntOrString::Int(1)),
            }),
        }),
        selector: selector(),
        template: PodTemplateSpec {
            metadata: Some(ObjectMeta { labels: Some(labels), ..ObjectMeta::default() }),
            spec: Some(PodSpec {
                topology_spread_constraints: (context.ingress.controller.replicas > 1).then(|| {
                    vec![TopologySpreadConstraint {
                        max_skew: 1,
                        topology_key: "kubernetes.io/hostname".to_owned(),
                        when_unsatisfiable: "ScheduleAnyway".to_owned(),
                        label_selector: Some(selector()),
                        ..TopologySpreadConstraint::default()
                    }]
                }),
                ..pod_spec(context)
            }),
        },
        ..DeploymentSpec::default()
    };
    Deployment { metadata: context.metadata(TRAEFIK), spec: Some(spec), status: None }
}

fn pod_spec(context: Context<'_>) -> PodSpec {
    let controller = &context.ingress.controller;
    PodSpec {
        service_account_name: Some(TRAEFIK.to_owned()),
        automount_service_account_token: Some(true),
        enable_service_links: Some(false),
        security_context: Some(PodSecurityContext {
            run_as_non_root: Some(true),
            run_as_user: Some(NON_ROOT),
            run_as_group: Some(NON_ROOT),
            seccomp_profile: Some(SeccompProfile { type_: "RuntimeDefault".to_owned(), localhost_profile: None }),
            ..PodSecurityContext::default()
        }),
        // Requests that are under way when a pod is replaced get this long to end.
        termination_grace_period_seconds: Some(60),
        node_selector: pod::node_selector(&controller.node_selector),
        tolerations: Some(tolerations(context)),
        containers: vec![container(context)],
        ..PodSpec::default()
    }
}

fn tolerations(context: Context<'_>) -> Vec<Toleration> {
    // The second is the taint that k3s' documentation gives servers that run no workloads.
    let servers = ["node-role.kubernetes.io/control-plane", "CriticalAddonsOnly"].map(|key| Toleration {
        key: Some(key.to_owned()),
        operator: Some("Exists".to_owned()),
        ..Toleration::default()
    });
    let own = pod::tolerations(&context.ingress.controller.tolerations);
    servers.into_iter().chain(own).collect()
}

fn container(context: Context<'_>) -> Container {
    let controller = &context.ingress.controller;
    let ports = entry_points(context).into_iter().map(|(name, port)| ContainerPort {
        name: Some(name),
        container_port: port.into(),
        protocol: Some("TCP".to_owned()),
        ..ContainerPort::default()
    });
    Container {
        name: TRAEFIK.to_owned(),
        image: Some(controller.image().to_string()),
        args: Some(arguments(context)),
        ports: Some(ports.collect()),
        liveness_probe: Some(Probe { period_seconds: Some(10), failure_threshold: Some(3), ..ping() }),
        readiness_probe: Some(Probe { period_seconds: Some(5), failure_threshold: Some(1), ..ping() }),
        startup_probe: Some(Probe { period_seconds: Some(1), failure_threshold: Some(60), ..ping() }),
        resources: Some(pod::resources(&controller.resources.requests, &controller.resources.limits)),
        security_context: Some(SecurityContext {
            allow_privilege_escalation: Some(false),
            read_only_root_filesystem: Some(true),
            run_as_non_root: Some(true),
            capabilities: Some(Capabilities { drop: Some(vec!["ALL".to_owned()]), add: None }),
            ..SecurityContext::default()
        }),
        termination_message_policy: Some("FallbackToLogsOnError".to_owned()),
        ..Container::default()
    }
}

fn ping() -> Probe {
    let get =
        HTTPGetAction { path: Some("/ping".to_owned()), port: IntOrString::String(INTERNAL.0.to_owned()), ..HTTPGetAction::default() };
    Probe { http_get: Some(get), timeout_seconds: Some(2), ..Probe::default() }
}
