//! The Git repository of a cluster: its objects by what they are for, overlays for its environments, scripts, and pages that explain it.
//!
//! Every object stands in one file, in the folder that [`folders`] names. What an environment has otherwise is a patch in its overlay, so
//! that building `infrastructure/overlays/ENVIRONMENT` gives the release of that environment again, object by object.

mod configs;
mod kustomization;
mod names;
mod overlay;
mod pages;
mod patch;
mod scripts;
mod whole;

use std::collections::{BTreeMap, BTreeSet};

use super::stream::document;
use super::tree::Entry;
use crate::diag::Result;
use crate::manifest::{Folder, Object, Release, folders};
use kustomization::Kustomization;
use names::Names;

/// Where the overlays of all environments are.
const OVERLAYS: &str = "infrastructure/overlays";

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
    let Some((base, others)) = environments.split_first() else { return Ok(Vec::new()) };
    let placed = Placed::new(&base.release).without(&whole::unpatchable(&base.release, others));
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
    entries.extend(configs::configs(environments));
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

    /// All but some objects, and no folder that is empty then: kustomize refuses such a one. Files are called as they are with all objects.
    fn without(mut self, left_out: &BTreeSet<Identity<'_>>) -> Self {
        self.folders.retain(|_, objects| {
            objects.retain(|object| !left_out.contains(&identity(object)));
            !objects.is_empty()
        });
        self
    }
}

/// What makes an object the same one in two environments.
type Identity<'a> = (&'a str, &'a str, Option<&'a str>, &'a str);

fn identity(object: &Object) -> Identity<'_> {
    (object.api_version(), object.kind(), object.namespace(), object.name())
}
