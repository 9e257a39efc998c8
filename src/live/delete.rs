//! Deleting one object, and only that one.

use kube::Client;
use serde_json::{Value, json};

use super::request::{Call, JSON, allowed, failed, send};
use crate::diag::Result;

/// What became of a deletion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deleted {
    /// The server took it; the object goes once its finalizers are done.
    Accepted,
    /// It was not there any more.
    Gone,
    /// Another object has its name now, or it changed: left alone.
    Another,
}

/// Deletes what stands at a path, if it is the object with this uid. What it owns follows in the background.
pub(super) async fn delete(client: &Client, path: &str, uid: Option<&str>) -> Result<Deleted> {
    let mut options: Value = json!({"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background"});
    if let Some(uid) = uid {
        options["preconditions"] = json!({"uid": uid});
    }
    let answer = allowed(send(client, &Call::with("DELETE", path, JSON, &options)).await?)?;
    match answer.code {
        404 => Ok(Deleted::Gone),
        409 => Ok(Deleted::Another),
        _ if answer.is_good() => Ok(Deleted::Accepted),
        _ => Err(failed(&answer.status())),
    }
}
