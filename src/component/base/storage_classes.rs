//! `cluster.storage.classes` as objects.

use k8s_openapi::api::storage::v1::StorageClass;

use super::{Output, metadata};
use crate::config::{Cluster, ReclaimPolicy, VolumeBindingMode};
use crate::diag::Result;
use crate::source::ConfigPath;

/// Marks the class of claims that name none (Kubernetes' `volume/util` package).
const IS_DEFAULT: &str = "storageclass.kubernetes.io/is-default-class";

pub(super) fn render(cluster: &Cluster, output: &mut Output) -> Result<()> {
    let storage = &cluster.cluster.storage;
    for (at, class) in storage.classes.iter().enumerate() {
        let mut metadata = metadata(class.name.as_str(), None);
        if class.name == storage.default_class {
            metadata.annotations = Some([(IS_DEFAULT.to_owned(), "true".to_owned())].into());
        }
        let reclaim_policy = match class.reclaim_policy {
            ReclaimPolicy::Delete => "Delete",
            ReclaimPolicy::Retain => "Retain",
        };
        let volume_binding_mode = match class.volume_binding_mode {
            VolumeBindingMode::WaitForFirstConsumer => "WaitForFirstConsumer",
            VolumeBindingMode::Immediate => "Immediate",
        };
        let object = StorageClass {
            metadata,
            provisioner: class.provisioner.clone(),
            parameters: Some(class.parameters.clone()).filter(|parameters| !parameters.is_empty()),
            reclaim_policy: Some(reclaim_policy.to_owned()),
            volume_binding_mode: Some(volume_binding_mode.to_owned()),
            allow_volume_expansion: Some(class.allow_volume_expansion),
            mount_options: Some(class.mount_options.clone()).filter(|options| !options.is_empty()),
            allowed_topologies: None,
        };
        output.object(ConfigPath::of(["cluster", "storage", "classes"]).index(at), &object)?;
    }
    Ok(())
}
