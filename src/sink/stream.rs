//! All objects in one text.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::diag::{Error, Result};
use crate::manifest::{Object, Release};
use crate::yaml;

/// YAML documents in the order in which the objects can be created, in texts that follow each other.
///
/// # Errors
/// An internal error for a value that YAML cannot hold, such as a number that is not finite.
pub fn yaml(release: &Release) -> Result<Vec<Cow<'static, str>>> {
    let documents: Vec<_> = release.objects().iter().map(of_object).collect();
    yaml::documents_to_texts(&documents).map_err(not_written)
}

fn of_object(object: &Object) -> yaml::Document<'_, Map<String, Value>> {
    let (value, rest) = object.parts();
    yaml::Document { value, rest }
}

/// One object as a YAML document.
pub(super) fn document(object: &Object) -> Result<String> {
    yaml::documents_to_texts(&[of_object(object)]).map(|texts| texts.concat()).map_err(not_written)
}

fn not_written(cause: yaml::WriteError) -> Box<Error> {
    Error::internal("the release cannot be written as YAML").caused_by(cause)
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
