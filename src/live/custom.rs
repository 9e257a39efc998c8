//! `CustomResourceDefinitions`: creating them, and waiting until their kinds are served.

use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};
use kube::Client;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::discovery::served;
use super::refusal::{Cause, causes};
use super::request::{Write, exists, get, segment, write};
use crate::diag::{Error, Result};

/// The path of all definitions.
const PATH: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
/// Serving a new kind takes tens of milliseconds.
const PATIENCE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(10);

/// Creates definitions that the cluster will have from elsewhere, and waits until their kinds are served.
///
/// # Errors
/// An environment error when the server refuses one.
pub async fn define(client: &Client, definitions: &[Value]) -> Result<()> {
    stream::iter(definitions)
        .map(|definition| async {
            let name = definition.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
            let answer = write(client, Write::Apply, &path(name), &without_conversion(definition)).await?;
            let refusal =
                if answer.is_good() { established(client, definition).await? } else { causes(&answer.status(), definition).pop() };
            refusal.map_or(Ok(()), |cause| {
                Err(Error::environment(format!("the API server refuses the definition `{name}`: {}", cause.message)))
            })
        })
        .buffer_unordered(4)
        .try_collect()
        .await
}

/// The path of one definition.
pub(super) fn path(name: &str) -> String {
    format!("{PATH}/{}", segment(name))
}

/// A definition whose objects need no webhook to be converted: in a server that is thrown away nobody serves one.
pub(super) fn without_conversion(definition: &Value) -> Value {
    let mut definition = definition.clone();
    if definition.pointer("/spec/conversion/strategy").and_then(Value::as_str) == Some("Webhook") {
        definition["spec"]["conversion"] = json!({"strategy": "None"});
    }
    definition
}

/// Waits until all kinds of a definition that was just created are served; the cause when that will not happen.
pub(super) async fn established(client: &Client, definition: &Value) -> Result<Option<Cause>> {
    let name = definition.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
    let deadline = Instant::now() + PATIENCE;
    let late = || Error::environment(format!("the API server does not serve the kinds of `{name}` after {} s", PATIENCE.as_secs()));
    loop {
        let now = get(client, &path(name)).await?.unwrap_or_default();
        if let Some(refused) = condition(&now, "NamesAccepted").filter(|condition| condition["status"] == "False") {
            let message = refused["message"].as_str().unwrap_or("its names are not accepted");
            return Ok(Some(Cause { path: Some("/spec/names".to_owned()), ..Cause::new("schema/duplicate", message) }));
        }
        if let Some(refused) = condition(&now, "NonStructuralSchema").filter(|condition| condition["status"] == "True") {
            let message = refused["message"].as_str().unwrap_or("its schema is not structural");
            return Ok(Some(Cause { path: Some("/spec/versions".to_owned()), ..Cause::new("schema/value", message) }));
        }
        if condition(&now, "Established").is_some_and(|condition| condition["status"] == "True") {
            break;
        }
        if Instant::now() > deadline {
            return Err(late());
        }
        sleep(POLL).await;
    }
    // The condition comes before the handler.
    let plural = definition.pointer("/spec/names/plural").and_then(Value::as_str).unwrap_or_default();
    for (api_version, _) in served(definition) {
        while !exists(client, &format!("/apis/{api_version}/{plural}?limit=1")).await {
            if Instant::now() > deadline {
                return Err(late());
            }
            sleep(POLL).await;
        }
    }
    Ok(None)
}

fn condition<'a>(definition: &'a Value, kind: &str) -> Option<&'a Value> {
    definition.pointer("/status/conditions")?.as_array()?.iter().find(|condition| condition["type"] == kind)
}
