//! What the pods share.

use std::cell::LazyCell;
use std::collections::BTreeMap;

use k8s_openapi::api::apps::v1::{Deployment, DeploymentSpec};
use k8s_openapi::api::core::v1::{
    Affinity, Capabilities, ConfigMapKeySelector, ConfigMapVolumeSource, Container, ContainerPort, EmptyDirVolumeSource, EnvVar,
    EnvVarSource, HTTPGetAction, KeyToPath, PodAffinityTerm, PodAntiAffinity, PodSpec, PodTemplateSpec, Probe, ResourceRequirements,
    SeccompProfile, SecretKeySelector, SecretVolumeSource, SecurityContext, Toleration, Volume, VolumeMount, WeightedPodAffinityTerm,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::part::Part;
use super::{Context, parameters, settings};
use crate::component::checksum::checksum;
use crate::config::argocd::{Program, PullPolicy, Resources};
use crate::config::{self, TaintEffect};

/// The ConfigMap that parameters of programs stand in.
pub(super) const PARAMETERS: &str = "argocd-cmd-params-cm";
/// The ConfigMap that settings stand in.
pub(super) const CONFIG: &str = "argocd-cm";
/// The Secret that Redis' password is in; an init container makes it up.
const REDIS_SECRET: &str = "argocd-redis";

const HOST: &str = "kubernetes.io/hostname";
const ZONE: &str = "topology.kubernetes.io/zone";

/// One Deployment of a part.
pub(super) fn deployment(context: Context<'_>, part: Part, replicas: Option<u16>, pod: PodSpec) -> Deployment {
    let spec = DeploymentSpec {
        replicas: replicas.map(Into::into),
        selector: part.selector(),
        template: template(context, part, pod),
        ..DeploymentSpec::default()
    };
    Deployment { metadata: context.metadata(part.name(), part.labels()), spec: Some(spec), status: None }
}

pub(super) fn template(context: Context<'_>, part: Part, pod: PodSpec) -> PodTemplateSpec {
    let settings = settings_of(context, &pod);
    // A program reads its variables once, so that others need new pods.
    let annotations = (!settings.is_empty()).then(|| [("checksum/settings".to_owned(), checksum(&settings))].into());
    let metadata = ObjectMeta { labels: Some(part.pod_labels()), annotations, ..ObjectMeta::default() };
    PodTemplateSpec { metadata: Some(metadata), spec: Some(pod) }
}

/// What the variables of a pod are in this install; of those that nobody set, nothing.
fn settings_of(context: Context<'_>, pod: &PodSpec) -> BTreeMap<String, String> {
    // A value that cannot be written ends the render where its ConfigMap is made.
    let parameters = LazyCell::new(|| parameters::parameters(context).unwrap_or_default());
    let config = LazyCell::new(|| settings::config(context).unwrap_or_default());
    let variables = pod.containers.iter().flat_map(|container| container.env.iter().flatten());
    let keys = variables.filter_map(|variable| variable.value_from.as_ref()?.config_map_key_ref.as_ref());
    let value = |key: &ConfigMapKeySelector| if key.name == CONFIG { config.get(&key.key) } else { parameters.get(&key.key) };
    // High availability sets this one, with pods that are other ones anyway.
    let is_ours = |key: &str| key == "redis.server" && !context.argocd.parameters.contains_key(key);
    keys.filter(|key| !is_ours(&key.key)).filter_map(|key| Some((key.key.clone(), value(key)?.clone()))).collect()
}

/// The pod of a part: its account, where it runs, its containers.
pub(super) fn pod(context: Context<'_>, part: Part, container: Container, init: Vec<Container>, volumes: Vec<Volume>) -> PodSpec {
    let mut node_selector: BTreeMap<String, String> =
        context.argocd.node_selector.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
    if context.is_new() && !matches!(part, Part::RedisHa | Part::HaProxy) {
        node_selector.entry("kubernetes.io/os".to_owned()).or_insert_with(|| "linux".to_owned());
    }
    PodSpec {
        service_account_name: Some(part.name().to_owned()),
        node_selector: Some(node_selector).filter(|labels| !labels.is_empty()),
        tolerations: tolerations(context),
        containers: vec![container],
        init_containers: Some(init).filter(|init| !init.is_empty()),
        volumes: Some(volumes).filter(|volumes| !volumes.is_empty()),
        ..PodSpec::default()
    }
}

fn tolerations(context: Context<'_>) -> Option<Vec<Toleration>> {
    let of = |toleration: &config::headscale::Toleration| Toleration {
        key: Some(toleration.key.to_string()),
        operator: Some(if toleration.value.is_some() { "Equal" } else { "Exists" }.to_owned()),
        value: toleration.value.as_ref().map(ToString::to_string),
        effect: toleration.effect.map(TaintEffect::as_str).map(ToOwned::to_owned),
        toleration_seconds: None,
    };
    Some(context.argocd.tolerations.iter().map(of).collect::<Vec<_>>()).filter(|tolerations| !tolerations.is_empty())
}

/// A container of a part, with the settings that all have. `always` is upstream's own pull policy.
pub(super) fn container(context: Context<'_>, name: &str, image: &config::Image, always: Option<PullPolicy>) -> Container {
    let policy = context.argocd.image_pull_policy.or(always);
    Container {
        name: name.to_owned(),
        image: Some(image.to_string()),
        image_pull_policy: policy.map(|policy| policy.as_str().to_owned()),
        security_context: Some(locked_down()),
        ..Container::default()
    }
}

/// What the level `restricted` asks for.
pub(super) fn locked_down() -> SecurityContext {
    SecurityContext {
        allow_privilege_escalation: Some(false),
        capabilities: Some(Capabilities { drop: Some(vec!["ALL".to_owned()]), add: None }),
        read_only_root_filesystem: Some(true),
        run_as_non_root: Some(true),
        seccomp_profile: Some(runtime_default()),
        ..SecurityContext::default()
    }
}

pub(super) fn runtime_default() -> SeccompProfile {
    SeccompProfile { type_: "RuntimeDefault".to_owned(), localhost_profile: None }
}

/// What keeps two pods off one node: strictly with high availability, otherwise as a wish.
pub(super) fn apart(context: Context<'_>, part: Part) -> Affinity {
    let own = |topology: &str| term(part.selector(), topology);
    let anti = if context.argocd.ha && matches!(part, Part::Server | Part::RepoServer) {
        PodAntiAffinity {
            required_during_scheduling_ignored_during_execution: Some(vec![own(HOST)]),
            preferred_during_scheduling_ignored_during_execution: Some(vec![weighted(100, own(ZONE))]),
        }
    } else {
        wished(vec![weighted(100, own(HOST)), away_from_others()])
    };
    Affinity { pod_anti_affinity: Some(anti), ..Affinity::default() }
}

/// A wish to run where no other part of Argo CD runs.
pub(super) fn away_from_others() -> WeightedPodAffinityTerm {
    let label = ("app.kubernetes.io/part-of".to_owned(), super::NAME.to_owned());
    weighted(5, term(LabelSelector { match_labels: Some([label].into()), match_expressions: None }, HOST))
}

pub(super) fn wished(terms: Vec<WeightedPodAffinityTerm>) -> PodAntiAffinity {
    PodAntiAffinity { preferred_during_scheduling_ignored_during_execution: Some(terms), ..PodAntiAffinity::default() }
}

/// No two pods of a part on one node.
pub(super) fn strictly_apart(part: Part) -> Affinity {
    let anti = PodAntiAffinity {
        required_during_scheduling_ignored_during_execution: Some(vec![term(part.selector(), HOST)]),
        ..PodAntiAffinity::default()
    };
    Affinity { pod_anti_affinity: Some(anti), ..Affinity::default() }
}

fn weighted(weight: i32, pod_affinity_term: PodAffinityTerm) -> WeightedPodAffinityTerm {
    WeightedPodAffinityTerm { weight, pod_affinity_term }
}

fn term(selector: LabelSelector, topology: &str) -> PodAffinityTerm {
    PodAffinityTerm { label_selector: Some(selector), topology_key: topology.to_owned(), ..PodAffinityTerm::default() }
}

/// The variables of a program: its parameters, each from its key where that is set.
pub(super) fn environment(context: Context<'_>, program: Program, more: Vec<EnvVar>) -> Vec<EnvVar> {
    let minor = context.argocd.minor();
    let parameters = program.parameters().iter().filter(|parameter| parameter.is_in(minor)).map(|parameter| EnvVar {
        name: parameter.variable.to_owned(),
        value: None,
        value_from: Some(EnvVarSource {
            config_map_key_ref: Some(ConfigMapKeySelector {
                name: if parameter.in_config { CONFIG } else { PARAMETERS }.to_owned(),
                key: parameter.key.to_owned(),
                optional: Some(true),
            }),
            ..EnvVarSource::default()
        }),
    });
    more.into_iter().chain(parameters).collect()
}

/// Redis' password under a name.
pub(super) fn redis_password(name: &str) -> EnvVar {
    let from = SecretKeySelector { name: REDIS_SECRET.to_owned(), key: "auth".to_owned(), optional: None };
    EnvVar { name: name.to_owned(), value: None, value_from: Some(EnvVarSource { secret_key_ref: Some(from), ..EnvVarSource::default() }) }
}

pub(super) fn variable(name: &str, value: &str) -> EnvVar {
    EnvVar { name: name.to_owned(), value: Some(value.to_owned()), value_from: None }
}

pub(super) fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(ToString::to_string).collect()
}

