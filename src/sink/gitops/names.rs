//! What the files of objects are called. A name depends on its object alone as far as that is possible, so that a new object renames no other
//! one's file.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::super::file_name::shortened;
use crate::manifest::{Folder, Object, hex};

/// What comes first of all objects that a short name fits: names without `:` first, then by name and group.
type Claim = (bool, String, String);

/// Which object has each short name, by folder.
pub(super) struct Names {
    home: String,
    first: BTreeMap<(Folder, String), Claim>,
}

impl Names {
    /// Names of a tree whose Argo CD lives in the namespace `home`.
    pub(super) fn new(home: &str, folders: &BTreeMap<Folder, Vec<&Object>>) -> Self {
        let mut names = Self { home: home.to_owned(), first: BTreeMap::new() };
        for (folder, objects) in folders {
            for object in objects {
                let key = (folder.clone(), names.short(folder, object));
                let claim = claim(object);
                if names.first.get(&key).is_none_or(|first| claim < *first) {
                    names.first.insert(key, claim);
                }
            }
        }
        names
    }

    /// `<kind>-<name>.yaml`, in a folder of its namespace where that is not Argo CD's own, in which most of the tree would be. Two groups may
    /// have the kind: the second one's name holds its group.
    pub(super) fn of(&self, folder: &Folder, object: &Object) -> String {
        let short = self.short(folder, object);
        let claim = claim(object);
        let is_first = self.first.get(&(folder.clone(), short.clone())).is_none_or(|first| claim <= *first);
        let stem = if is_first { short } else { format!("{short}.{}", rest(object)) };
        shortened(format!("{stem}.yaml"))
    }

    fn short(&self, folder: &Folder, object: &Object) -> String {
        let name = format!("{}-{}", object.kind().to_lowercase(), object.name());
        plain(&match object.namespace() {
            // Policies of all namespaces have the same names: there each has a folder.
            Some(namespace) if namespace != self.home || matches!(folder, Folder::Base(_)) => format!("{}/{name}", folder_of(namespace)),
            _ => name,
        })
    }
}

fn claim(object: &Object) -> Claim {
    (object.name().contains(':'), object.name().to_owned(), object.group().to_owned())
}

fn rest(object: &Object) -> String {
    let group = if object.group().is_empty() { "core" } else { object.group() };
    if object.name().contains(':') {
        // `a:b-c` and `a-b:c` both become `a-b-c`.
        format!("{group}.{}", &hex(&Sha256::digest(object.name().as_bytes()))[..8])
    } else {
        group.to_owned()
    }
}

/// An overlay keeps its patches in `patches`, which could be a namespace, too; with `_` it could not.
fn folder_of(namespace: &str) -> &str {
    if namespace == "patches" { "patches_" } else { namespace }
}

/// kustomize takes `a:b` for the address of a repository.
fn plain(text: &str) -> String {
    text.replace(':', "-")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::source::ConfigPath;

    fn object(api_version: &str, kind: &str, namespace: Option<&str>, name: &str) -> Object {
        let mut value = json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": name}});
        if let Some(namespace) = namespace {
            value["metadata"]["namespace"] = namespace.into();
        }
        Object::new("test", ConfigPath::root(), &value).expect("an object")
    }

    fn names(objects: &[Object]) -> Vec<String> {
        let folders = BTreeMap::from([(Folder::Workloads, objects.iter().collect::<Vec<_>>())]);
        let names = Names::new("argocd", &folders);
        objects.iter().map(|object| names.of(&Folder::Workloads, object)).collect()
    }

    #[test]
    fn a_new_object_renames_no_other_ones_file() {
        let mut objects = vec![
            object("v1", "ConfigMap", Some("shop"), "settings"),
            object("v1", "Service", Some("shop"), "web"),
            object("argoproj.io/v1alpha1", "Application", Some("argocd"), "shop"),
            object("rbac.authorization.k8s.io/v1", "ClusterRole", None, "team-a"),
        ];
        let before = names(&objects);
        assert_eq!(before, ["shop/configmap-settings.yaml", "shop/service-web.yaml", "application-shop.yaml", "clusterrole-team-a.yaml"]);
        objects.extend([
            object("v1", "ConfigMap", Some("bank"), "settings"),
            object("serving.knative.dev/v1", "Service", Some("shop"), "web"),
            object("rbac.authorization.k8s.io/v1", "ClusterRole", None, "team:a"),
        ]);
        let after = names(&objects);
        assert_eq!(after[..4], before);
        let hash = &hex(&Sha256::digest(b"team:a"))[..8];
        let role = format!("clusterrole-team-a.rbac.authorization.k8s.io.{hash}.yaml");
        assert_eq!(after[4..], ["bank/configmap-settings.yaml", "shop/service-web.serving.knative.dev.yaml", &role]);
    }

    /// No file system has one of these names.
    #[test]
    fn long_names_are_shortened_and_stay_apart() {
        let long = "x".repeat(245);
        let objects = [
            object("v1", "ConfigMap", Some("shop"), &long),
            object("v1", "ConfigMap", Some("shop"), &format!("{long}y")),
            object("v1", "Service", Some("shop"), &long),
            object("serving.knative.dev/v1", "Service", Some("shop"), &long),
            object("rbac.authorization.k8s.io/v1", "ClusterRole", None, &format!("{long}:b-c")),
            object("rbac.authorization.k8s.io/v1", "ClusterRole", None, &format!("{long}-b:c")),
        ];
        let mut names = names(&objects);
        assert!(names.iter().all(|name| name.rsplit('/').next().is_some_and(|last| last.len() <= 240)), "{names:?}");
        names.sort();
        names.dedup();
        assert_eq!(names.len(), objects.len());
    }

    #[test]
    fn no_two_objects_share_a_file() {
        let objects = [
            object("rbac.authorization.k8s.io/v1", "ClusterRole", None, "a:b-c"),
            object("rbac.authorization.k8s.io/v1", "ClusterRole", None, "a-b:c"),
            object("rbac.authorization.k8s.io/v1", "ClusterRole", None, "a-b-c"),
            object("v1", "ConfigMap", Some("patches"), "a"),
        ];
        let mut names = names(&objects);
        assert_eq!(names[3], "patches_/configmap-a.yaml");
        names.sort();
        names.dedup();
        assert_eq!(names.len(), objects.len());
    }
}
