//! Questions about access, and requests to sign certificates: what is answered rather than kept.
//!
//! Source: `pkg/apis/{authorization,certificates}/validation/validation.go` of the Go module `k8s.io/kubernetes` 1.36.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use crate::schema::pointer::Pointer;
use crate::schema::violation::Violation;

use super::form::{is_dns_label, is_dns_subdomain};
use super::pod::exactly_one;
use super::{Check, is_empty, list, refuse, text};

pub(super) const CHECKS: &[(&str, Check)] = &[
    ("authorization.v1.SubjectAccessReview", bare),
    ("authorization.v1.SelfSubjectAccessReview", bare),
    ("authorization.v1.LocalSubjectAccessReview", bare),
    ("authorization.v1.LocalSubjectAccessReview", local),
    ("authorization.v1.SubjectAccessReviewSpec", question),
    ("authorization.v1.SubjectAccessReviewSpec", subject),
    ("authorization.v1.SelfSubjectAccessReviewSpec", question),
    ("authorization.v1.FieldSelectorAttributes", selector),
    ("authorization.v1.LabelSelectorAttributes", selector),
    ("certificates.v1.CertificateSigningRequestSpec", signer),
    ("certificates.v1.CertificateSigningRequestSpec", request),
    ("certificates.v1.CertificateSigningRequestSpec", usages),
];

/// Nothing is kept, so nothing may have a name.
fn bare(review: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let is_local = review.get("kind").is_some_and(|kind| kind == "LocalSubjectAccessReview");
    let metadata_at = at.key("metadata");
    for (field, value) in review.get("metadata").and_then(Value::as_object).into_iter().flatten() {
        // These the server sets itself, whatever was written.
        let own =
            matches!(field.as_str(), "managedFields" | "creationTimestamp" | "uid" | "deletionTimestamp" | "deletionGracePeriodSeconds");
        let counts = !is_empty(value) && value.as_f64() != Some(0.0) && !own;
        if counts && !(is_local && field == "namespace") {
            found.push(refuse(&metadata_at.key(field), "must not be set: the review is answered, not kept"));
        }
    }
}

fn local(review: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let own = review.get("metadata").and_then(|metadata| metadata["namespace"].as_str()).filter(|own| !own.is_empty()).unwrap_or("default");
    let Some(Value::Object(spec)) = review.get("spec") else { return };
    let spec_at = at.key("spec");
    if let Some(Value::Object(attributes)) = spec.get("resourceAttributes")
        && text(attributes, "namespace") != own
        && attributes.get("namespace").is_none_or(|namespace| namespace.is_string() || namespace.is_null())
    {
        let here = spec_at.key("resourceAttributes");
        found.push(refuse(&here.key("namespace"), format!("must be `{own}`, the namespace of the review")));
    }
    if spec.get("nonResourceAttributes").is_some_and(|attributes| !attributes.is_null()) {
        found.push(refuse(&spec_at.key("nonResourceAttributes"), "cannot be asked about in a namespace"));
    }
}

fn question(spec: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    exactly_one(spec, &["resourceAttributes", "nonResourceAttributes"], at, found);
}

fn subject(spec: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    if spec.get("user").is_none_or(is_empty) && spec.get("groups").is_none_or(is_empty) {
        found.push(Violation::new("schema/required", &at.key("user"), "needs `user` or `groups`"));
    }
}

fn selector(selector: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let (raw, requirements) = (text(selector, "rawSelector"), list(selector, "requirements"));
    match (raw.is_empty(), requirements.is_empty()) {
        (false, false) => found.push(refuse(&at.key("rawSelector"), "`rawSelector` and `requirements` exclude each other")),
        (true, true) => found.push(Violation::new("schema/required", &at.key("requirements"), "needs `requirements` or `rawSelector`")),
        _ => {}
    }
}

/// `example.com/name`: a domain of at least two labels, and subdomains.
fn signer(spec: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let name = text(spec, "signerName");
    if name.is_empty() {
        return;
    }
    let fits = name.split_once('/').is_some_and(|(domain, path)| {
        let labels = domain.split('.').count() > 1 && domain.len() <= 253 && domain.split('.').all(is_dns_label);
        labels && path.split('.').all(is_dns_subdomain) && path.len() <= 253 + 63 + 1
    });
    if !fits {
        found.push(refuse(&at.key("signerName"), format!("`{name}` must be a domain and a name, like `example.com/signer`")));
    } else if name == "kubernetes.io/legacy-unknown" {
        found.push(refuse(&at.key("signerName"), "`kubernetes.io/legacy-unknown` cannot be asked in this version"));
    }
}

/// The request is PEM in base64. What is inside is left to the server, which checks the signature.
fn request(spec: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let Some(Value::String(request)) = spec.get("request") else { return };
    let Ok(bytes) = STANDARD.decode(request.replace(['\n', '\r'], "")) else { return };
    let pem = String::from_utf8_lossy(&bytes);
    let inside = pem
        .split_once("-----BEGIN CERTIFICATE REQUEST-----")
        .and_then(|(_, rest)| rest.split_once("-----END CERTIFICATE REQUEST-----"))
        .map(|(inside, _)| inside.split_whitespace().collect::<String>());
    // A sequence of DER begins with its tag, 0x30.
    if inside.and_then(|inside| STANDARD.decode(inside).ok()).is_none_or(|der| der.first() != Some(&0x30)) {
        found.push(refuse(&at.key("request"), "must be a PEM block of the type `CERTIFICATE REQUEST`, in base64"));
    }
}

fn usages(spec: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let (mut seen, list_at) = (std::collections::HashSet::new(), at.key("usages"));
    for (index, usage) in list(spec, "usages").iter().enumerate() {
        if let Some(usage) = usage.as_str()
            && !seen.insert(usage)
        {
            found.push(Violation::new("schema/duplicate", &list_at.index(index), format!("`{usage}` stands here twice")));
        }
    }
}
