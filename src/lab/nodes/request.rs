//! Plain requests to the lab's API server.

use http::Request;
use kube::Client;
use serde_json::Value;

use crate::diag::{Error, Result};

/// The object, or the list of objects, at a path.
pub(super) async fn get(client: &Client, path: &str) -> Result<Value> {
    send(client, "GET", path, Vec::new()).await
}

/// Creates an object in the collection at a path.
pub(super) async fn create(client: &Client, path: &str, object: &Value) -> Result<Value> {
    send(client, "POST", path, object.to_string().into_bytes()).await
}

/// Deletes the object at a path.
pub(super) async fn delete(client: &Client, path: &str) -> Result<Value> {
    send(client, "DELETE", path, Vec::new()).await
}

async fn send(client: &Client, method: &str, path: &str, body: Vec<u8>) -> Result<Value> {
    let refused = |cause: Box<dyn std::error::Error + Send + Sync>| {
        Error::environment(format!("the lab's API server refused `{method} {path}`")).caused_by(cause)
    };
    let request =
        Request::builder().method(method).uri(path).header("content-type", "application/json").body(body).map_err(|e| refused(e.into()))?;
    client.request(request).await.map_err(|e| refused(e.into()))
}
