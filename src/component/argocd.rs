//! Argo CD: upstream's own install, typed.
//!
//! Facts are read in `manifests/` of Argo CD 2.13.2 and 3.5.1; `tests/it/argocd_parity.rs` compares every field with them, and
//! docs/ARGOCD.md lists the differences.

mod access;
mod application_set;
mod config_maps;
mod controller;
mod crds;
mod dex;
mod known_noise;
mod login;
mod network_policies;
mod notifications;
mod parameters;
mod part;
mod pod;
mod redis;
mod redis_ha;
mod redis_ha_server;
mod repo_server;
mod repositories;
mod secrets;
mod server;
mod services;
mod settings;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::{Component, NamespaceNeed, Output};
use crate::config::argocd::{ArgoCd, Minor, Scope};
use crate::config::{Cluster, PodSecurity};
use crate::diag::Result;
use crate::source::ConfigPath;
use part::Part;

/// The row in the table of components.
pub(super) const ARGOCD: Component =
    Component { name: NAME, enabled: |cluster| cluster.argocd.is_some(), namespaces: needed_namespaces, render };

/// The name of the component, and what upstream's objects are a part of.
const NAME: &str = "argocd";

/// What the parts work on.
#[derive(Clone, Copy)]
struct Context<'a> {
    cluster: &'a Cluster,
    argocd: &'a ArgoCd,
}

impl Context<'_> {
    /// The parts that run, in upstream's order.
    fn parts(&self) -> impl Iterator<Item = Part> {
        Part::ALL.into_iter().filter(|part| match part {
            Part::Dex => self.argocd.dex.enabled,
            Part::Notifications => self.argocd.notifications.enabled,
            Part::ApplicationSet => self.argocd.application_set.enabled,
            Part::Redis => !self.argocd.ha,
            Part::RedisHa | Part::HaProxy => self.argocd.ha,
            Part::Controller | Part::RepoServer | Part::Server => true,
        })
    }

    fn has(&self, part: Part) -> bool {
        self.parts().any(|other| other == part)
    }

    /// Whether it is the newer of the two versions.
    fn is_new(&self) -> bool {
        self.argocd.minor() == Minor::V35
    }

    /// Of an object in Argo CD's namespace, with upstream's labels.
    fn metadata(&self, name: &str, labels: part::Labels<'_>) -> ObjectMeta {
        ObjectMeta { namespace: Some(self.argocd.namespace.to_string()), ..self.cluster_metadata(name, labels) }
    }

    /// Of an object that is in no namespace.
    #[allow(clippy::unused_self)]
    fn cluster_metadata(&self, name: &str, labels: part::Labels<'_>) -> ObjectMeta {
        ObjectMeta { name: Some(name.to_owned()), labels: Some(labels.to_map()), ..ObjectMeta::default() }
    }
}

fn at<'a>(keys: impl IntoIterator<Item = &'a str>) -> ConfigPath {
    keys.into_iter().fold(ConfigPath::of([NAME]), |path, key| path.key(key))
}

fn needed_namespaces(cluster: &Cluster) -> Vec<NamespaceNeed> {
    let need = |argocd: &ArgoCd| NamespaceNeed {
        name: argocd.namespace.to_string(),
        pod_security: Some(PodSecurity::Restricted),
        origin: at(["namespace"]),
    };
    cluster.argocd.iter().map(need).collect()
}

fn render(cluster: &Cluster, out: &mut Output) -> Result<()> {
    let Some(argocd) = &cluster.argocd else { return Ok(()) };
    let context = Context { cluster, argocd };
    if argocd.scope == Scope::Cluster {
        crds::render(context, out)?;
    }
    access::render(context, out)?;
    config_maps::render(context, out)?;
    secrets::render(context, out)?;
    repositories::render(context, out)?;
    services::render(context, out)?;
    for part in context.parts() {
        let origin = part.origin();
        match part {
            Part::Controller => out.object(origin, &controller::stateful_set(context))?,
            Part::ApplicationSet => out.object(origin, &application_set::deployment(context))?,
            Part::Dex => out.object(origin, &dex::deployment(context))?,
            Part::Notifications => out.object(origin, &notifications::deployment(context))?,
            Part::Redis => out.object(origin, &redis::deployment(context))?,
            Part::RedisHa => out.object(origin, &redis_ha_server::stateful_set(context)?)?,
            Part::HaProxy => out.object(origin, &redis_ha::proxy(context)?)?,
            Part::RepoServer => out.object(origin, &repo_server::deployment(context))?,
            Part::Server => out.object(origin, &server::deployment(context))?,
        }
    }
    network_policies::render(context, out)
}
