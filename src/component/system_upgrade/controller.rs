//! The controller's pod.

use k8s_openapi::api::apps::v1::{Deployment, DeploymentSpec, DeploymentStrategy};
use k8s_openapi::api::core::v1::{
    Affinity, Container, EnvVar, EnvVarSource, HostPathVolumeSource, NodeAffinity, NodeSelector, NodeSelectorRequirement, NodeSelectorTerm,
    ObjectFieldSelector, PodSpec, PodTemplateSpec, Toleration, Volume, VolumeMount,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};

use super::{ACCOUNT, CONTROLLER, Context, Output, at};
use crate::component::pod;
use crate::config::system_upgrade::Target;
use crate::diag::Result;

/// `nobody` of the image.
const USER: i64 = 65534;
/// Jobs do not drain pods with this label, the controller's own.
const LABEL: &str = "upgrade.cattle.io/controller";
/// Where distributions keep the certificates of authorities; the image has none.
const AUTHORITIES: [(&str, &str); 3] = [("etc-ssl", "/etc/ssl"), ("etc-pki", "/etc/pki"), ("etc-ca-certificates", "/etc/ca-certificates")];

pub(super) fn render(context: Context<'_>, out: &mut Output) -> Result<()> {
    out.object(at([]), &deployment(context))
}

fn deployment(context: Context<'_>) -> Deployment {
    let selector = pod::selector(context.cluster, CONTROLLER);
    let mut labels = selector.clone();
    labels.insert(LABEL.to_owned(), CONTROLLER.to_owned());
    let spec = DeploymentSpec {
        replicas: Some(1),
        // Its lease has one holder.
        strategy: Some(DeploymentStrategy { type_: Some("Recreate".to_owned()), rolling_update: None }),
        revision_history_limit: Some(3),
        selector: LabelSelector { match_labels: Some(selector), match_expressions: None },
        template: PodTemplateSpec {
            metadata: Some(ObjectMeta { labels: Some(labels), ..ObjectMeta::default() }),
            spec: Some(pod_spec(context)),
        },
        ..DeploymentSpec::default()
    };
    Deployment { metadata: context.metadata(CONTROLLER), spec: Some(spec), status: None }
}

fn pod_spec(context: Context<'_>) -> PodSpec {
    let asks_a_channel = matches!(context.upgrade.target(context.cluster), Target::Channel(_));
    let authorities = || AUTHORITIES.iter().filter(|_| asks_a_channel);
    let folder = |(name, path): &(&str, &str)| Volume {
        name: (*name).to_owned(),
        host_path: Some(HostPathVolumeSource { path: (*path).to_owned(), type_: Some("DirectoryOrCreate".to_owned()) }),
        ..Volume::default()
    };
    let mounted = |(name, path): &(&str, &str)| VolumeMount { read_only: Some(true), ..pod::mount(name, path) };
    PodSpec {
        service_account_name: Some(ACCOUNT.to_owned()),
        automount_service_account_token: Some(true),
        enable_service_links: Some(false),
        security_context: Some(pod::restricted(USER, USER)),
        affinity: Some(on_servers()),
        tolerations: Some(tolerations()),
        containers: vec![Container {
            volume_mounts: Some(authorities().map(mounted).chain([pod::mount("tmp", "/tmp")]).collect()),
            ..container(context)
        }],
        volumes: Some(authorities().map(folder).chain([pod::scratch("tmp")]).collect()),
        ..PodSpec::default()
    }
}

/// Agents are drained.
fn on_servers() -> Affinity {
    let is_server =
        NodeSelectorRequirement { key: "node-role.kubernetes.io/control-plane".to_owned(), operator: "Exists".to_owned(), values: None };
    let terms = vec![NodeSelectorTerm { match_expressions: Some(vec![is_server]), match_fields: None }];
    let node = NodeAffinity {
        required_during_scheduling_ignored_during_execution: Some(NodeSelector { node_selector_terms: terms }),
        ..NodeAffinity::default()
    };
    Affinity { node_affinity: Some(node), ..Affinity::default() }
}

/// Taints that servers have.
fn tolerations() -> Vec<Toleration> {
    let etcd =
        Toleration { key: Some("node-role.kubernetes.io/etcd".to_owned()), operator: Some("Exists".to_owned()), ..Toleration::default() };
    pod::server_tolerations().into_iter().chain([etcd]).collect()
}

fn container(context: Context<'_>) -> Container {
    let set = |name: &str, value: &str| EnvVar { name: name.to_owned(), value: Some(value.to_owned()), value_from: None };
    let field = |name: &str, path: &str| EnvVar {
        name: name.to_owned(),
        value: None,
        value_from: Some(EnvVarSource {
            field_ref: Some(ObjectFieldSelector { field_path: path.to_owned(), api_version: None }),
            ..EnvVarSource::default()
        }),
    };
    Container {
        name: CONTROLLER.to_owned(),
        image: Some(context.upgrade.image().to_string()),
        env: Some(vec![
            set("SYSTEM_UPGRADE_CONTROLLER_NAME", CONTROLLER),
            field("SYSTEM_UPGRADE_CONTROLLER_NAMESPACE", "metadata.namespace"),
            field("SYSTEM_UPGRADE_CONTROLLER_NODE_NAME", "spec.nodeName"),
            set("SYSTEM_UPGRADE_CONTROLLER_LEADER_ELECT", "true"),
            set("SYSTEM_UPGRADE_CONTROLLER_THREADS", "2"),
            // A drained node may take long to come back; upstream's own manifest has these figures.
            set("SYSTEM_UPGRADE_JOB_ACTIVE_DEADLINE_SECONDS", "900"),
            set("SYSTEM_UPGRADE_JOB_BACKOFF_LIMIT", "99"),
            set("SYSTEM_UPGRADE_JOB_IMAGE_PULL_POLICY", "IfNotPresent"),
            set("SYSTEM_UPGRADE_JOB_KUBECTL_IMAGE", &context.upgrade.kubectl_image.to_string()),
            set("SYSTEM_UPGRADE_JOB_PRIVILEGED", "true"),
            set("SYSTEM_UPGRADE_JOB_TTL_SECONDS_AFTER_FINISH", "900"),
            set("SYSTEM_UPGRADE_PLAN_POLLING_INTERVAL", "15m"),
        ]),
        resources: Some(pod::small()),
        security_context: Some(pod::locked()),
        ..Container::default()
    }
}
