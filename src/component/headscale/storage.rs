//! The volume claim, where files outlive the pod.

use k8s_openapi::api::core::v1::{PersistentVolumeClaim, PersistentVolumeClaimSpec, VolumeResourceRequirements};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use super::{Context, NAME, Output, at};
use crate::config::headscale::StorageType;
use crate::diag::Result;

/// Adds the claim for persistent storage, and nothing for ephemeral.
pub(super) fn render(context: Context<'_>, out: &mut Output) -> Result<()> {
    if context.headscale.storage.r#type == StorageType::Persistent {
        out.object(at(["storage"]), &claim(context))?;
    }
    Ok(())
}

fn claim(context: Context<'_>) -> PersistentVolumeClaim {
    let storage = &context.headscale.storage;
    let class = storage.class.as_ref().unwrap_or(&context.cluster.cluster.storage.default_class);
    let requests = [("storage".to_owned(), Quantity(storage.size.to_string()))].into();
    PersistentVolumeClaim {
        metadata: context.metadata(NAME),
        spec: Some(PersistentVolumeClaimSpec {
            access_modes: Some(vec!["ReadWriteOnce".to_owned()]),
            storage_class_name: Some(class.to_string()),
            resources: Some(VolumeResourceRequirements { requests: Some(requests), limits: None }),
            ..PersistentVolumeClaimSpec::default()
        }),
        status: None,
    }
}
