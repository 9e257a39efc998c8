//! What the files of objects are called.

use std::collections::BTreeMap;

use crate::manifest::{Folder, Object};

/// How often each short name is there, by folder.
pub(super) struct Names(BTreeMap<(Folder, String), usize>);

impl Names {
    pub(super) fn new(folders: &BTreeMap<Folder, Vec<&Object>>) -> Self {
        let mut counts = BTreeMap::new();
        for (folder, objects) in folders {
            for object in objects {
                *counts.entry((folder.clone(), short(folder, object))).or_default() += 1;
            }
        }
        Self(counts)
    }

    /// `<kind>-<name>.yaml`; with group and namespace where that is not enough. What is for all namespaces has a folder for each.
    pub(super) fn of(&self, folder: &Folder, object: &Object) -> String {
        let short = short(folder, object);
        let is_alone = self.0.get(&(folder.clone(), short.clone())).is_none_or(|count| *count < 2);
        let stem = if is_alone { short } else { format!("{short}.{}", whole(object)) };
        format!("{stem}.yaml")
    }
}

fn short(folder: &Folder, object: &Object) -> String {
    let name = format!("{}-{}", object.kind().to_lowercase(), object.name());
    plain(&match (folder, object.namespace()) {
        // Policies of all namespaces have the same names.
        (Folder::Base(_), Some(namespace)) => format!("{namespace}/{name}"),
        _ => name,
    })
}

fn whole(object: &Object) -> String {
    let group = if object.group().is_empty() { "core" } else { object.group() };
    // Names with `:` (of RBAC) become equal to others only where that stands in place of it.
    let name = if object.name().contains(':') { ".colon" } else { "" };
    plain(&format!("{group}.{}{name}", object.namespace().unwrap_or("cluster")))
}

/// kustomize takes `a:b` for the address of a repository.
fn plain(text: &str) -> String {
    text.replace(':', "-")
}
