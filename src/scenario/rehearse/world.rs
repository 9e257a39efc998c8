//! What a throw-away control plane needs to stand for the cluster.

use std::collections::BTreeSet;

use serde_json::json;

use crate::manifest::{Object, Release, ReleaseBuilder};
use crate::source::ConfigPath;

/// The name that both releases go by.
const NAME: &str = "rehearsal";

/// A release of some of the objects.
pub(super) fn filtered(release: &Release, wanted: impl Fn(&Object) -> bool) -> Release {
    let objects = release.objects().iter().filter(|object| wanted(object)).cloned().collect();
    ReleaseBuilder { objects, ..ReleaseBuilder::default() }.finish(NAME)
}

/// The release without what would send objects to servers that nobody runs here.
pub(super) fn without_servers(release: &Release) -> Release {
    let mut release = filtered(release, |object| {
        let to_servers = matches!(object.kind(), "ValidatingWebhookConfiguration" | "MutatingWebhookConfiguration");
        !(object.group() == "admissionregistration.k8s.io" && to_servers) && object.group() != "apiregistration.k8s.io"
    });
    let objects = release.objects().iter().map(|object| {
        let mut object = object.clone();
        let converts = object.pointer("/spec/conversion/strategy").is_some_and(|strategy| strategy == "Webhook");
        if object.kind() == "CustomResourceDefinition" && converts {
            object.edit(|fields| fields["spec"]["conversion"] = json!({"strategy": "None"}));
        }
        object
    });
    release = ReleaseBuilder { objects: objects.collect(), ..ReleaseBuilder::default() }.finish(NAME);
    release
}

/// The namespaces that the releases use and the old one does not bring: they are there from elsewhere.
pub(super) fn foundations(old: &Release, new: &Release) -> Release {
    let brought = |release: &Release, name: &str| {
        release.objects().iter().any(|object| object.group().is_empty() && object.kind() == "Namespace" && object.name() == name)
    };
    let used = |release: &Release| -> BTreeSet<String> {
        release.objects().iter().filter_map(|object| object.namespace().map(ToOwned::to_owned)).collect()
    };
    // One that the new release brings comes with it, unless the old release has objects there already.
    let absent = used(old).into_iter().filter(|name| !brought(old, name));
    let absent = absent.chain(used(new).into_iter().filter(|name| !brought(old, name) && !brought(new, name)));
    let names: BTreeSet<_> = absent.filter(|name| !name.starts_with("kube-") && name != "default").collect();
    let namespace = |name: &String| {
        let value = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
        Object::new("rehearsal", ConfigPath::root(), &value).ok()
    };
    ReleaseBuilder { objects: names.iter().filter_map(namespace).collect(), ..ReleaseBuilder::default() }.finish("surroundings")
}
