//! One object before the server, until everything that is wrong with it is known.

use kube::Client;
use serde_json::Value;

use super::field_path::{pointer, remove};
use super::refusal::{Cause, causes};
use super::request::{Answer, Write, write};
use super::typed_patch::{conversion, conversion_cause};
use crate::diag::Result;

/// The server stops at the first thing of some kinds; this many are asked for.
const ROUNDS: usize = 24;

/// What the server says to an object.
pub(super) struct Judgement {
    /// What it refuses; none when it takes the object.
    pub causes: Vec<Cause>,
    /// What it warns about.
    pub warnings: Vec<String>,
    /// The object as the server would keep it; null when it refuses it.
    pub accepted: Value,
}

/// Lets the server judge an object in dry runs.
///
/// Unknown fields and wrong types hide each other and everything that validation would say. So each is taken out of a copy once it is
/// known, and the copy is asked about again.
pub(super) async fn judge(client: &Client, how: Write, path: &str, object: &Value) -> Result<Judgement> {
    let mut copy = object.clone();
    let mut found: Vec<Cause> = Vec::new();
    let mut removed: Vec<String> = Vec::new();
    for _ in 0..ROUNDS {
        let answer = write(client, how, path, &copy).await?;
        if answer.is_good() {
            let accepted = if found.is_empty() { answer.object() } else { Value::Null };
            return Ok(Judgement { causes: found, warnings: answer.warnings, accepted });
        }
        let mut repairs = false;
        for cause in causes_of(client, how, path, &copy, &answer).await? {
            let Some(at) = cause.path.clone() else {
                push(&mut found, cause);
                continue;
            };
            // What was taken out is missing now, or is its default, because of us.
            if removed.contains(&at) {
                continue;
            }
            if matches!(cause.rule.as_str(), "schema/unknown-field" | "schema/type" | "schema/format") && remove(&mut copy, &at) {
                repairs = true;
                removed.push(at);
            }
            push(&mut found, cause);
        }
        if !repairs {
            return Ok(Judgement { causes: found, warnings: answer.warnings, accepted: Value::Null });
        }
    }
    Ok(Judgement { causes: found, warnings: Vec::new(), accepted: Value::Null })
}

fn push(found: &mut Vec<Cause>, cause: Cause) {
    if !found.contains(&cause) {
        found.push(cause);
    }
}

async fn causes_of(client: &Client, how: Write, path: &str, object: &Value, answer: &Answer) -> Result<Vec<Cause>> {
    let status = answer.status();
    let Some(detail) = conversion(&status.message) else { return Ok(causes(&status, object)) };
    let place = place_of(client, how, path, object, detail).await?;
    // Secrets and their like: a value that does not even decode is not shown.
    let value = place.as_deref().and_then(|place| object.pointer(place)).filter(|_| object["kind"] != "Secret");
    Ok(vec![conversion_cause(detail, place.clone(), value)])
}

/// Finds the value that the server cannot convert, whose place it does not tell: by halves, taking values out.
async fn place_of(client: &Client, how: Write, path: &str, object: &Value, detail: &str) -> Result<Option<String>> {
    if let Some(named) = pointer_in(detail, object) {
        return Ok(Some(named));
    }
    let mut suspects = Vec::new();
    leaves(object, "", &mut suspects);
    let mut rest = object.clone();
    while suspects.len() > 1 {
        let half = suspects.split_off(suspects.len() / 2);
        let mut copy = rest.clone();
        for suspect in &suspects {
            remove(&mut copy, suspect);
        }
        let answer = write(client, how, path, &copy).await?;
        let message = answer.status().message;
        if !answer.is_good() && conversion(&message).is_some() {
            // With the first half gone there is still one in the second. The first stays away: it may hold another.
            suspects = half;
            rest = copy;
        } else if message.starts_with("failed to create typed patch object") {
            // Some field was one that a list entry cannot do without.
            return Ok(None);
        }
    }
    Ok(suspects.pop())
}

/// Go names the field of some conversions: `… into Go struct field DeploymentSpec.spec.replicas of type int32`.
fn pointer_in(detail: &str, object: &Value) -> Option<String> {
    let (_, named) = detail.split_once("into Go struct field ")?;
    let (_, field) = named.split_whitespace().next()?.split_once('.')?;
    pointer(field, object).filter(|pointer| object.pointer(pointer).is_some())
}

/// Every scalar that may be taken out: fields of mappings, but none by which lists tell their entries apart.
fn leaves(value: &Value, at: &str, found: &mut Vec<String>) {
    const KEYS: [&str; 9] = ["name", "key", "type", "containerPort", "port", "protocol", "mountPath", "devicePath", "ip"];
    match value {
        Value::Object(fields) => {
            let in_list = at.rsplit('/').next().is_some_and(|token| token.parse::<usize>().is_ok());
            for (key, value) in fields.iter().filter(|(key, _)| !(at.is_empty() && matches!(key.as_str(), "apiVersion" | "kind"))) {
                let here = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
                match value {
                    Value::Object(_) | Value::Array(_) => leaves(value, &here, found),
                    Value::Null => {}
                    _ if in_list && KEYS.contains(&key.as_str()) => {}
                    _ => found.push(here),
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                leaves(item, &format!("{at}/{index}"), found);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn leaves_leave_identity_alone() {
        let object = json!({"apiVersion": "v1", "kind": "X", "spec": {"l": [{"name": "b", "v": 1}, 2], "n": null, "get": {"port": true}}});
        let mut found = Vec::new();
        leaves(&object, "", &mut found);
        assert_eq!(found, ["/spec/l/0/v", "/spec/get/port"]);
    }

    #[test]
    fn go_names_some_fields() {
        let object = json!({"spec": {"a": "x"}});
        assert_eq!(
            pointer_in("json: cannot unmarshal string into Go struct field Spec.spec.a of type int32", &object).as_deref(),
            Some("/spec/a")
        );
    }
}
