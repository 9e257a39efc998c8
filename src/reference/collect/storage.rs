//! Claims, volumes and their classes.

use crate::manifest::Object;
use crate::reference::{Field, Need};

use super::Needs;

const STORAGE_CLASS: (&str, &str) = ("storage.k8s.io", "StorageClass");

pub(super) fn collect<'a>(object: &'a Object, needs: &mut Needs<'a, '_>) {
    let Some(spec) = Field::of(object, &["spec"]) else { return };
    match (object.group(), object.kind()) {
        ("", "PersistentVolumeClaim") => {
            // A claim that names its volume binds without the class being there.
            let volume = spec.text("volumeName").and(spec.get("volumeName"));
            match volume {
                Some(volume) => needs.cluster_wide(Need::Volume, ("", "PersistentVolume"), Some(volume)),
                None => needs.cluster_wide(Need::StorageClass, STORAGE_CLASS, spec.get("storageClassName")),
            }
        }
        ("apps", "StatefulSet") => {
            for template in spec.list("volumeClaimTemplates") {
                needs.cluster_wide(Need::StorageClass, STORAGE_CLASS, template.at(&["spec", "storageClassName"]));
            }
        }
        _ => {}
    }
}
