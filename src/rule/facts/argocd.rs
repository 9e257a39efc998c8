//! What Argo CD's custom resources of a cluster file stand on.

use crate::manifest::Object;

/// The way out where Argo CD is missing: the section of the cluster file that brings it, for objects that other sections make.
pub(in crate::rule) fn section(object: &Object) -> Option<&'static str> {
    let is_ours = object.group() == "argoproj.io" && matches!(object.component(), "application" | "gitops" | "operators" | "monitoring");
    is_ours.then_some("`argocd: {}` in the cluster file brings Argo CD")
}
