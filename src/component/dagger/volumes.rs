//! What the engine's container mounts.

use k8s_openapi::api::core::v1::{
    ConfigMapVolumeSource, HostPathVolumeSource, KeyToPath, NFSVolumeSource, PersistentVolumeClaim, PersistentVolumeClaimSpec,
    PersistentVolumeClaimVolumeSource, SecretVolumeSource, Volume, VolumeMount, VolumeResourceRequirements,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::{Context, engine_file};
use crate::config::dagger::{CacheStorageType, WorkloadKind};

/// Where certificates of the engine are mounted.
pub(super) const TLS: &str = "/etc/dagger-tls";
/// The volume of the cache.
const CACHE: &str = "cache";

fn named(name: &str) -> Volume {
    Volume { name: name.to_owned(), ..Volume::default() }
}

fn mount(name: &str, path: &str, sub_path: Option<&str>) -> VolumeMount {
    VolumeMount {
        name: name.to_owned(),
        mount_path: path.to_owned(),
        sub_path: sub_path.map(ToOwned::to_owned),
        read_only: (name != CACHE).then_some(true),
        ..VolumeMount::default()
    }
}

/// The mounts of the container.
pub(super) fn mounts(context: Context<'_>) -> Vec<VolumeMount> {
    let dagger = context.dagger;
    let mut mounts = vec![
        mount(CACHE, "/var/lib/dagger", None),
        // Only the file: the image has an `engine.toml` beside it.
        mount("config", "/etc/dagger/engine.json", Some(engine_file::NAME)),
    ];
    if dagger.tls.is_some() {
        mounts.push(mount("tls", TLS, None));
    }
    if dagger.ca_config_map.is_some() {
        mounts.push(mount("authorities", "/usr/local/share/ca-certificates", None));
    }
    mounts
}

/// The volumes of the pod; the cache is none of them where a StatefulSet makes a claim for each replica.
pub(super) fn volumes(context: Context<'_>) -> Vec<Volume> {
    let dagger = context.dagger;
    let config = ConfigMapVolumeSource {
        name: context.name().to_owned(),
        items: Some(vec![KeyToPath { key: engine_file::NAME.to_owned(), path: engine_file::NAME.to_owned(), mode: None }]),
        ..ConfigMapVolumeSource::default()
    };
    let mut volumes: Vec<Volume> = cache(context).into_iter().collect();
    volumes.push(Volume { config_map: Some(config), ..named("config") });
    if let Some(tls) = &dagger.tls {
        let secret = SecretVolumeSource {
            secret_name: Some(tls.secret_name.to_string()),
            default_mode: Some(0o400),
            ..SecretVolumeSource::default()
        };
        volumes.push(Volume { secret: Some(secret), ..named("tls") });
    }
    if let Some(name) = &dagger.ca_config_map {
        let authorities = ConfigMapVolumeSource { name: name.to_string(), ..ConfigMapVolumeSource::default() };
        volumes.push(Volume { config_map: Some(authorities), ..named("authorities") });
    }
    volumes
}

fn cache(context: Context<'_>) -> Option<Volume> {
    let storage = &context.dagger.storage;
    let claim = |name: String| {
        let claim = PersistentVolumeClaimVolumeSource { claim_name: name, read_only: None };
        Volume { persistent_volume_claim: Some(claim), ..named(CACHE) }
    };
    match storage.r#type {
        CacheStorageType::Persistent => match (&storage.existing_claim, context.dagger.kind) {
            (Some(name), _) => Some(claim(name.to_string())),
            (None, WorkloadKind::Deployment) => Some(claim(claim_name(context))),
            (None, WorkloadKind::StatefulSet) => None,
        },
        CacheStorageType::HostPath => {
            let path = HostPathVolumeSource { path: storage.path.to_string(), type_: Some("DirectoryOrCreate".to_owned()) };
            Some(Volume { host_path: Some(path), ..named(CACHE) })
        }
        CacheStorageType::Nfs => storage.nfs.as_ref().map(|share| {
            let nfs = NFSVolumeSource { server: share.server.to_string(), path: share.path.to_string(), read_only: None };
            Volume { nfs: Some(nfs), ..named(CACHE) }
        }),
    }
}

fn claim_name(context: Context<'_>) -> String {
    format!("{}-{CACHE}", context.name())
}

/// The claim that a Deployment uses, or from which a StatefulSet makes one for each replica; none where the cache is elsewhere.
pub(super) fn claim(context: Context<'_>) -> Option<PersistentVolumeClaim> {
    let storage = &context.dagger.storage;
    if storage.r#type != CacheStorageType::Persistent || storage.existing_claim.is_some() {
        return None;
    }
    let class = storage.class.as_ref().unwrap_or(&context.cluster.cluster.storage.default_class);
    let requests = [("storage".to_owned(), Quantity(storage.size.to_string()))].into();
    let metadata = match context.dagger.kind {
        WorkloadKind::StatefulSet => ObjectMeta { name: Some(CACHE.to_owned()), ..ObjectMeta::default() },
        WorkloadKind::Deployment => context.metadata(claim_name(context)),
    };
    Some(PersistentVolumeClaim {
        metadata,
        spec: Some(PersistentVolumeClaimSpec {
            access_modes: Some(vec!["ReadWriteOnce".to_owned()]),
            storage_class_name: Some(class.to_string()),
            resources: Some(VolumeResourceRequirements { requests: Some(requests), limits: None }),
            ..PersistentVolumeClaimSpec::default()
        }),
        status: None,
    })
}
