//! Findings as SARIF 2.1.0, for code scanning.
//!
//! The format is OASIS' (<https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>). What GitHub needs on top of it: a place for
//! every result, a description for every rule, and fingerprints that stay when lines move
//! (<https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning>).

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::diag::{Error, Finding, ObjectRef, Result, Severity};
use crate::manifest::hex;
use crate::rule;

use super::report::{Report, causes};

/// GitHub takes no more results from one run.
const MOST_RESULTS: usize = 25_000;

impl Report {
    /// The SARIF document, with the error that ended the check early, if one did. `subject` is the file that findings without a place
    /// are shown at.
    pub(super) fn to_sarif(&self, error: Option<&Error>, subject: &str) -> Result<String> {
        let mut rules = Rules::default();
        let mut seen = HashMap::new();
        let results: Vec<Value> = self
            .findings
            .iter()
            .take(MOST_RESULTS)
            .map(|finding| {
                let fingerprint = fingerprint(finding, &mut seen);
                result(finding, rules.index(&finding.rule), &fingerprint, subject)
            })
            .collect();
        let left_out = self.findings.len().saturating_sub(MOST_RESULTS);
        let left_out = (left_out > 0).then(|| notification("warning", &format!("{left_out} more findings are not in this document")));
        let not_checked = self.not_checked.iter().map(|line| notification("note", &format!("not checked: {line}")));
        let failure = error.map(|error| notification("error", &failure(error)));
        let document = json!({
            "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
            "version": "2.1.0",
            "runs": [{
                "tool": {"driver": {
                    "name": env!("CARGO_PKG_NAME"),
                    "semanticVersion": env!("CARGO_PKG_VERSION"),
                    "informationUri": env!("CARGO_PKG_REPOSITORY"),
                    "rules": rules.descriptors,
                }},
                "columnKind": "unicodeCodePoints",
                "originalUriBaseIds": {"SRCROOT": {"description": {"text": "the folder that manifestgen was started in"}}},
                "invocations": [{
                    "executionSuccessful": error.is_none(),
                    "toolExecutionNotifications": failure.into_iter().chain(left_out).chain(not_checked).collect::<Vec<_>>(),
                }],
                "results": results,
            }],
        });
        let mut text =
            serde_json::to_string(&document).map_err(|cause| Error::internal("the report does not serialize").caused_by(cause))?;
        text.push('\n');
        Ok(text)
    }
}

fn notification(level: &str, text: &str) -> Value {
    json!({"level": level, "message": {"text": text}})
}

fn failure(error: &Error) -> String {
    let hints = error.hints.iter().map(|hint| format!("hint: {hint}"));
    std::iter::once(error.message.clone()).chain(causes(error)).chain(hints).collect::<Vec<_>>().join("; ")
}

fn result(finding: &Finding, rule: usize, fingerprint: &str, subject: &str) -> Value {
    let mut text = finding.message.clone();
    if let Some(hint) = &finding.hint {
        // Writing to a String does not fail.
        let _ = write!(text, " (hint: {hint})");
    }
    let (file, region) = match &finding.location {
        // The end is the first column after the value; an empty value is a point.
        Some(at) => (
            at.file.as_str(),
            json!({"startLine": at.line, "startColumn": at.column, "endLine": at.line, "endColumn": at.column + at.length}),
        ),
        None => (subject, json!({"startLine": 1})),
    };
    let mut location = json!({"physicalLocation": {"artifactLocation": artifact(file), "region": region}});
    if let Some(object) = &finding.object {
        let name = format!("{}{}", name(object), finding.path.as_deref().unwrap_or_default());
        location["logicalLocations"] = json!([{"fullyQualifiedName": name, "kind": "object"}]);
    }
    json!({
        "ruleId": finding.rule,
        "ruleIndex": rule,
        "level": level(finding.severity),
        "message": {"text": text},
        "locations": [location],
        // The one key that GitHub compares.
        "partialFingerprints": {"primaryLocationLineHash": fingerprint},
    })
}

