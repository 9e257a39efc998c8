//! Argo CD's Applications, ApplicationSets and AppProjects.

mod project;
mod short;
mod tree;

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::Serialize;

use super::{Component, NamespaceNeed, Output};
use crate::config::application::{Application, ApplicationSpec, waves};
use crate::config::{Cluster, DnsLabel};
use crate::diag::Result;
use crate::source::ConfigPath;

pub(super) use project::of_operators;
pub use tree::tree;

/// The row in the table of components.
pub(super) const APPLICATION: Component = Component {
    name: "application",
    enabled: |cluster| !cluster.applications.is_empty() || !cluster.projects.is_empty(),
    namespaces: needed_namespaces,
    render,
};

/// The API version of Argo CD's custom resources.
const API_VERSION: &str = "argoproj.io/v1alpha1";
/// In which order Argo CD syncs what one Application holds.
const WAVE: &str = "argocd.argoproj.io/sync-wave";
/// Lets Argo CD delete an Application's objects before the Application itself goes.
const FINALIZER: &str = "resources-finalizer.argocd.argoproj.io";

/// A custom resource of Argo CD.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Resource<S> {
    api_version: &'static str,
    kind: &'static str,
    metadata: ObjectMeta,
    spec: S,
}

impl<S> Resource<S> {
    const fn new(kind: &'static str, metadata: ObjectMeta, spec: S) -> Self {
        Self { api_version: API_VERSION, kind, metadata, spec }
    }
}

/// Argo CD's namespace, in which its custom resources live. Where something else installs it, upstream's.
fn namespace(cluster: &Cluster) -> &str {
    cluster.argocd.as_ref().map_or("argocd", |argocd| argocd.namespace.as_str())
}

fn metadata(cluster: &Cluster, name: &str) -> ObjectMeta {
    ObjectMeta { name: Some(name.to_owned()), namespace: Some(namespace(cluster).to_owned()), ..ObjectMeta::default() }
}

fn at(number: usize) -> ConfigPath {
    ConfigPath::of(["applications"]).index(number)
}

fn needed_namespaces(cluster: &Cluster) -> Vec<NamespaceNeed> {
    let entries = cluster.applications.iter().enumerate();
    let need = |(number, entry): (usize, &Application)| {
        let namespace: &DnsLabel = entry.own_namespace()?;
        Some(NamespaceNeed { name: namespace.to_string(), pod_security: entry.pod_security_standard, origin: at(number).key("namespace") })
    };
    entries.filter_map(need).collect()
}

fn render(cluster: &Cluster, output: &mut Output) -> Result<()> {
    project::render(cluster, output)?;
    for ((number, entry), wave) in cluster.applications.iter().enumerate().zip(waves(&cluster.applications)) {
        application(cluster, entry, wave, at(number), output)?;
    }
    Ok(())
}

/// Adds the Application or ApplicationSet of one entry.
pub(super) fn application(cluster: &Cluster, entry: &Application, wave: u32, origin: ConfigPath, output: &mut Output) -> Result<()> {
    let mut metadata = metadata(cluster, entry.name.as_str());
    let texts = |map: BTreeMap<String, String>| (!map.is_empty()).then_some(map);
    metadata.labels = texts(entry.labels.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect());
    let mut annotations = entry.annotations.clone();
    // Without one it is in wave 0.
    if wave > 0 {
        annotations.insert(WAVE.to_owned(), wave.to_string());
    }
    metadata.annotations = texts(annotations);
    if let Some(set) = &entry.application_set {
        return output.object(origin, &Resource::new("ApplicationSet", metadata, set));
    }
    if let Some(selector) = &entry.clusters {
        let set = short::fleet(entry, selector);
        return output.object(origin, &Resource::new("ApplicationSet", metadata, set));
    }
    metadata.finalizers = entry.cascade.then(|| vec![FINALIZER.to_owned()]);
    let short;
    let spec: &ApplicationSpec = if let Some(spec) = &entry.spec {
        spec
    } else {
        short = short::spec(entry);
        &short
    };
    output.object(origin, &Resource::new("Application", metadata, spec))
}
