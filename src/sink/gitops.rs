//! The Git repository of a cluster: its objects by what they are for, overlays for its environments, scripts, and pages that explain it.
//!
//! Every object stands in one file, in the folder that [`folders`] names. What an environment has otherwise is a patch in its overlay, so
//! that building `infrastructure/overlays/ENVIRONMENT` gives the release of that environment again, object by object.

mod kustomization;
mod names;
mod overlay;
mod pages;
mod patch;
mod scripts;

use std::collections::BTreeMap;

use super::stream::document;
use super::tree::Entry;
use crate::diag::Result;
use crate::manifest::{Folder, Object, Release, folders};
use kustomization::Kustomization;
use names::Names;

/// Where the overlays of all environments are.
const OVERLAYS: &str = "infrastructure/overlays";
/// Where the nodes' files are.
const CONFIGS: &str = "bootstrap/configs";

/// A variant of the cluster that has an overlay.
#[derive(Debug, Clone)]
pub struct Environment {
    /// Its name, which is that of its overlay.
    pub name: String,
    /// The profile of the cluster file that it is; none for the file as the tree was rendered from it.
    pub profile: Option<String>,
    /// What it consists of.
    pub release: Release,
    /// Facts about the cluster as a whole, as YAML.
    pub cluster_config: String,
    /// The names of all its nodes.
    pub nodes: Vec<String>,
    /// The names of its nodes that are servers.
    pub servers: Vec<String>,
    /// Its Kubernetes version, `1.36` or `1.36.3`.
    pub kubernetes: String,
    /// The URL of the repository that its Argo CD follows.
    pub repository: String,
}

impl Environment {
    /// The namespace of its Argo CD: that of the root Application.
    fn argocd_namespace(&self) -> &str {
        argocd_namespace(&self.release)
    }
}

fn argocd_namespace(release: &Release) -> &str {
    let of_tree = |object: &&Object| (object.component(), object.kind()) == ("gitops", "Application");
    release.objects().iter().find(of_tree).and_then(Object::namespace).unwrap_or("argocd")
}

/// What the tree is about, besides objects.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The folder of the repository that is the tree, such as `clusters/home`; none for its root.
    pub path: Option<String>,
    /// The options that the tree was rendered with, beside the cluster file and the output folder.
    pub arguments: Vec<String>,
}

/// The tree of a cluster. The first environment is the one that the others are compared with.
///
/// # Errors
/// As [`super::yaml`].
pub fn gitops(environments: &[Environment], facts: &Facts) -> Result<Vec<Entry>> {
    let Some((base, _)) = environments.split_first() else { return Ok(Vec::new()) };
    let placed = Placed::new(&base.release);
    let mut entries = Vec::new();
    for (folder, objects) in &placed.folders {
        let mut resources = Vec::new();
        for object in objects {
            let file = placed.names.of(folder, object);
            entries.push(Entry { path: format!("{folder}/{file}"), contents: document(object)?, executable: false });
            resources.push(file);
        }
        entries.push(Kustomization::new(resources).entry(&folder.to_string())?);
    }
    // What one Application syncs from several folders has a kustomization of those.
    for (above, inside) in [("infrastructure/base", "infrastructure/base/"), ("applications/system", "applications/system/")] {
        let below = placed.folders.keys().map(ToString::to_string);
        let resources: Vec<String> = below.filter_map(|folder| Some(folder.strip_prefix(inside)?.to_owned())).collect();
        if !resources.is_empty() {
            entries.push(Kustomization::new(resources).entry(above)?);
        }
    }
    for environment in environments {
        entries.extend(overlay::overlay(&placed, environment)?);
    }
    entries.extend(config_files(environments));
    entries.extend(scripts::scripts(environments, facts)?);
    entries.extend(pages::pages(environments, facts)?);
    Ok(entries)
}

/// The objects of a release by folder.
struct Placed<'a> {
    folders: BTreeMap<Folder, Vec<&'a Object>>,
    names: Names,
}

impl<'a> Placed<'a> {
    fn new(release: &'a Release) -> Self {
        let mut by_folder: BTreeMap<Folder, Vec<&Object>> = BTreeMap::new();
        for (object, folder) in release.objects().iter().zip(folders(release.objects())) {
            by_folder.entry(folder).or_default().push(object);
        }
        let names = Names::new(argocd_namespace(release), &by_folder);
        Self { folders: by_folder, names }
    }
}

/// The nodes' files and the facts of the cluster; of an environment only those that are its own.
fn config_files(environments: &[Environment]) -> Vec<Entry> {
    let files = |environment: &Environment| -> BTreeMap<String, Entry> {
        let facts = Entry { path: "cluster-config.yaml".to_owned(), contents: environment.cluster_config.clone(), executable: false };
        let files = environment.release.files().iter();
        let files = files.map(|file| Entry { path: file.path.clone(), contents: file.contents.clone(), executable: file.executable });
        files.chain([facts]).map(|entry| (entry.path.clone(), entry)).collect()
    };
    let Some((first, others)) = environments.split_first() else { return Vec::new() };
    let base = files(first);
    let mut entries: Vec<Entry> = base.values().map(|entry| Entry { path: format!("{CONFIGS}/{}", entry.path), ..entry.clone() }).collect();
    for environment in others {
        let own = files(environment).into_values().filter(|entry| base.get(&entry.path) != Some(entry));
        entries.extend(own.map(|entry| Entry { path: format!("{CONFIGS}/{}/{}", environment.name, entry.path), ..entry }));
    }
    entries
}