pub(super) fn ports(numbers: &[i32]) -> Vec<ContainerPort> {
    numbers.iter().map(|number| ContainerPort { container_port: *number, ..ContainerPort::default() }).collect()
}

pub(super) fn named_port(name: &str, number: i32) -> ContainerPort {
    ContainerPort { name: Some(name.to_owned()), container_port: number, ..ContainerPort::default() }
}

pub(super) fn http(path: &str, port: i32, delay: i32, period: i32) -> Probe {
    let get = HTTPGetAction { path: Some(path.to_owned()), port: IntOrString::Int(port), ..HTTPGetAction::default() };
    Probe { http_get: Some(get), initial_delay_seconds: Some(delay), period_seconds: Some(period), ..Probe::default() }
}

pub(super) fn resources(resources: &Resources) -> Option<ResourceRequirements> {
    let of = |amounts: &BTreeMap<String, config::Quantity>| {
        let amounts: BTreeMap<_, _> = amounts.iter().map(|(name, amount)| (name.clone(), Quantity(amount.to_string()))).collect();
        Some(amounts).filter(|amounts| !amounts.is_empty())
    };
    (!resources.is_empty()).then(|| ResourceRequirements { requests: of(&resources.requests), limits: of(&resources.limits), claims: None })
}

pub(super) fn mount(name: &str, path: &str) -> VolumeMount {
    VolumeMount { name: name.to_owned(), mount_path: path.to_owned(), ..VolumeMount::default() }
}

