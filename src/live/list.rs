//! Lists of objects, page by page.

use kube::Client;
use serde_json::Value;

use super::request::{Call, refused, segment, send};
use crate::diag::{Error, Result};

/// Objects on a page: what kubectl asks for at once.
const PAGE: usize = 500;
/// Only their metadata (`meta.k8s.io/v1`); a server that cannot make it sends whole objects.
const METADATA: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";

/// What a list came to.
pub(super) enum Listed {
    /// The objects' metadata, under `metadata`.
    Items(Vec<Value>),
    /// We may not list them.
    Forbidden(Box<Error>),
}

/// The metadata of all objects at a path that carry a label.
pub(super) async fn list(client: &Client, path: &str, selector: &str) -> Result<Listed> {
    let mut items = Vec::new();
    let mut next = String::new();
    loop {
        let query = format!("{path}?limit={PAGE}&labelSelector={}&continue={}", segment(selector), segment(&next));
        let answer = send(client, &Call { accept: METADATA, ..Call::get(&query) }).await?;
        match answer.code {
            // The kind went away meanwhile.
            404 | 405 => return Ok(Listed::Items(items)),
            403 => return Ok(Listed::Forbidden(refused(&answer.status()))),
            // The page's continuation is too old: begin again.
            410 => {
                items.clear();
                next.clear();
                continue;
            }
            _ if !answer.is_good() => return Err(refused(&answer.status())),
            _ => {}
        }
        let mut page = answer.object();
        if let Some(Value::Array(found)) = page.get_mut("items").map(Value::take) {
            items.extend(found);
        }
        match page.pointer("/metadata/continue").and_then(Value::as_str).filter(|more| !more.is_empty()) {
            Some(more) => more.clone_into(&mut next),
            None => return Ok(Listed::Items(items)),
        }
    }
}
