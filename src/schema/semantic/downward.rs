//! Fields of its own that a pod can be told.
//!
//! Source: `pkg/apis/core/validation/validation.go` (`validateObjectFieldSelector`) and `pkg/fieldpath` of the Go module `k8s.io/kubernetes`.

use serde_json::{Map, Value};

use crate::diag::did_you_mean;
use crate::schema::pointer::Pointer;
use crate::schema::violation::Violation;

use super::form::is_qualified_name;
use super::{Check, refuse, text};

pub(super) const CHECKS: &[(&str, Check)] = &[("core.v1.EnvVarSource", variable), ("core.v1.DownwardAPIVolumeFile", file)];

const IN_VARIABLES: &[&str] = &[
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
    // The name of `spec.nodeName` in old clients.
    "spec.host",
];

const IN_FILES: &[&str] = &["metadata.name", "metadata.namespace", "metadata.labels", "metadata.annotations", "metadata.uid"];

fn variable(source: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    field(source, IN_VARIABLES, at, found);
}

fn file(file: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    field(file, IN_FILES, at, found);
}

fn field(source: &Map<String, Value>, known: &[&str], at: &Pointer, found: &mut Vec<Violation>) {
    let Some(Value::Object(selector)) = source.get("fieldRef") else { return };
    let here = at.key("fieldRef");
    if !matches!(text(selector, "apiVersion"), "" | "v1") {
        found.push(refuse(&here.key("apiVersion"), "must be `v1`"));
        return;
    }
    let (path, path_at) = (text(selector, "fieldPath"), here.key("fieldPath"));
    if path.is_empty() {
        return;
    }
    let entry = path.strip_suffix("']").and_then(|front| front.split_once("['")).filter(|(front, _)| !front.is_empty());
    match entry {
        Some(("metadata.labels", key)) if is_qualified_name(key) => {}
        Some(("metadata.annotations", key)) if is_qualified_name(&key.to_lowercase()) => {}
        Some(("metadata.labels" | "metadata.annotations", key)) => {
            found.push(refuse(&path_at, format!("`{key}` is no key of a label or annotation")));
        }
        Some(_) => found.push(refuse(&path_at, format!("`{path}`: only labels and annotations have entries"))),
        None if known.contains(&path) => {}
        None => {
            let violation = refuse(&path_at, format!("`{path}` is no field that can be handed over here"));
            found.push(match did_you_mean(path, known.iter().copied()) {
                Some(near) => violation.hint(format!("did you mean `{near}`?")),
                None => violation.hint(format!("allowed are `{}`", known[..known.len().min(9)].join("`, `"))),
            });
        }
    }
}