pub(super) fn scratch(name: &str) -> Volume {
    Volume { name: name.to_owned(), empty_dir: Some(EmptyDirVolumeSource::default()), ..Volume::default() }
}

/// A volume of a whole ConfigMap.
pub(super) fn config_map(name: &str, map: &str) -> Volume {
    let source = ConfigMapVolumeSource { name: map.to_owned(), ..ConfigMapVolumeSource::default() };
    Volume { name: name.to_owned(), config_map: Some(source), ..Volume::default() }
}

/// A volume of a Secret that need not be there, named like it.
pub(super) fn optional_secret(name: &str, keys: &[&str]) -> Volume {
    let items = keys.iter().map(|key| KeyToPath { key: (*key).to_owned(), path: (*key).to_owned(), mode: None }).collect();
    let secret = SecretVolumeSource { secret_name: Some(name.to_owned()), items: Some(items), optional: Some(true), default_mode: None };
    Volume { name: name.to_owned(), secret: Some(secret), ..Volume::default() }
}

/// The switch of a program's profiler: a file, so that it can be turned at run time.
pub(super) fn profiler(key: &str) -> Volume {
    let items = vec![KeyToPath { key: key.to_owned(), path: "profiler.enabled".to_owned(), mode: None }];
    let source = ConfigMapVolumeSource { name: PARAMETERS.to_owned(), items: Some(items), optional: Some(true), default_mode: None };
    Volume { name: PARAMETERS.to_owned(), config_map: Some(source), ..Volume::default() }
}

/// The repo server's certificate.
pub(super) fn repo_server_tls() -> Volume {
    optional_secret("argocd-repo-server-tls", &["tls.crt", "tls.key", "ca.crt"])
}

/// What a client of the repo server proves itself with. Argo CD 3.5.
pub(super) fn repo_server_mtls(context: Context<'_>) -> Option<Volume> {
    context.is_new().then(|| optional_secret("argocd-repo-server-mtls", &["client.crt", "client.key", "server-ca.crt"]))
}

/// A mount that only the newer version has.
pub(super) fn new_mount(context: Context<'_>, name: &str, path: &str) -> Option<VolumeMount> {
    context.is_new().then(|| mount(name, path))
}
