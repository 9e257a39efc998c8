//! Which files a release becomes.

use std::collections::BTreeMap;

use crate::diag::Result;
use crate::manifest::{Object, Release};

use super::file_name::shortened;
use super::stream::{document, yaml};

/// One file to be written, relative to the output folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its path, with `/` between its parts.
    pub path: String,
    /// Its text.
    pub contents: String,
    /// Whether it is to be run.
    pub executable: bool,
}

/// One file per object under `objects/<namespace>/` (`objects/cluster/` for cluster-scoped ones), and the release's own files.
///
/// A file is named `<kind>-<name>.yaml`; where two API groups have the kind, `<kind>.<group>-<name>.yaml`.
///
/// # Errors
/// As [`super::yaml`].
pub fn directory(release: &Release) -> Result<Vec<Entry>> {
    let mut names: BTreeMap<String, usize> = BTreeMap::new();
    for object in release.objects() {
        *names.entry(path(object, false)).or_default() += 1;
    }
    let mut entries = Vec::new();
    for object in release.objects() {
        let short = path(object, false);
        let path = if names[&short] > 1 { path(object, true) } else { short };
        entries.push(Entry { path, contents: document(object)?, executable: false });
    }
    entries.extend(files(release));
    Ok(entries)
}

/// One file for k3s' manifests folder (`/var/lib/rancher/k3s/server/manifests`), and the release's own files.
///
/// It is one file on purpose: k3s prunes the objects that leave a file which stays, but orphans those of a file that goes
/// (k3s issue #1971). The file's base name becomes the name of an `AddOn`, so it must be an RFC 1123 name.
///
/// # Errors
/// As [`super::yaml`].
pub fn k3s(release: &Release) -> Result<Vec<Entry>> {
    let path = format!("manifests/manifestgen-{}.yaml", release.name());
    let mut entries = vec![Entry { path, contents: yaml(release)?.concat(), executable: false }];
    entries.extend(files(release));
    Ok(entries)
}

fn files(release: &Release) -> impl Iterator<Item = Entry> {
    release.files().iter().map(|file| Entry { path: file.path.clone(), contents: file.contents.clone(), executable: file.executable })
}

fn path(object: &Object, with_group: bool) -> String {
    let folder = object.namespace().unwrap_or("cluster");
    // A cluster-scoped object's folder cannot be taken for a namespace called `cluster`.
    let folder = if object.namespace() == Some("cluster") { "namespace-cluster" } else { folder };
    let group = if with_group && !object.group().is_empty() { format!(".{}", object.group()) } else { String::new() };
    shortened(format!("objects/{folder}/{}{group}-{}.yaml", object.kind().to_lowercase(), object.name()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::manifest::ReleaseBuilder;
    use crate::source::ConfigPath;

    #[test]
    fn the_group_stands_only_where_it_is_needed() {
        let mut built = ReleaseBuilder::default();
        for (api, kind) in [("networking.k8s.io/v1", "Ingress"), ("example.com/v1", "Ingress"), ("v1", "Service")] {
            let value = json!({"apiVersion": api, "kind": kind, "metadata": {"name": "a", "namespace": "b"}});
            built.objects.push(Object::new("test", ConfigPath::root(), &value).expect("an object"));
        }
        let mut paths: Vec<_> = directory(&built.finish("c")).expect("writable").into_iter().map(|entry| entry.path).collect();
        paths.sort();
        assert_eq!(
            paths,
            ["objects/b/ingress.example.com-a.yaml", "objects/b/ingress.networking.k8s.io-a.yaml", "objects/b/service-a.yaml"]
        );
    }
}
