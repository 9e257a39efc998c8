//! The sections `applications`, `projects` and `gitops`: what Argo CD keeps the cluster in step with.
//!
//! An entry is short, or holds the whole `spec` of Argo CD's custom resource. The structs of those specs have the names of argo-cd 3.5.1
//! (`pkg/apis/application/v1alpha1`), so that its documentation applies.

mod check;
mod destination;
mod entry;
mod gitops;
mod helm;
mod kustomize;
mod project;
mod repositories;
mod resource;
mod set;
mod source;
mod spec;
mod sync_entry;
mod sync_policy;
mod value;

pub use check::{check, sources};
pub use destination::{LOCAL_SERVER, TargetCluster};
pub use entry::{ARGOCDS_OWN, Application, DEFAULT_PROJECT, Project};
pub use gitops::{Gitops, TREE_PROJECT, reserved_names};
pub use helm::{Helm, HelmFileParameter, HelmParameter};
pub use kustomize::{Kustomize, KustomizePatch, KustomizeReplica, KustomizeTarget};
pub use project::*;
pub use repositories::{RepositoryUse, repositories};
pub use set::*;
pub use source::*;
pub use spec::{ApplicationSpec, Destination, IgnoreDifference, Info};
pub use sync_entry::{AutomatedEntry, BackoffEntry, Confirmation, PropagationPolicy, RetryEntry, SyncOptions, SyncPolicyEntry};
pub use sync_policy::{Automated, Backoff, NamespaceMetadata, Retry, SyncPolicy};
pub use value::{ConfigMapKeyRef, IntOrText, Operator, Requirement, SecretRef, Selector};

use super::dependencies::Graph;

/// Whether a text has parameters of an ApplicationSet, whose values nobody knows yet.
#[must_use]
pub fn has_parameters(text: &str) -> bool {
    text.contains("{{")
}

/// The sync wave of each Application: one more than the latest that it waits for, 0 where it waits for none.
#[must_use]
pub fn waves(applications: &[Application]) -> Vec<u32> {
    Graph::new(applications.iter().map(|entry| (entry.name.as_str(), entry.depends_on.as_slice()))).waves()
}
