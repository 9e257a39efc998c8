//! The nodes' files and the facts of the cluster; of an environment only those that are its own.

use std::collections::{BTreeMap, BTreeSet};

use super::super::tree::Entry;
use super::Environment;

/// Where they are.
const CONFIGS: &str = "bootstrap/configs";

pub(super) fn configs(environments: &[Environment]) -> Vec<Entry> {
    let Some((first, others)) = environments.split_first() else { return Vec::new() };
    let base = files(first);
    let mut entries: Vec<Entry> = base.values().map(|entry| Entry { path: format!("{CONFIGS}/{}", entry.path), ..entry.clone() }).collect();
    for environment in others {
        let there = files(environment);
        // install-k3s.sh takes all files of a node from one folder: beside one that differs stand the others.
        let paths = base.keys().chain(there.keys());
        let nodes: BTreeSet<&str> = paths.filter(|path| base.get(*path) != there.get(*path)).filter_map(|path| node_of(path)).collect();
        let is_own =
            |entry: &&Entry| base.get(&entry.path) != Some(*entry) || node_of(&entry.path).is_some_and(|node| nodes.contains(node));
        let own = there.values().filter(is_own);
        entries.extend(own.map(|entry| Entry { path: format!("{CONFIGS}/{}/{}", environment.name, entry.path), ..entry.clone() }));
    }
    entries
}

/// By path.
fn files(environment: &Environment) -> BTreeMap<String, Entry> {
    let facts = Entry { path: "cluster-config.yaml".to_owned(), contents: environment.cluster_config.clone(), executable: false };
    let files = environment.release.files().iter();
    let files = files.map(|file| Entry { path: file.path.clone(), contents: file.contents.clone(), executable: file.executable });
    files.chain([facts]).map(|entry| (entry.path.clone(), entry)).collect()
}

/// The node that a file is for.
fn node_of(path: &str) -> Option<&str> {
    path.strip_prefix("nodes/")?.split('/').next()
}
