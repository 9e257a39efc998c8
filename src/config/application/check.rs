//! What a schema cannot say about Applications: values that must fit each other, and Argo CD's own conditions.

mod depends_on;
mod form;
mod names;
mod permission;
mod sources;
mod sync;

pub use form::sources;

use super::Application;
use crate::config::{Cluster, Problems};
use crate::source::ConfigPath;

/// Checks the sections `applications`, `projects` and `gitops`.
pub fn check(cluster: &Cluster, problems: &mut Problems) {
    for topic in [form::check, sources::check, sync::check, names::check, depends_on::check, permission::check] {
        topic(cluster, problems);
    }
}

/// The path of an entry.
fn at(number: usize) -> ConfigPath {
    ConfigPath::of(["applications"]).index(number)
}

fn entries(cluster: &Cluster) -> impl Iterator<Item = (ConfigPath, &Application)> {
    cluster.applications.iter().enumerate().map(|(number, entry)| (at(number), entry))
}
