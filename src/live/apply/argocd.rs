//! What Argo CD needs before it meets an Application.
//!
//! It compares an Application when it meets it. Where its repository server or its cache does not answer yet, it notes that in the
//! Application's conditions and compares again with the next refresh only, two to three minutes later (`timeout.reconciliation` of
//! `argocd-cm`; `controller/appcontroller.go` of `github.com/argoproj/argo-cd` 3.5). Measured with Argo CD and an Application in one
//! release: 232 s until it was synced, and 91 s with the Application after them.

use crate::live::plan::{Action, Item};
use crate::manifest::Object;

const COMPONENT: &str = "/metadata/labels/app.kubernetes.io~1component";
const PART_OF: &str = "/metadata/labels/app.kubernetes.io~1part-of";

/// The workloads of Argo CD that an Application needs, as its own manifests label them.
pub(super) fn workloads(items: &[Item]) -> Vec<Object> {
    let objects = items.iter().map(|item| &item.wanted.object);
    objects.filter(|object| is_needed(object)).cloned().collect()
}

fn is_needed(object: &Object) -> bool {
    let label = |pointer| object.pointer(pointer).and_then(serde_json::Value::as_str);
    object.group() == "apps" && label(PART_OF) == Some("argocd") && matches!(label(COMPONENT), Some("redis" | "repo-server"))
}

/// Whether a wave shows Argo CD something new to compare.
pub(super) fn is_met(wave: &[Item]) -> bool {
    wave.iter().filter(|item| item.action != Action::Unchanged).any(|item| {
        let object = &item.wanted.object;
        object.group() == "argoproj.io" && matches!(object.kind(), "Application" | "ApplicationSet")
    })
}
