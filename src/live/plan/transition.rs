//! Refusals that are about the way from the present object to the wanted one, not about the wanted one.

use serde_json::Value;

use crate::diag::Result;
use crate::live::refusal::Cause;
use crate::live::request::{Call, JSON, MANAGER, send};
use crate::live::target::{Target, Wanted};

/// What the server says in its own words to changes that it never takes (kube-apiserver 1.33 to 1.36).
const NEVER: [&str; 9] = [
    "cannot be changed once the object exists",
    "field is immutable",
    "is immutable",
    "may not change once set",
    "cannot change roleRef",
    "updates to statefulset spec for fields other than",
    "pod updates may not change fields other than",
    "may not be changed",
    "must not be changed",
];

/// Whether creating the object anew would get around a refusal.
pub(super) async fn is_about_the_change(target: &Target, wanted: &Wanted, causes: &[Cause]) -> Result<bool> {
    if causes.is_empty() {
        return Ok(false);
    }
    if causes.iter().all(|cause| NEVER.iter().any(|words| cause.message.contains(words))) {
        return Ok(true);
    }
    // A creation is validated before the name is found to be taken. What passes there was refused for the sake of the present object:
    // that is how a transition rule (`oldSelf`) shows.
    let Some((collection, _)) = wanted.path.as_deref().and_then(|path| path.rsplit_once('/')) else { return Ok(false) };
    let path = format!("{collection}?fieldManager={MANAGER}&fieldValidation=Strict&dryRun=All");
    let answer = send(&target.client, &Call::with("POST", &path, JSON, &wanted.value)).await?;
    Ok(answer.code == 409 && answer.status().reason == "AlreadyExists")
}

/// Kinds that are never deleted in order to be created anew: what they hold would be lost.
pub(super) fn may_be_replaced(value: &Value) -> bool {
    !matches!(value["kind"].as_str(), Some("PersistentVolumeClaim" | "PersistentVolume" | "Namespace" | "CustomResourceDefinition"))
}
