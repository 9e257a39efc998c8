//! The scripts, the ServiceAccount and the Secret that both programs' jobs have.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{ConfigMap, ConfigMapVolumeSource, Container, ServiceAccount, Volume, VolumeMount};

use super::job::{COPY, SCRIPTS, policy, restic};
use super::{Context, Output, Saved, at};
use crate::component::pod;
use crate::diag::Result;

/// Adds what the jobs of a program share: scripts by name, beside the one that saves.
pub(super) fn shared(context: Context<'_>, saved: &Saved<'_>, scripts: &[(&str, &str)], out: &mut Output) -> Result<()> {
    let account = ServiceAccount {
        metadata: saved.metadata(&saved.object()),
        automount_service_account_token: Some(false),
        ..ServiceAccount::default()
    };
    out.object(saved.origin.clone(), &account)?;
    let own = [("store.sh", include_str!("scripts/store.sh"))];
    let data: BTreeMap<String, String> = own.iter().chain(scripts).map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    out.object(saved.origin.clone(), &ConfigMap { metadata: saved.metadata(&saved.object()), data: Some(data), ..ConfigMap::default() })?;
    out.secret(at(["secret"]), saved.namespace, context.backup.secret.as_str(), context.backup.keys().iter().copied());
    policy(context, saved, out)
}

/// The container that saves the copy.
pub(super) fn store(context: Context<'_>, saved: &Saved<'_>) -> Container {
    let command = ["/bin/sh".to_owned(), format!("{SCRIPTS}/store.sh"), COPY.to_owned()];
    with_scripts(restic(context, saved, "store", command.into()))
}

/// With the scripts mounted.
pub(super) fn with_scripts(mut container: Container) -> Container {
    let mount = VolumeMount { read_only: Some(true), ..pod::mount("scripts", SCRIPTS) };
    container.volume_mounts.get_or_insert_default().push(mount);
    container
}

/// The volumes of every job.
pub(super) fn volumes(saved: &Saved<'_>) -> Vec<Volume> {
    let scripts = ConfigMapVolumeSource { name: saved.object(), ..ConfigMapVolumeSource::default() };
    vec![
        pod::room("copy", "2Gi"),
        pod::room("tmp", "2Gi"),
        Volume { name: "scripts".to_owned(), config_map: Some(scripts), ..Volume::default() },
    ]
}
