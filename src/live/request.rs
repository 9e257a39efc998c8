//! One request to the API server, with the headers and failures that `kube::Client`'s typed calls hide.

use std::time::Duration;

use http::Request;
use kube::Client;
use kube::client::Body;
use kube::core::Status;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::warning::texts;
use super::webhook;
use crate::diag::{Error, Result};

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// How long a server may be away or busy: it restarts in seconds, and an election of etcd takes as long.
const AWAY: Duration = Duration::from_mins(1);
/// How long an answer may be that somebody else was quicker, or that something inside the server failed.
const TROUBLED: Duration = Duration::from_secs(6);

/// What the server answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub code: u16,
    /// The texts of its `Warning` headers.
    pub warnings: Vec<String>,
    /// When to ask again (`Retry-After`, RFC 9110, section 10.2.3; the API server gives seconds).
    retry_after: Option<Duration>,
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

    /// The body as text, a log for example.
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
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
    /// Server-side apply that takes fields from whoever owns them.
    Apply,
    /// The same as a dry run.
    DryApply,
    /// Server-side apply that is refused where others own a field.
    ApplyOwn,
    /// The same as a dry run.
    DryApplyOwn,
    /// Creation, dry run.
    DryCreate,
}

/// The name under which fields are owned.
pub(super) const MANAGER: &str = "manifestgen";

/// JSON, the type of most bodies.
pub(super) const JSON: &str = "application/json";
/// Server-side apply; JSON is YAML.
pub(super) const APPLY: &str = "application/apply-patch+yaml";
/// RFC 6902.
pub(super) const JSON_PATCH: &str = "application/json-patch+json";

/// A request.
#[derive(Debug, Clone)]
pub(super) struct Call<'a> {
    pub method: &'static str,
    /// With the query.
    pub path: &'a str,
    pub content_type: &'static str,
    pub accept: &'static str,
    pub body: Vec<u8>,
}

impl<'a> Call<'a> {
    pub(super) const fn get(path: &'a str) -> Self {
        Self { method: "GET", path, content_type: JSON, accept: JSON, body: Vec::new() }
    }

    pub(super) fn with(method: &'static str, path: &'a str, content_type: &'static str, body: &Value) -> Self {
        Self { method, path, content_type, accept: JSON, body: body.to_string().into_bytes() }
    }
}

impl Write {
    const fn query(self) -> &'static str {
        match self {
            Self::Apply => "fieldManager=manifestgen&fieldValidation=Strict&force=true",
            Self::DryApply => "fieldManager=manifestgen&fieldValidation=Strict&force=true&dryRun=All",
            Self::ApplyOwn => "fieldManager=manifestgen&fieldValidation=Strict&force=false",
            Self::DryApplyOwn => "fieldManager=manifestgen&fieldValidation=Strict&force=false&dryRun=All",
            Self::DryCreate => "fieldManager=manifestgen&fieldValidation=Strict&dryRun=All",
        }
    }
}

/// Whether a GET of this path is answered with success. Failures count as no.
pub async fn exists(client: &Client, path: &str) -> bool {
    once(client, &Call::get(path)).await.is_ok_and(|answer| answer.is_good())
}

/// Fetches what stands at a path; none when nothing does.
pub(super) async fn get(client: &Client, path: &str) -> Result<Option<Value>> {
    let answer = send(client, &Call::get(path)).await?;
    match answer.code {
        404 => Ok(None),
        _ if answer.is_good() => Ok(Some(answer.object())),
        _ => Err(refused(&answer.status())),
    }
}

/// Hands an object over at a path.
pub(super) async fn write(client: &Client, write: Write, path: &str, object: &Value) -> Result<Answer> {
    let (method, content_type) = match write {
        Write::Apply | Write::DryApply | Write::ApplyOwn | Write::DryApplyOwn => ("PATCH", APPLY),
        Write::DryCreate => ("POST", JSON),
    };
    let path = format!("{path}?{}", write.query());
    allowed(send(client, &Call::with(method, &path, content_type, object)).await?)
}

