//! Kubernetes' own kinds in the versions that manifestgen knows, and common custom resources, embedded in the binary.
//!
//! The data under `data/` is made by `cargo run --example generate_data` from the Go modules that `origin.json` names there.

mod argocd;
mod custom;
mod definitions;
mod kind;
mod parse;
mod pattern;
mod schema;
mod text;
mod validation;

use std::sync::LazyLock;

pub use argocd::{ArgocdCrd, argocd_crd, argocd_crd_versions, argocd_files, argocd_known_hosts};
pub use custom::{CustomKind, EmbeddedCrd, custom_kinds, embedded_crds, embedded_kind};
pub use definitions::Definitions;
pub use kind::{Kind, Scope};
pub use parse::value as read_schema;
pub use pattern::{Pattern, go_regex};
pub use schema::{Array, Constraints, Format, ListType, Object, Schema, Type};
pub use validation::Validation;

use crate::diag::{Error, Result, did_you_mean};
use crate::versions::{KUBERNETES, KUBERNETES_MINORS};

static DEFINITIONS: [LazyLock<Definitions>; KUBERNETES_MINORS.len()] = [
    LazyLock::new(|| Definitions::embedded(0)),
    LazyLock::new(|| Definitions::embedded(1)),
    LazyLock::new(|| Definitions::embedded(2)),
    LazyLock::new(|| Definitions::embedded(3)),
    LazyLock::new(|| Definitions::embedded(4)),
];

/// The kinds and definitions of one Kubernetes version: `1.36`, `1.36.3`, or with k3s' suffix `v1.36.3+k3s1`. The patch does not matter.
///
/// # Errors
/// Wrong usage when the minor is not one of [`KUBERNETES_MINORS`].
pub fn kubernetes(version: &str) -> Result<&'static Definitions> {
    let minor = minor(version);
    KUBERNETES_MINORS.iter().position(|known| *known == minor).map(|index| &*DEFINITIONS[index]).ok_or_else(|| {
        let error = Error::usage(format!("Kubernetes `{version}` is not a version that manifestgen knows"));
        let known = format!("known are {}", KUBERNETES_MINORS.join(", "));
        match did_you_mean(minor, KUBERNETES_MINORS) {
            Some(near) => error.hint(format!("did you mean `{near}`? {known}")),
            None => error.hint(known),
        }
    })
}

/// Unpacks on another thread what most commands ask for a little later, in that order: the kinds of the version that clusters have by default
/// and of the oldest one, Argo CD's definitions as they are written, and last all embedded ones, which a check reads and a render of Argo CD
/// does not. Asked for earlier, they are waited for.
pub fn unpack_ahead() {
    rayon::spawn(|| {
        let _ = (kubernetes(KUBERNETES), all_versions().next());
        argocd::unpack_ahead();
        let _ = embedded_crds();
    });
}

/// All versions, oldest first.
pub fn all_versions() -> impl Iterator<Item = &'static Definitions> {
    DEFINITIONS.iter().map(|definitions| &**definitions)
}

/// `1.36` of `v1.36.3+k3s1`; what has no two parts stays as it is.
fn minor(version: &str) -> &str {
    let version = version.strip_prefix('v').unwrap_or(version);
    match version.match_indices('.').nth(1) {
        Some((end, _)) => &version[..end],
        None => version,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_found_by_its_minor() {
        for version in ["1.36", "1.36.3", "v1.36.3+k3s1"] {
            assert_eq!(kubernetes(version).expect("known").minor(), "1.36");
        }
    }

    #[test]
    fn an_unknown_version_names_the_known_ones() {
        for version in ["1.3", "1.32.1", "latest", ""] {
            let error = kubernetes(version).expect_err("unknown");
            assert!(error.hints.concat().contains("1.33, 1.34, 1.35, 1.36, 1.37"), "{error:?}");
        }
    }
}
