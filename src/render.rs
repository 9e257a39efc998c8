//! Composes what the components make into one sealed [`Release`].
//!
//! There is no I/O, no clock and no randomness here: the same config gives the same bytes.

mod discovery;
mod images;
mod labels;
mod origin;
mod policies;
mod scraping;
mod seal;

pub use origin::config_path_of;

use std::collections::BTreeSet;

use crate::component::{self, ALL, Component, NamespaceNeed, Output};
use crate::config::Cluster;
use crate::diag::{Error, Result, did_you_mean};
use crate::manifest::{DeclaredSecret, Folder, Object, Release, ReleaseBuilder, folders};

/// What to render of a cluster.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Names of components; empty for all that are on.
    pub only: Vec<String>,
}

/// Renders the components of a cluster and seals the result.
///
/// # Errors
/// A usage error for a component name that does not exist or is not on; an internal error when a component made
/// something that must not be emitted.
pub fn render(cluster: &Cluster, selection: &Selection) -> Result<Release> {
    let built = compose(cluster, selection)?;
    seal::seal(&built, cluster)?;
    Ok(built.finish(cluster.cluster.name.as_str()))
}

/// Everything but the sealing.
fn compose(cluster: &Cluster, selection: &Selection) -> Result<ReleaseBuilder> {
    let on: Vec<&Component> = ALL.iter().filter(|component| (component.enabled)(cluster)).collect();
    let chosen = choose(&on, &selection.only)?;
    let needs: Vec<NamespaceNeed> = on.iter().flat_map(|component| (component.namespaces)(cluster)).collect();
    let mut built = ReleaseBuilder::default();
    for component in chosen {
        let mut output = Output::new(component.name, needs.clone());
        (component.render)(cluster, &mut output)?;
        let ReleaseBuilder { objects, files, secrets } = output.into_built();
        built.objects.extend(objects);
        built.files.extend(files);
        built.secrets.extend(secrets);
    }
    keep_delivered(&mut built.secrets);
    if selection.only.is_empty() {
        let parts = folders(&built.objects).iter().map(Folder::part).collect();
        built.objects.extend(component::tree(cluster, &parts)?);
    }
    // What reads metrics picks Services by their labels, so that these come before the policies.
    for object in &mut built.objects {
        complete(object, cluster);
    }
    scraping::annotate(&mut built.objects, cluster);
    let mut derived = policies::derived(&built.objects, cluster)?;
    for object in &mut derived {
        complete(object, cluster);
    }
    built.objects.extend(derived);
    discovery::annotate(&mut built.objects, cluster);
    Ok(built)
}

/// Whoever uses a Secret names the keys that it needs. Where the `secrets` component delivers the Secret, the keys that it has are known
/// and count alone, so that a need that nothing fills is found.
fn keep_delivered(secrets: &mut Vec<DeclaredSecret>) {
    let delivered: BTreeSet<(String, String)> = secrets
        .iter()
        .filter(|secret| secret.component == "secrets")
        .map(|secret| (secret.namespace.clone(), secret.name.clone()))
        .collect();
    secrets.retain(|secret| secret.component == "secrets" || !delivered.contains(&(secret.namespace.clone(), secret.name.clone())));
}

/// What every object gets, whichever component made it.
fn complete(object: &mut Object, cluster: &Cluster) {
    images::replace(object, &cluster.images);
    labels::complete(object, cluster);
}

fn choose<'a>(on: &[&'a Component], only: &[String]) -> Result<Vec<&'a Component>> {
    for name in only {
        if on.iter().any(|component| component.name == name) {
            continue;
        }
        if ALL.iter().any(|component| component.name == name) {
            return Err(Error::usage(format!("component `{name}` is not on in this config"))
                .hint(format!("components that are on: {}", names(on.iter().copied()))));
        }
        let error = Error::usage(format!("there is no component `{name}`"));
        return Err(match did_you_mean(name, ALL.iter().map(|component| component.name)) {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error.hint(format!("components: {}", names(ALL.iter()))),
        });
    }
    Ok(on.iter().copied().filter(|component| only.is_empty() || only.iter().any(|name| name == component.name)).collect())
}

fn names<'a>(components: impl Iterator<Item = &'a Component>) -> String {
    components.map(|component| format!("`{}`", component.name)).collect::<Vec<_>>().join(", ")
}
