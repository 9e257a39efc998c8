//! What is mounted where. The root file system is read-only; everything that Headscale writes to is here.

use k8s_openapi::api::core::v1::{
    ConfigMapVolumeSource, EmptyDirVolumeSource, KeyToPath, PersistentVolumeClaimVolumeSource, ProjectedVolumeSource, SecretProjection,
    SecretVolumeSource, Volume, VolumeMount, VolumeProjection,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use super::secrets::{self, SecretFile};
use super::{Context, NAME};
use crate::config::headscale::StorageType;

/// Where Headscale looks for `config.yaml`.
pub(super) const CONFIG: &str = "/etc/headscale";
/// Beside the config, not below: a volume cannot be mounted inside of a read-only one.
pub(super) const KEYS: &str = "/etc/headscale-keys";
/// The certificate.
pub(super) const TLS: &str = "/etc/headscale-tls";
/// DNS records from another ConfigMap.
pub(super) const RECORDS: &str = "/etc/headscale-records";
/// The database, generated keys, the certificate cache.
pub(super) const DATA: &str = "/var/lib/headscale";
/// Where SQLite puts what does not fit into memory.
const TMP: &str = "/tmp";

/// Secret files belong to root and the pod's group; nobody else reads them.
const SECRET_MODE: i32 = 0o440;

/// A volume and the place where it is mounted.
struct Mounted {
    volume: Volume,
    path: String,
    read_only: bool,
}

/// The pod's volumes and the container's mounts, in the same order.
pub(super) fn volumes(context: Context<'_>) -> (Vec<Volume>, Vec<VolumeMount>) {
    let all = vec![Some(config()), Some(data(context)), socket(context), Some(tmp()), keys(context), tls(context), records(context)];
    let split = |mounted: Mounted| {
        let mount = VolumeMount {
            name: mounted.volume.name.clone(),
            mount_path: mounted.path,
            read_only: mounted.read_only.then_some(true),
            ..VolumeMount::default()
        };
        (mounted.volume, mount)
    };
    all.into_iter().flatten().map(split).unzip()
}

fn named(name: &str) -> Volume {
    Volume { name: name.to_owned(), ..Volume::default() }
}

fn config_map(name: &str) -> ConfigMapVolumeSource {
    ConfigMapVolumeSource { name: name.to_owned(), ..ConfigMapVolumeSource::default() }
}

fn config() -> Mounted {
    let volume = Volume { config_map: Some(config_map("headscale-config")), ..named("config") };
    Mounted { volume, path: CONFIG.to_owned(), read_only: true }
}

fn data(context: Context<'_>) -> Mounted {
    let storage = &context.headscale.storage;
    let volume = match storage.r#type {
        StorageType::Persistent => {
            let claim = PersistentVolumeClaimVolumeSource { claim_name: NAME.to_owned(), ..PersistentVolumeClaimVolumeSource::default() };
            Volume { persistent_volume_claim: Some(claim), ..named("data") }
        }
        StorageType::Ephemeral => {
            let empty = EmptyDirVolumeSource { size_limit: Some(Quantity(storage.size.to_string())), medium: None };
            Volume { empty_dir: Some(empty), ..named("data") }
        }
    };
    Mounted { volume, path: DATA.to_owned(), read_only: false }
}

/// In memory, so that no socket of a pod that crashed is in the way. None where the folder is a mount already.
fn socket(context: Context<'_>) -> Option<Mounted> {
    let path = context.headscale.unix_socket.path.as_str();
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let writable = |mount: &str| folder == mount || folder.strip_prefix(mount).is_some_and(|rest| rest.starts_with('/'));
    if writable(DATA) || writable(TMP) {
        return None;
    }
    let memory = EmptyDirVolumeSource { medium: Some("Memory".to_owned()), size_limit: Some(Quantity("1Mi".to_owned())) };
    Some(Mounted { volume: Volume { empty_dir: Some(memory), ..named("socket") }, path: folder.to_owned(), read_only: false })
}

fn tmp() -> Mounted {
    let empty = EmptyDirVolumeSource { size_limit: Some(Quantity("64Mi".to_owned())), medium: None };
    Mounted { volume: Volume { empty_dir: Some(empty), ..named("tmp") }, path: TMP.to_owned(), read_only: false }
}

fn keys(context: Context<'_>) -> Option<Mounted> {
    let files = secrets::files(context.headscale);
    if files.is_empty() {
        return None;
    }
    // Files may come from several Secrets; one source for each keeps a missing key's message clear.
    let source = |SecretFile { from, file }: SecretFile| VolumeProjection {
        secret: Some(SecretProjection {
            name: from.name.to_string(),
            items: Some(vec![KeyToPath { key: from.key, path: file.to_owned(), mode: None }]),
            optional: None,
        }),
        ..VolumeProjection::default()
    };
    let projected = ProjectedVolumeSource { default_mode: Some(SECRET_MODE), sources: Some(files.into_iter().map(source).collect()) };
    Some(Mounted { volume: Volume { projected: Some(projected), ..named("keys") }, path: KEYS.to_owned(), read_only: true })
}

fn tls(context: Context<'_>) -> Option<Mounted> {
    let secret = SecretVolumeSource {
        secret_name: Some(context.headscale.tls.secret_name.as_ref()?.to_string()),
        default_mode: Some(SECRET_MODE),
        ..SecretVolumeSource::default()
    };
    Some(Mounted { volume: Volume { secret: Some(secret), ..named("tls") }, path: TLS.to_owned(), read_only: true })
}

/// The whole folder, not one file of it: only then does a changed ConfigMap reach the running pod.
fn records(context: Context<'_>) -> Option<Mounted> {
    let from = context.headscale.dns.extra_records_from.as_ref()?;
    let volume = Volume { config_map: Some(config_map(from.name.as_str())), ..named("records") };
    Some(Mounted { volume, path: RECORDS.to_owned(), read_only: true })
}
