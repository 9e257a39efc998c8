//! Writing one object, however often it takes.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::diag::Result;
use crate::live::fields::adopt;
use crate::live::plan::{Action, Item};
use crate::live::refusal::{Cause, causes};
use crate::live::request::{Answer, Call, JSON_PATCH, Write, allowed, failed, get, send, write};
use crate::live::target::Target;
use crate::live::webhook;

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

/// What a write came to.
pub(super) enum Put {
    Done,
    Refused(Vec<Cause>),
}

/// Writes one object.
pub(super) async fn put(target: &Target, item: &Item, path: &str, force: bool, deadline: Instant) -> Result<Put> {
    let wanted = &item.wanted;
    let live = if item.action == Action::Change { migrate(target, path, item.live.clone()).await? } else { None };
    let how = if force || item.shares { Write::Apply } else { Write::ApplyOwn };
    let mut value = wanted.value.clone();
    if item.shares && !force {
        // Only what was looked at may be taken along: a value that somebody changes meanwhile is theirs.
        value["metadata"]["resourceVersion"] = live.as_ref().and_then(|live| live.pointer("/metadata/resourceVersion")).cloned().into();
    }
    let mut pause = FIRST_PAUSE;
    loop {
        let answer = write(&target.client, how, path, &value).await?;
        if answer.is_good() {
            return Ok(Put::Done);
        }
        if !may_pass(&answer) || Instant::now() + pause > deadline {
            return Ok(Put::Refused(causes(&answer.status(), &wanted.value)));
        }
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Refusals that end by themselves, while what was applied before comes up.
fn may_pass(answer: &Answer) -> bool {
    let status = answer.status();
    let says = |words: &str| status.message.contains(words);
    match answer.code {
        500 => webhook::is_silent(&status.message),
        // A kind that was defined a moment ago is served by one API server and not yet by the next.
        404 => says("could not find the requested resource"),
        // A controller makes it for every namespace.
        403 => says("no API token found for service account") || says("error looking up service account"),
        _ => false,
    }
}

/// Makes the fields of client-side apply ours, so that what leaves the release goes.
///
/// The version in the patch makes a lost race visible: then it is looked at again. Gives the object as it is now.
async fn migrate(target: &Target, path: &str, mut live: Option<Value>) -> Result<Option<Value>> {
    while let Some(object) = &live {
        let Some(adopted) = adopt(object) else { break };
        let patch = json!([
            {"op": "replace", "path": "/metadata/managedFields", "value": adopted},
            {"op": "replace", "path": "/metadata/resourceVersion", "value": object["metadata"]["resourceVersion"]},
        ]);
        let answer = allowed(send(&target.client, &Call::with("PATCH", path, JSON_PATCH, &patch)).await?)?;
        match answer.code {
            _ if answer.is_good() => return Ok(Some(answer.object())),
            404 => return Ok(None),
            409 => live = get(&target.client, path).await?,
            _ => return Err(failed(&answer.status())),
        }
    }
    Ok(live)
}
