//! Upgrades of k3s: Rancher's system-upgrade-controller and its Plans.
//!
//! Facts: see [`crate::config::system_upgrade`].

mod access;
mod controller;
mod plans;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::{Component, NamespaceNeed, Output};
use crate::config::{Cluster, PodSecurity, SystemUpgrade};
use crate::data;
use crate::diag::Result;
use crate::source::ConfigPath;

/// The row in the table of components.
pub(super) const SYSTEM_UPGRADE: Component =
    Component { name: "system-upgrade", enabled: |cluster| cluster.system_upgrade.is_some(), namespaces: needed_namespaces, render };

/// The controller, and the ServiceAccount of it and of the jobs.
const CONTROLLER: &str = "system-upgrade-controller";
const ACCOUNT: &str = "system-upgrade";

/// What the parts work on.
#[derive(Clone, Copy)]
struct Context<'a> {
    cluster: &'a Cluster,
    upgrade: &'a SystemUpgrade,
}

impl Context<'_> {
    fn metadata(&self, name: &str) -> ObjectMeta {
        ObjectMeta { namespace: Some(self.upgrade.namespace.to_string()), ..cluster_wide(name) }
    }
}

fn cluster_wide(name: &str) -> ObjectMeta {
    ObjectMeta { name: Some(name.to_owned()), ..ObjectMeta::default() }
}

fn at<'a>(keys: impl IntoIterator<Item = &'a str>) -> ConfigPath {
    keys.into_iter().fold(ConfigPath::of(["systemUpgrade"]), |path, key| path.key(key))
}

/// Jobs have the node's whole file system, its processes and its network (`pkg/upgrade/job/job.go`).
fn needed_namespaces(cluster: &Cluster) -> Vec<NamespaceNeed> {
    let need = |upgrade: &SystemUpgrade| NamespaceNeed {
        name: upgrade.namespace.to_string(),
        pod_security: Some(PodSecurity::Privileged),
        origin: at(["namespace"]),
    };
    cluster.system_upgrade.iter().map(need).collect()
}

fn render(cluster: &Cluster, out: &mut Output) -> Result<()> {
    let Some(upgrade) = &cluster.system_upgrade else { return Ok(()) };
    let context = Context { cluster, upgrade };
    // The controller brings it as well, but Plans are applied before it runs.
    for crd in data::embedded_crds().iter().filter(|crd| crd.name == "plans.upgrade.cattle.io") {
        out.value(at([]), crd.object().clone())?;
    }
    access::render(context, out)?;
    controller::render(context, out)?;
    plans::render(context, out)
}
