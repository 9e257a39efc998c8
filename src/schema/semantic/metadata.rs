//! The name of an object.

use serde_json::{Map, Value};

use crate::schema::pointer::Pointer;
use crate::schema::violation::Violation;

use super::form::Form;
use super::{refuse, text};

/// Kinds whose objects are answered, not stored, and so need no name; a `LimitRange` gets one.
const NAMELESS: &[&str] = &[
    "LimitRange",
    "TokenReview",
    "SelfSubjectReview",
    "SubjectAccessReview",
    "LocalSubjectAccessReview",
    "SelfSubjectAccessReview",
    "SelfSubjectRulesReview",
];

/// Checks name and namespace; `group` and `kind` are those of the object.
pub(in crate::schema) fn check(group: &str, kind: &str, object: &Map<String, Value>, found: &mut Vec<Violation>) {
    let metadata_at = Pointer::ROOT.key("metadata");
    let empty = Map::new();
    let metadata = match object.get("metadata") {
        Some(Value::Object(metadata)) => metadata,
        None | Some(Value::Null) => &empty,
        // Said already: it is no mapping.
        Some(_) => return,
    };
    let is_nameless = NAMELESS.contains(&kind) && matches!(group, "" | "authentication.k8s.io" | "authorization.k8s.io");
    let at = metadata_at.key("name");
    match metadata.get("name") {
        None | Some(Value::Null) if text(metadata, "generateName").is_empty() && !is_nameless => {
            found.push(Violation::new("schema/required", &at, "`name` is required"));
        }
        Some(Value::String(name)) if name.is_empty() && text(metadata, "generateName").is_empty() && !is_nameless => {
            found.push(Violation::new("schema/required", &at, "`name` is required"));
        }
        Some(name @ Value::String(_)) if !is_nameless || kind == "LimitRange" => {
            form(group, kind).check(name, &at, found);
        }
        _ => {}
    }
    if let Some(namespace) = metadata.get("namespace") {
        Form::DnsLabel.check(namespace, &metadata_at.key("namespace"), found);
    }
    let expected = match (group, kind, object.get("spec")) {
        ("apiextensions.k8s.io", "CustomResourceDefinition", Some(Value::Object(spec))) => {
            let plural = spec.get("names").and_then(|names| names.get("plural")).and_then(Value::as_str).unwrap_or_default();
            Some(format!("{plural}.{}", text(spec, "group")))
        }
        ("apiregistration.k8s.io", "APIService", Some(Value::Object(spec))) => {
            Some(format!("{}.{}", text(spec, "version"), text(spec, "group")))
        }
        _ => None,
    };
    let name = text(metadata, "name");
    if let Some(expected) = expected.filter(|expected| !name.is_empty() && expected != name) {
        found.push(refuse(&at, format!("must be `{expected}`, after what `spec` says")));
    }
}

/// The form of a kind's names.
fn form(group: &str, kind: &str) -> Form {
    match (group, kind) {
        // Since 1.36 a Service may begin with a digit (KEP-5311).
        ("", "Service" | "Namespace") => Form::DnsLabel,
        ("rbac.authorization.k8s.io", _)
        | ("", "Event")
        | ("certificates.k8s.io", "CertificateSigningRequest")
        | ("policy", "PodDisruptionBudget")
        | ("apiregistration.k8s.io", "APIService") => Form::PathSegment,
        ("networking.k8s.io", "IPAddress") => Form::Ip,
        _ => Form::DnsSubdomain,
    }
}
