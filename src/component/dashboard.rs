//! The cluster's page (Homepage), and the view of its objects (Headlamp).
//!
//! Both may read what they show and nothing else; neither changes anything. Facts: see [`crate::config::dashboard`].

mod access;
mod files;
mod headlamp;
mod pages;
mod registry;
mod traffic;

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::ConfigMap;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::{Component, NamespaceNeed, Output, pod};
use crate::config::{Cluster, Dashboard, PodSecurity};
use crate::diag::Result;
use crate::source::ConfigPath;

/// The row in the table of components.
pub(super) const DASHBOARD: Component =
    Component { name: NAME, enabled: |cluster| cluster.dashboard.is_some(), namespaces: needed_namespaces, render };

/// The name of the component.
const NAME: &str = "dashboard";

/// What the parts work on.
#[derive(Clone, Copy)]
struct Context<'a> {
    cluster: &'a Cluster,
    dashboard: &'a Dashboard,
}

impl Context<'_> {
    fn name(&self) -> &str {
        self.dashboard.name.as_str()
    }

    fn metadata(&self, name: impl Into<String>) -> ObjectMeta {
        ObjectMeta { name: Some(name.into()), namespace: Some(self.dashboard.namespace.to_string()), ..ObjectMeta::default() }
    }

    /// What picks the pods of a program.
    fn selector(&self, program: &str) -> BTreeMap<String, String> {
        pod::selector(self.cluster, program)
    }

    /// Whether the page asks the API server anything.
    fn reads_the_cluster(&self) -> bool {
        self.dashboard.service_discovery.enabled || self.dashboard.customizations.metrics.enabled
    }
}

fn at<'a>(keys: impl IntoIterator<Item = &'a str>) -> ConfigPath {
    keys.into_iter().fold(ConfigPath::of([NAME]), |path, key| path.key(key))
}

fn needed_namespaces(cluster: &Cluster) -> Vec<NamespaceNeed> {
    let need = |dashboard: &Dashboard| NamespaceNeed {
        name: dashboard.namespace.to_string(),
        pod_security: Some(PodSecurity::Restricted),
        origin: at(["namespace"]),
    };
    cluster.dashboard.iter().map(need).collect()
}

fn render(cluster: &Cluster, out: &mut Output) -> Result<()> {
    let Some(dashboard) = &cluster.dashboard else { return Ok(()) };
    let context = Context { cluster, dashboard };
    let files = files::files(context)?;
    access::render(context, out)?;
    out.object(at([]), &pages::deployment(context, &files))?;
    out.object(at([]), &ConfigMap { metadata: context.metadata(context.name()), data: Some(files), ..ConfigMap::default() })?;
    out.object(at(["service"]), &pages::service(context, context.name(), "homepage", dashboard.port, &dashboard.service))?;
    if let Some(headlamp) = &dashboard.headlamp {
        headlamp::render(context, headlamp, out)?;
    }
    traffic::render(context, out)
}
