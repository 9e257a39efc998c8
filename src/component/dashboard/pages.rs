//! The page's pod and Service.

use std::collections::BTreeMap;

use k8s_openapi::api::apps::v1::{Deployment, DeploymentSpec};
use k8s_openapi::api::core::v1::{
    ConfigMapVolumeSource, Container, ContainerPort, EnvVar, HTTPGetAction, HTTPHeader, PodSpec, PodTemplateSpec, Probe, Service,
    ServicePort, ServiceSpec, Volume, VolumeMount,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::Context;
use crate::component::{checksum::checksum, pod};
use crate::config::Port;
use crate::config::dashboard::DashboardService;

/// `node` of the image.
const USER: i64 = 1000;

/// One pod of a program behind a selector.
pub(super) fn one_pod(
    context: Context<'_>,
    name: &str,
    program: &str,
    annotations: Option<BTreeMap<String, String>>,
    spec: PodSpec,
) -> Deployment {
    let labels = context.selector(program);
    let spec = DeploymentSpec {
        replicas: Some(1),
        revision_history_limit: Some(3),
        selector: LabelSelector { match_labels: Some(labels.clone()), match_expressions: None },
        template: PodTemplateSpec {
            metadata: Some(ObjectMeta { labels: Some(labels), annotations, ..ObjectMeta::default() }),
            spec: Some(spec),
        },
        ..DeploymentSpec::default()
    };
    Deployment { metadata: context.metadata(name), spec: Some(spec), status: None }
}

/// The Service of a program whose container's port is called `http`.
pub(super) fn service(context: Context<'_>, name: &str, program: &str, number: Port, config: &DashboardService) -> Service {
    let port = ServicePort {
        name: Some("http".to_owned()),
        port: number.as_i32(),
        target_port: Some(IntOrString::String("http".to_owned())),
        node_port: config.node_port.map(Port::as_i32),
        protocol: Some("TCP".to_owned()),
        app_protocol: None,
    };
    let spec = ServiceSpec {
        type_: Some(config.r#type.as_str().to_owned()),
        selector: Some(context.selector(program)),
        ports: Some(vec![port]),
        ..ServiceSpec::default()
    };
    Service { metadata: context.metadata(name), spec: Some(spec), status: None }
}

/// Homepage; `files` is the ConfigMap's content, whose change has to replace the pod.
pub(super) fn deployment(context: Context<'_>, files: &BTreeMap<String, String>) -> Deployment {
    let config = ConfigMapVolumeSource { name: context.name().to_owned(), ..ConfigMapVolumeSource::default() };
    let spec = PodSpec {
        service_account_name: Some(context.name().to_owned()),
        automount_service_account_token: Some(context.reads_the_cluster()),
        // The variables of a Service `homepage` would begin with `HOMEPAGE_`, which are Homepage's own.
        enable_service_links: Some(false),
        security_context: Some(pod::restricted(USER, USER)),
        containers: vec![container(context)],
        volumes: Some(vec![
            Volume { name: "config".to_owned(), config_map: Some(config), ..Volume::default() },
            pod::scratch("cache"),
            pod::scratch("tmp"),
        ]),
        ..PodSpec::default()
    };
    let annotations = [("checksum/config".to_owned(), checksum(files))].into();
    one_pod(context, context.name(), "homepage", Some(annotations), spec)
}

fn container(context: Context<'_>) -> Container {
    let dashboard = context.dashboard;
    let variable = |name: &str, value: String| EnvVar { name: name.to_owned(), value: Some(value), value_from: None };
    let has_v6 = context.cluster.cluster.network.cidr.networks().iter().any(|network| network.addr().is_ipv6());
    Container {
        name: "homepage".to_owned(),
        image: Some(dashboard.image().to_string()),
        env: Some(vec![
            variable("PORT", dashboard.port.to_string()),
            // What Kubernetes puts there is the pod's name.
            variable("HOSTNAME", if has_v6 { "::" } else { "0.0.0.0" }.to_owned()),
            variable("HOMEPAGE_ALLOWED_HOSTS", dashboard.hosts(context.cluster).join(",")),
            // The other log is a file beside the config.
            variable("LOG_TARGETS", "stdout".to_owned()),
        ]),
        ports: Some(vec![ContainerPort {
            name: Some("http".to_owned()),
            container_port: dashboard.port.as_i32(),
            protocol: Some("TCP".to_owned()),
            ..ContainerPort::default()
        }]),
        startup_probe: Some(Probe { period_seconds: Some(2), failure_threshold: Some(30), ..probe(context) }),
        liveness_probe: Some(Probe { period_seconds: Some(20), timeout_seconds: Some(5), ..probe(context) }),
        readiness_probe: Some(Probe { period_seconds: Some(10), timeout_seconds: Some(5), ..probe(context) }),
        resources: Some(pod::resources(&dashboard.resources.requests, &dashboard.resources.limits))
            .filter(|_| !dashboard.resources.is_empty()),
        security_context: Some(pod::locked()),
        volume_mounts: Some(vec![
            VolumeMount { read_only: Some(true), ..pod::mount("config", "/app/config") },
            // Next.js writes pages that it has made.
            pod::mount("cache", "/app/.next/cache"),
            pod::mount("tmp", "/tmp"),
        ]),
        ..Container::default()
    }
}

/// The kubelet asks under the pod's address, which is none of the allowed hosts; this one always is (`src/middleware.js`).
fn probe(context: Context<'_>) -> Probe {
    let host = HTTPHeader { name: "Host".to_owned(), value: format!("localhost:{}", context.dashboard.port) };
    let get = HTTPGetAction {
        path: Some("/api/healthcheck".to_owned()),
        port: IntOrString::String("http".to_owned()),
        http_headers: Some(vec![host]),
        ..HTTPGetAction::default()
    };
    Probe { http_get: Some(get), ..Probe::default() }
}