/// Relative to the folder that we were started in, or a `file` URI.
fn artifact(file: &str) -> Value {
    if Path::new(file).is_absolute() {
        return json!({"uri": format!("file://{}", percent_encoded(file))});
    }
    json!({"uri": percent_encoded(file.strip_prefix("./").unwrap_or(file)), "uriBaseId": "SRCROOT"})
}

/// As RFC 3986 wants a path: unreserved characters and `/` stay.
fn percent_encoded(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String does not fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

fn name(object: &ObjectRef) -> String {
    let namespace = object.namespace.as_ref().map(|namespace| format!("{namespace}/")).unwrap_or_default();
    format!("{}/{namespace}{}", object.kind, object.name)
}

/// What a finding is about, without the line it stands in; equal ones are counted.
fn fingerprint(finding: &Finding, seen: &mut HashMap<String, usize>) -> String {
    let mut hash = Sha256::new();
    let object = finding.object.as_ref().map(|object| format!("{} {}", object.api_version, name(object))).unwrap_or_default();
    // A finding about no object is told apart by its message.
    let what = finding.path.as_deref().unwrap_or(&finding.message);
    for text in [finding.rule.as_str(), &object, what] {
        hash.update(text.as_bytes());
        hash.update([0]);
    }
    let digest = hex(&hash.finalize())[..16].to_owned();
    let count = seen.entry(digest.clone()).or_insert(0);
    *count += 1;
    format!("{digest}:{count}")
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

/// The rules that results name, in the order in which they come up.
#[derive(Default)]
struct Rules {
    descriptors: Vec<Value>,
    places: HashMap<String, usize>,
}

impl Rules {
    fn index(&mut self, id: &str) -> usize {
        if let Some(place) = self.places.get(id) {
            return *place;
        }
        self.descriptors.push(descriptor(id));
        self.places.insert(id.to_owned(), self.descriptors.len() - 1);
        self.descriptors.len() - 1
    }
}

fn descriptor(id: &str) -> Value {
    let Ok(rule) = rule::find(id) else {
        let (summary, text) = room(id);
        return json!({
            "id": id,
            "shortDescription": {"text": summary},
            "fullDescription": {"text": text},
            "help": {"text": text},
            "defaultConfiguration": {"level": "error"},
        });
    };
    let why = rule.why.split_whitespace().collect::<Vec<_>>().join(" ");
    let level = if rule.level == rule::Level::Deny { "error" } else { "warning" };
    json!({
        "id": id,
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": why},
        "help": {"text": why, "markdown": rule::page(rule)},
        "defaultConfiguration": {"level": level},
    })
}

/// What all findings of a room that has no rules of its own have in common.
fn room(id: &str) -> (&'static str, &'static str) {
    match id.split_once('/').map_or(id, |(room, _)| room) {
        "schema" => ("refused by the API server", "A Kubernetes API server of the target version refuses this object."),
        "server" => ("the API server warns", "The Kubernetes API server took the object and sent a warning with its answer."),
        "manifest" => ("no Kubernetes object", "What stands here cannot be read as a Kubernetes object."),
        _ => ("a mistake in the cluster file", "The cluster file holds something that it must not hold, or that does not work."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_uris() {
        assert_eq!(artifact("./a b/ü.yaml"), json!({"uri": "a%20b/%C3%BC.yaml", "uriBaseId": "SRCROOT"}));
        assert_eq!(artifact("/a/b#c.yaml"), json!({"uri": "file:///a/b%23c.yaml"}));
    }

    #[test]
    fn fingerprints_do_not_know_lines_and_tell_equal_findings_apart() {
        let finding = Finding::error("schema/value", "no").with_path("/spec");
        let mut seen = HashMap::new();
        let (first, second) = (fingerprint(&finding, &mut seen), fingerprint(&finding, &mut seen));
        assert!(first.ends_with(":1") && second.ends_with(":2"), "{first} {second}");
        assert_eq!(first[..16], second[..16]);
    }
}
