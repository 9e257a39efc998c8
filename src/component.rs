//! What the cluster runs: one file or folder per component.
//!
//! A component is a row in [`ALL`]: it says for which config it is on, which namespaces it needs, and what it renders. Nothing
//! outside of its file and its config type knows it by name.

mod application;
mod argocd;
mod backup;
mod base;
mod cert_manager;
mod checksum;
mod dagger;
mod dashboard;
mod extra;
mod headscale;
mod ingress;
mod monitoring;
mod node;
mod operators;
mod output;
mod pod;
mod secrets;
mod system_upgrade;
mod traffic;
mod values;

pub use application::tree;
pub use dagger::{RunnerHost, runner_hosts};
pub use monitoring::{By, Target, targets};
pub use output::{NamespaceNeed, Output};
pub use traffic::PROMETHEUS;

use crate::config::Cluster;
use crate::diag::Result;

/// One component.
#[derive(Debug)]
pub struct Component {
    /// Its name on the command line (`--only`) and in the label `app.kubernetes.io/name`.
    pub name: &'static str,
    /// Whether this config asks for it.
    pub enabled: fn(&Cluster) -> bool,
    /// The namespaces that its objects live in.
    pub namespaces: fn(&Cluster) -> Vec<NamespaceNeed>,
    /// Makes its objects and files.
    pub render: fn(&Cluster, &mut Output) -> Result<()>,
}

/// All components, in no particular order.
pub const ALL: &[Component] = &[
    argocd::ARGOCD,
    base::BASE,
    headscale::HEADSCALE,
    dagger::DAGGER,
    dashboard::DASHBOARD,
    operators::OPERATORS,
    node::NODE,
    ingress::INGRESS,
    cert_manager::CERT_MANAGER,
    application::APPLICATION,
    extra::EXTRA,
    secrets::SECRETS,
    backup::BACKUP,
    system_upgrade::SYSTEM_UPGRADE,
    monitoring::MONITORING,
];
