//! All objects in one text.

use serde::Serialize;

use crate::diag::{Error, Result};
use crate::manifest::{Object, Release};
use crate::yaml;

/// YAML documents in the order in which the objects can be created.
///
/// # Errors
/// An internal error for a value that YAML cannot hold, such as a number that is not finite.
pub fn yaml(release: &Release) -> Result<String> {
    documents(release.objects())
}

/// YAML documents of some objects.
pub(super) fn documents<'a>(objects: impl IntoIterator<Item = &'a Object>) -> Result<String> {
    let mut text = String::new();
    yaml::write_documents(&mut text, objects).map_err(|cause| Error::internal("the release cannot be written as YAML").caused_by(cause))?;
    Ok(text)
}

/// One `v1` `List` of all objects, as `kubectl` takes it.
///
/// # Errors
/// An internal error when an object does not serialize.
pub fn json(release: &Release) -> Result<String> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct List<'a> {
        api_version: &'static str,
        kind: &'static str,
        items: &'a [Object],
    }
    let list = List { api_version: "v1", kind: "List", items: release.objects() };
    let mut text =
        serde_json::to_string_pretty(&list).map_err(|cause| Error::internal("the release does not serialize").caused_by(cause))?;
    text.push('\n');
    Ok(text)
}