/// The answer, unless it says that we may not even ask.
pub(super) fn allowed(answer: Answer) -> Result<Answer> {
    match answer.code {
        401 => Err(refused(&answer.status())),
        // Who may not ask learns nothing about the object.
        403 if answer.status().message.contains(": User \"") => Err(refused(&answer.status())),
        _ => Ok(answer),
    }
}

/// Sends a request, again and again while it fails for reasons that pass.
///
/// Whatever is sent may arrive twice: an answer can be lost on its way back.
pub(super) async fn send(client: &Client, call: &Call<'_>) -> Result<Answer> {
    let started = Instant::now();
    let mut pause = FIRST_PAUSE;
    loop {
        let (failure, patience, asked) = match once(client, call).await {
            Ok(answer) => match patience(call, &answer) {
                None => return Ok(answer),
                Some(patience) => (failed(&answer.status()), patience, answer.retry_after),
            },
            Err(cause) => (unreachable_server(cause), AWAY, None),
        };
        let wait = asked.unwrap_or(pause);
        if started.elapsed() + wait > patience {
            return Err(failure);
        }
        sleep(wait).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

pub(super) async fn once(client: &Client, call: &Call<'_>) -> std::result::Result<Answer, kube::Error> {
    let request = Request::builder()
        .method(call.method)
        .uri(call.path)
        .header("accept", call.accept)
        .header("content-type", call.content_type)
        .body(Body::from(call.body.clone()))
        .map_err(kube::Error::HttpError)?;
    let (head, body) = client.send(request).await?.into_parts();
    let warnings = head.headers.get_all("warning").iter().flat_map(|value| texts(&String::from_utf8_lossy(value.as_bytes()))).collect();
    let retry_after = head.headers.get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok()).map(Duration::from_secs);
    Ok(Answer { code: head.status.as_u16(), warnings, retry_after, body: body.collect_bytes().await?.to_vec() })
}

/// How long to ask again, if the failure is one of the moment. 500 is what the server also says to a field of a wrong type, without a
/// `reason` (see [`super::typed_patch`]), and to an object that etcd does not take.
fn patience(call: &Call<'_>, answer: &Answer) -> Option<Duration> {
    match answer.code {
        429 | 502..=504 => Some(AWAY),
        // Any other write with a conflict carries the version that it wants to change.
        409 => (call.content_type == APPLY && is_overtaken(&answer.status())).then_some(TROUBLED),
        500 => {
            let message = answer.status().message;
            // How long a webhook is waited for is for whoever writes to say.
            let is_answer = super::typed_patch::is_about_object(&message) || call.method != "GET" && webhook::is_silent(&message);
            (!is_answer).then_some(TROUBLED)
        }
        _ => None,
    }
}

/// Whether a write lost a race that it did not ask for: no precondition of the request's own, and no field that somebody else owns.
fn is_overtaken(status: &Status) -> bool {
    status.reason == "Conflict"
        && status.message.contains("the object has been modified")
        && status.details.as_ref().is_none_or(|details| details.causes.is_empty())
}

fn unreachable_server(cause: kube::Error) -> Box<Error> {
    Error::environment("the API server cannot be reached")
        .caused_by(cause)
        .hint("check the address in the kubeconfig, and that the cluster runs")
}

pub(super) fn failed(status: &Status) -> Box<Error> {
    Error::environment(format!("the API server failed ({}): {}", status.code, status.message))
}

pub(super) fn refused(status: &Status) -> Box<Error> {
    if status.code == 401 {
        return Error::environment("the API server does not accept these credentials").hint("log in again, or name another context");
    }
    Error::environment(format!("the API server does not allow it: {}", status.message))
        .hint("it takes `get`, `list`, `patch`, `create` and `delete` on every kind of the release; a dry run needs the same permissions")
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
