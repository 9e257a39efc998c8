//! The Applications that sync the tree of `render --format gitops`: the app of apps.

use std::collections::{BTreeMap, BTreeSet};

use super::project::{nothing, project_metadata};
use super::{FINALIZER, Resource, WAVE, metadata};
use crate::component::Output;
use crate::config::Cluster;
use crate::config::application::{
    ApplicationSpec, ClusterResource, Destination, Gitops, LOCAL_SERVER, Source, SyncOptions, SyncPolicyEntry, TREE_PROJECT,
};
use crate::diag::Result;
use crate::manifest::{Object, Part};
use crate::source::ConfigPath;

/// The component that findings and labels name.
const COMPONENT: &str = "gitops";
/// Leaves an object out of the health of its Application. The root Application is synced by `argocd`, which is one of those that it holds:
/// each would wait for the other to be healthy. Argo CD 3 knows the annotation, for 2.13 our health check of Applications reads it.
const IGNORE_HEALTH: &str = "argocd.argoproj.io/ignore-healthcheck";
/// The Application that holds all others.
const ROOT: &str = "root";

/// The root Application, one for each part of the tree that holds something, and their project; nothing without the section `gitops`.
///
/// # Errors
/// As [`Output::object`].
pub fn tree(cluster: &Cluster, parts: &BTreeSet<Part>) -> Result<Vec<Object>> {
    let Some(gitops) = &cluster.gitops else { return Ok(Vec::new()) };
    let mut output = Output::new(COMPONENT, Vec::new());
    let origin = ConfigPath::of(["gitops"]);
    output.object(
        origin.clone(),
        &Resource::new("AppProject", project_metadata(cluster, TREE_PROJECT), {
            let mut project = nothing();
            project.description = Some("syncs the tree of this cluster".to_owned());
            project.source_repos = Some(vec![gitops.repo_url.clone()]);
            project.destinations = Some(vec![anywhere_here()]);
            project.cluster_resource_whitelist = Some(vec![ClusterResource { group: "*".to_owned(), kind: "*".to_owned(), name: None }]);
            project
        }),
    )?;
    // These two hold the objects made here, if nothing else.
    let holds = |part: &Part| matches!(part, Part::Argocd | Part::BootstrapApps) || parts.contains(part);
    for part in Part::ALL.into_iter().filter(holds) {
        let name = if part == Part::BootstrapApps { ROOT } else { part.name() };
        let mut metadata = metadata(cluster, name);
        metadata.annotations = match part {
            Part::BootstrapApps => Some(BTreeMap::from([(IGNORE_HEALTH.to_owned(), "true".to_owned())])),
            _ => wave(part).map(|wave| BTreeMap::from([(WAVE.to_owned(), wave.to_string())])),
        };
        // The part goes with its last entry, and must not leave that behind. Namespaces and Argo CD itself are not taken away that way.
        let cascades = matches!(part, Part::Operators | Part::System | Part::Workloads);
        metadata.finalizers = cascades.then(|| vec![FINALIZER.to_owned()]);
        output.object(origin.clone(), &Resource::new("Application", metadata, spec(cluster, gitops, part)))?;
    }
    Ok(output.into_built().objects)
}

fn anywhere_here() -> Destination {
    Destination { server: Some(LOCAL_SERVER.to_owned()), name: None, namespace: Some("*".to_owned()) }
}

/// What each part needs comes before it. Argo CD itself stands beside the workloads, in the last wave: nothing may have to wait for it to
/// be healthy, and it need not wait for a workload that never is.
const fn wave(part: Part) -> Option<u8> {
    match part {
        Part::BootstrapApps | Part::Infrastructure => None,
        Part::Operators => Some(1),
        Part::System => Some(2),
        Part::Workloads | Part::Argocd => Some(3),
    }
}

fn spec(cluster: &Cluster, gitops: &Gitops, part: Part) -> ApplicationSpec {
    let folder = format!("infrastructure/overlays/{}/{}", gitops.environment(), part.name());
    let path = match gitops.path.as_deref().map(|path| path.trim_matches('/')).filter(|path| !matches!(*path, "" | ".")) {
        Some(path) => format!("{path}/{folder}"),
        None => folder,
    };
    let source = Source {
        repo_url: gitops.repo_url.clone(),
        path: Some(path),
        target_revision: Some(gitops.target_revision.clone()),
        tag_prefix: None,
        chart: None,
        reference: None,
        name: None,
        helm: None,
        kustomize: None,
        directory: None,
        plugin: None,
    };
    // Definitions of custom resources are too large for client-side apply.
    let sync_options = SyncOptions { server_side_apply: Some(true), ..SyncOptions::default() };
    let policy = SyncPolicyEntry { sync_options, ..SyncPolicyEntry::default() };
    ApplicationSpec {
        project: TREE_PROJECT.to_owned(),
        destination: Destination {
            server: Some(LOCAL_SERVER.to_owned()),
            name: None,
            namespace: Some(super::namespace(cluster).to_owned()),
        },
        source: Some(source),
        sources: None,
        source_hydrator: None,
        sync_policy: Some(policy.to_policy(false)),
        ignore_differences: None,
        info: None,
        revision_history_limit: None,
    }
}
