//! The cache with high availability: its files, and the proxy that leads to the Redis that is the master.

use std::collections::BTreeMap;

use k8s_openapi::api::apps::v1::{Deployment, DeploymentStrategy};
use k8s_openapi::api::core::v1::{Container, EnvVar, PodSecurityContext, PodSpec, Probe, SecurityContext, VolumeMount};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::part::Part;
use super::pod::{config_map, container, http, locked_down, mount, named_port, redis_password, scratch, strictly_apart, variable, words};
use super::{Context, pod, redis};
use crate::component::checksum::checksum;
use crate::config::argocd::PullPolicy;
use crate::data;
use crate::diag::{Error, Result};

/// The ConfigMaps of the files.
pub(super) const CONFIG: &str = "argocd-redis-ha-configmap";
pub(super) const HEALTH: &str = "argocd-redis-ha-health-configmap";

/// How many Redis there are. Their scripts and the proxy's config name three.
pub(super) const COUNT: i32 = 3;

/// The files of a ConfigMap. They are upstream's data, and name its namespace in one place.
pub(super) fn files(context: Context<'_>, name: &str) -> Result<BTreeMap<String, String>> {
    let minor = context.argocd.minor().as_str();
    let files = data::argocd_files(minor, name).ok_or_else(|| Error::internal(format!("the files of `{name}` of {minor} are missing")))?;
    let namespace = format!("NAMESPACE=\"{}\"", context.argocd.namespace);
    Ok(files.into_iter().map(|(name, text)| (name, text.replace("NAMESPACE=\"argocd\"", &namespace))).collect())
}

/// The locked-down container of the chart: that it is not root is said by the pod.
pub(super) fn security() -> SecurityContext {
    SecurityContext { run_as_non_root: None, ..locked_down() }
}

pub(super) fn read_only(name: &str, path: &str) -> VolumeMount {
    VolumeMount { read_only: Some(true), ..mount(name, path) }
}

/// The ids of the Sentinels: fixed, so that one that comes back is known.
pub(super) fn sentinel_ids() -> Vec<EnvVar> {
    [
        ("SENTINEL_ID_0", "3c0d9c0320bb34888c2df5757c718ce6ca992ce6"),
        ("SENTINEL_ID_1", "40000915ab58c3fa8fd888fb8b24711944e6cbb4"),
        ("SENTINEL_ID_2", "2bbec7894d954a8af3bb54d13eaec53cb024e2ca"),
    ]
    .map(|(name, value)| variable(name, value))
    .into_iter()
    .chain([redis_password("AUTH")])
    .collect()
}

/// The proxy.
pub(super) fn proxy(context: Context<'_>) -> Result<Deployment> {
    let part = Part::HaProxy;
    let image = || context.argocd.images.haproxy();
    let alive = health();
    let main = Container {
        env: Some(vec![redis_password("AUTH")]),
        ports: Some(vec![named_port("probe", 8888), named_port("redis", 6379), named_port("metrics-port", 9101)]),
        liveness_probe: Some(alive.clone()),
        readiness_probe: Some(alive),
        security_context: Some(security()),
        volume_mounts: Some(vec![mount("data", "/usr/local/etc/haproxy"), mount("shared-socket", "/run/haproxy")]),
        ..container(context, "haproxy", &image(), Some(PullPolicy::IfNotPresent))
    };
    let init = Container {
        command: Some(words(&["sh"])),
        args: Some(words(&["/readonly/haproxy_init.sh"])),
        security_context: Some(security()),
        volume_mounts: Some(vec![read_only("config-volume", "/readonly"), mount("data", "/data")]),
        ..container(context, "config-init", &image(), Some(PullPolicy::IfNotPresent))
    };
    let volumes = vec![config_map("config-volume", CONFIG), scratch("shared-socket"), scratch("data")];
    let user =
        PodSecurityContext { fs_group: Some(99), run_as_non_root: Some(true), run_as_user: Some(99), ..PodSecurityContext::default() };
    let pod = PodSpec {
        affinity: Some(strictly_apart(part)),
        automount_service_account_token: Some(true),
        security_context: Some(user),
        ..pod::pod(context, part, main, vec![redis::password(context), init], volumes)
    };
    let annotations = [
        ("checksum/config".to_owned(), checksum(&files(context, CONFIG)?)),
        ("prometheus.io/path".to_owned(), "/metrics".to_owned()),
        ("prometheus.io/port".to_owned(), "9101".to_owned()),
        ("prometheus.io/scrape".to_owned(), "true".to_owned()),
    ];
    let mut deployment = pod::deployment(context, part, u16::try_from(COUNT).ok(), pod);
    if let Some(spec) = &mut deployment.spec {
        spec.revision_history_limit = Some(1);
        spec.strategy = Some(DeploymentStrategy { type_: Some("RollingUpdate".to_owned()), rolling_update: None });
        let metadata = spec.template.metadata.get_or_insert_with(ObjectMeta::default);
        metadata.name = Some(part.name().to_owned());
        metadata.annotations = Some(annotations.into());
    }
    Ok(deployment)
}

fn health() -> Probe {
    let mut probe = http("/healthz", 0, 5, 3);
    if let Some(get) = &mut probe.http_get {
        get.port = IntOrString::String("probe".to_owned());
    }
    probe
}
