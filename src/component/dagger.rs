//! Dagger: an engine that runs builds, behind a Service.
//!
//! An engine locks its cache, so each replica has a volume of its own. Facts of the pod (image, flags, probes, paths) are read in
//! `helm/dagger` and `cmd/engine/main.go` of dagger v0.21.8.

mod certificates;
mod engine_file;
mod network_policy;
mod runner_host;
mod services;
mod volumes;
mod workload;

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{ConfigMap, ServiceAccount};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::{Component, NamespaceNeed, Output, pod};
use crate::config::{Cluster, Dagger, PodSecurity};
use crate::diag::Result;
use crate::source::ConfigPath;

pub use runner_host::{RunnerHost, runner_hosts};

/// The row in the table of components.
pub(super) const DAGGER: Component =
    Component { name: NAME, enabled: |cluster| cluster.dagger.is_some(), namespaces: needed_namespaces, render };

/// The name of the component.
const NAME: &str = "dagger";

/// What the parts work on.
#[derive(Clone, Copy)]
struct Context<'a> {
    cluster: &'a Cluster,
    dagger: &'a Dagger,
}

impl Context<'_> {
    /// What the Service is called, and all else after it.
    fn name(&self) -> &str {
        self.dagger.service.name.as_str()
    }

    fn metadata(&self, name: impl Into<String>) -> ObjectMeta {
        ObjectMeta { name: Some(name.into()), namespace: Some(self.dagger.namespace.to_string()), ..ObjectMeta::default() }
    }

    /// What picks the pods. It never changes for a cluster: a workload's selector cannot.
    fn selector(&self) -> BTreeMap<String, String> {
        pod::selector(self.cluster, NAME)
    }
}

fn at<'a>(keys: impl IntoIterator<Item = &'a str>) -> ConfigPath {
    keys.into_iter().fold(ConfigPath::of([NAME]), |path, key| path.key(key))
}

/// The engine makes containers itself: its own is privileged.
fn needed_namespaces(cluster: &Cluster) -> Vec<NamespaceNeed> {
    let need = |dagger: &Dagger| NamespaceNeed {
        name: dagger.namespace.to_string(),
        pod_security: Some(PodSecurity::Privileged),
        origin: at(["namespace"]),
    };
    cluster.dagger.iter().map(need).collect()
}

fn render(cluster: &Cluster, out: &mut Output) -> Result<()> {
    let Some(dagger) = &cluster.dagger else { return Ok(()) };
    let context = Context { cluster, dagger };
    let files: BTreeMap<String, String> = [(engine_file::NAME.to_owned(), engine_file::text(dagger)?)].into();
    out.object(at([]), &service_account(context))?;
    workload::render(context, &files, out)?;
    out.object(at(["engine"]), &ConfigMap { metadata: context.metadata(context.name()), data: Some(files), ..ConfigMap::default() })?;
    services::render(context, out)?;
    certificates::render(context, out)?;
    network_policy::render(context, out)
}

/// The pods call no Kubernetes API.
fn service_account(context: Context<'_>) -> ServiceAccount {
    ServiceAccount { metadata: context.metadata(context.name()), automount_service_account_token: Some(false), ..ServiceAccount::default() }
}
