//! Headscale: the coordination server of the mesh, in one pod.
//!
//! Headscale keeps its state in one process, so there is one replica, and it is stopped before the next one starts. Facts of the
//! pod (image, ports, paths) are read in headscale's `.goreleaser.yml`, `hscontrol/app.go` and `config-example.yaml`.

mod deployment;
mod derp_map;
mod network_policy;
mod secrets;
mod server_config;
mod server_sections;
mod services;
mod storage;
mod volumes;

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{ConfigMap, ServiceAccount};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::{Component, NamespaceNeed, Output, pod};
use crate::config::headscale::{Headscale, Policy, PolicyMode};
use crate::config::{Cluster, PodSecurity};
use crate::diag::{Error, Result};
use crate::source::ConfigPath;

/// The row in the table of components.
pub(super) const HEADSCALE: Component =
    Component { name: NAME, enabled: |cluster| cluster.headscale.is_some(), namespaces: needed_namespaces, render };

/// The name of the component, its objects and its container.
const NAME: &str = "headscale";

/// The files of the ConfigMap.
const CONFIG_FILE: &str = "config.yaml";
const POLICY_FILE: &str = "policy.json";
const DERP_FILE: &str = "derp.yaml";

/// What the parts work on.
#[derive(Clone, Copy)]
struct Context<'a> {
    cluster: &'a Cluster,
    headscale: &'a Headscale,
}

impl Context<'_> {
    fn metadata(&self, name: impl Into<String>) -> ObjectMeta {
        ObjectMeta { name: Some(name.into()), namespace: Some(self.headscale.namespace.to_string()), ..ObjectMeta::default() }
    }

    /// What picks the pod. It never changes for a cluster: a Deployment's selector cannot.
    fn selector(&self) -> BTreeMap<String, String> {
        pod::selector(self.cluster, NAME)
    }
}

fn at<'a>(keys: impl IntoIterator<Item = &'a str>) -> ConfigPath {
    keys.into_iter().fold(ConfigPath::of([NAME]), |path, key| path.key(key))
}

fn needed_namespaces(cluster: &Cluster) -> Vec<NamespaceNeed> {
    let need = |headscale: &Headscale| NamespaceNeed {
        name: headscale.namespace.to_string(),
        pod_security: Some(PodSecurity::Restricted),
        origin: at(["namespace"]),
    };
    cluster.headscale.iter().map(need).collect()
}

fn render(cluster: &Cluster, out: &mut Output) -> Result<()> {
    let Some(headscale) = &cluster.headscale else { return Ok(()) };
    let context = Context { cluster, headscale };
    let files = files(context)?;
    out.object(at([]), &service_account(context))?;
    let pod = deployment::deployment(context, &files);
    out.object(at([]), &ConfigMap { metadata: context.metadata("headscale-config"), data: Some(files), ..ConfigMap::default() })?;
    storage::render(context, out)?;
    out.object(at([]), &pod)?;
    services::render(context, out)?;
    network_policy::render(context, out)?;
    secrets::declare(headscale, out);
    Ok(())
}

/// The pod calls no Kubernetes API.
fn service_account(context: Context<'_>) -> ServiceAccount {
    ServiceAccount { metadata: context.metadata(NAME), automount_service_account_token: Some(false), ..ServiceAccount::default() }
}

/// The ConfigMap's content, by file name.
fn files(context: Context<'_>) -> Result<BTreeMap<String, String>> {
    let headscale = context.headscale;
    let mut files = BTreeMap::new();
    files.insert(CONFIG_FILE.to_owned(), server_config::to_yaml(context)?);
    if let Some(policy) = policy_file(&headscale.policy)? {
        files.insert(POLICY_FILE.to_owned(), policy);
    }
    if let Some(map) = &headscale.derp.map {
        files.insert(DERP_FILE.to_owned(), derp_map::to_yaml(map)?);
    }
    Ok(files)
}

/// The policy as JSON, which is HuJSON without comments; none where there are no rules, because Headscale then allows everything.
fn policy_file(policy: &Policy) -> Result<Option<String>> {
    if policy.mode == PolicyMode::Database || policy.is_empty() {
        return Ok(None);
    }
    let broken = |cause: serde_json::Error| Error::internal("the policy does not serialize").caused_by(cause);
    let mut value = serde_json::to_value(policy).map_err(broken)?;
    if let Some(map) = value.as_object_mut() {
        // The mode is ours; Headscale refuses a policy with a key that it does not know.
        map.shift_remove("mode");
    }
    let mut text = serde_json::to_string_pretty(&value).map_err(broken)?;
    text.push('\n');
    Ok(Some(text))
}
