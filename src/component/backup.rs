//! Regular copies of Headscale's database and of Argo CD's settings, in a restic repository.
//!
//! Each program has a CronJob in its own namespace: one container makes a copy, the next one saves it. The scripts are run for real by
//! `tests/it/backup.rs`. Why a copy by SQLite itself and restic: docs/DECISIONS.md.

mod argocd;
mod headscale;
mod job;
mod store;

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::{Component, NamespaceNeed, Output, pod};
use crate::config::{Backup, Cluster};
use crate::diag::Result;
use crate::source::ConfigPath;

/// The row in the table of components.
pub(super) const BACKUP: Component =
    Component { name: NAME, enabled: |cluster| cluster.backup.is_some(), namespaces: needed_namespaces, render };

/// The name of the component, and what its pods are called.
const NAME: &str = "backup";

/// What the parts work on.
#[derive(Clone, Copy)]
struct Context<'a> {
    cluster: &'a Cluster,
    backup: &'a Backup,
}

/// One program that is saved.
struct Saved<'a> {
    /// Its name, also restic's tag.
    name: &'static str,
    namespace: &'a str,
    origin: ConfigPath,
    /// Ports that its copy needs besides that of the repository.
    ports: &'static [u16],
}

impl Saved<'_> {
    fn metadata(&self, name: &str) -> ObjectMeta {
        ObjectMeta { name: Some(name.to_owned()), namespace: Some(self.namespace.to_owned()), ..ObjectMeta::default() }
    }

    /// The name of its objects.
    fn object(&self) -> String {
        format!("{}-{NAME}", self.name)
    }
}

impl Context<'_> {
    /// What picks the pods of a program's jobs.
    fn selector(&self, saved: &Saved<'_>) -> BTreeMap<String, String> {
        pod::selector(self.cluster, &saved.object())
    }
}

fn at<'a>(keys: impl IntoIterator<Item = &'a str>) -> ConfigPath {
    keys.into_iter().fold(ConfigPath::of([NAME]), |path, key| path.key(key))
}

/// The namespaces are those of the programs.
const fn needed_namespaces(_: &Cluster) -> Vec<NamespaceNeed> {
    Vec::new()
}

fn render(cluster: &Cluster, out: &mut Output) -> Result<()> {
    let Some(backup) = &cluster.backup else { return Ok(()) };
    let context = Context { cluster, backup };
    if let Some(headscale) = cluster.headscale.as_ref().filter(|_| backup.saves_headscale(cluster)) {
        headscale::render(context, headscale, out)?;
    }
    if let Some(argocd) = cluster.argocd.as_ref().filter(|_| backup.saves_argocd(cluster)) {
        argocd::render(context, argocd, out)?;
    }
    Ok(())
}
