//! One request to the API server, with the headers and failures that `kube::Client`'s typed calls hide.

use std::time::Duration;

use http::Request;
use kube::Client;
use kube::client::Body;
use kube::core::Status;
use serde_json::Value;
use tokio::time::sleep;

use super::warning::texts;
use crate::diag::{Error, Result};

/// Tries of a request that fails for reasons which pass.
const TRIES: u32 = 6;
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// What the server answered.
pub(super) struct Answer {
    pub code: u16,
    /// The texts of its `Warning` headers.
    pub warnings: Vec<String>,
    body: Vec<u8>,
}

impl Answer {
    pub(super) const fn is_good(&self) -> bool {
        self.code < 300
    }

    /// The object that came back; null when it is none.
    pub(super) fn object(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// What it said against the request.
    pub(super) fn status(&self) -> Status {
        let mut status: Status = serde_json::from_slice(&self.body).unwrap_or_default();
        if status.message.is_empty() {
            // Something in front of the API server answered.
            status.message = String::from_utf8_lossy(&self.body).chars().take(200).collect();
        }
        status.code = self.code;
        status
    }
}

/// How an object is handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Write {
    /// Server-side apply.
    Apply,
    /// Server-side apply, dry run.
    DryApply,
    /// Creation, dry run.
    DryCreate,
}

impl Write {
    const fn query(self) -> &'static str {
        match self {
            Self::Apply => "fieldManager=manifestgen&fieldValidation=Strict&force=true",
            Self::DryApply => "fieldManager=manifestgen&fieldValidation=Strict&force=true&dryRun=All",
            Self::DryCreate => "fieldManager=manifestgen&fieldValidation=Strict&dryRun=All",
        }
    }
}

/// Whether a GET of this path is answered with success. Failures count as no.
pub async fn exists(client: &Client, path: &str) -> bool {
    once(client, "GET", path, "application/json", &[]).await.is_ok_and(|answer| answer.is_good())
}

/// Fetches what stands at a path; none when nothing does.
pub(super) async fn get(client: &Client, path: &str) -> Result<Option<Value>> {
    let answer = send(client, "GET", path, "application/json", &[]).await?;
    match answer.code {
        404 => Ok(None),
        _ if answer.is_good() => Ok(Some(answer.object())),
        _ => Err(refused(&answer.status())),
    }
}

/// Hands an object over at a path.
pub(super) async fn write(client: &Client, write: Write, path: &str, object: &Value) -> Result<Answer> {
    let (method, content_type) = match write {
        Write::Apply | Write::DryApply => ("PATCH", "application/apply-patch+yaml"),
        Write::DryCreate => ("POST", "application/json"),
    };
    let body = serde_json::to_vec(object).map_err(|cause| Error::internal("an object does not serialize").caused_by(cause))?;
    let answer = send(client, method, &format!("{path}?{}", write.query()), content_type, &body).await?;
    match answer.code {
        401 => Err(refused(&answer.status())),
        // Who may not ask learns nothing about the object.
        403 if answer.status().message.contains(": User \"") => Err(refused(&answer.status())),
        _ => Ok(answer),
    }
}

async fn send(client: &Client, method: &str, path: &str, content_type: &str, body: &[u8]) -> Result<Answer> {
    let mut pause = FIRST_PAUSE;
    for left in (0..TRIES).rev() {
        let failure = match once(client, method, path, content_type, body).await {
            Ok(answer) if !passes(&answer) => return Ok(answer),
            Ok(answer) => failed(&answer.status()),
            Err(cause) => unreachable_server(cause),
        };
        if left == 0 {
            return Err(failure);
        }
        sleep(pause).await;
        pause *= 2;
    }
    Err(Error::internal("a request was never sent"))
}

async fn once(client: &Client, method: &str, path: &str, content_type: &str, body: &[u8]) -> std::result::Result<Answer, kube::Error> {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("accept", "application/json")
        .header("content-type", content_type)
        .body(Body::from(body.to_vec()))
        .map_err(kube::Error::HttpError)?;
    let (head, body) = client.send(request).await?.into_parts();
    let warnings = head.headers.get_all("warning").iter().flat_map(|value| texts(&String::from_utf8_lossy(value.as_bytes()))).collect();
    Ok(Answer { code: head.status.as_u16(), warnings, body: body.collect_bytes().await?.to_vec() })
}

/// Whether the failure is one of the moment. 500 is what the server also says to a field of a wrong type, without a `reason`
/// (see [`super::typed_patch`]), and to an object that etcd does not take.
fn passes(answer: &Answer) -> bool {
    match answer.code {
        429 | 502..=504 => true,
        409 => answer.status().reason == "Conflict",
        500 => !super::typed_patch::is_about_object(&answer.status().message),
        _ => false,
    }
}

fn unreachable_server(cause: kube::Error) -> Box<Error> {
    Error::environment("the API server cannot be reached")
        .caused_by(cause)
        .hint("check the address in the kubeconfig, and that the cluster runs")
}

fn failed(status: &Status) -> Box<Error> {
    Error::environment(format!("the API server failed ({}): {}", status.code, status.message))
}

fn refused(status: &Status) -> Box<Error> {
    if status.code == 401 {
        return Error::environment("the API server does not accept these credentials").hint("log in again, or name another context");
    }
    Error::environment(format!("the API server does not allow it: {}", status.message))
        .hint("a dry run needs the same permissions as the real thing: `patch` and `create` on every kind of the release")
}

/// A path segment with everything escaped that would end it.
pub(super) fn segment(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b':' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_stays_one() {
        assert_eq!(segment("system:node-1.x"), "system:node-1.x");
        assert_eq!(segment("a b?c%ü"), "a%20b%3Fc%25%C3%BC");
    }
}
