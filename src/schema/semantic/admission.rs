//! Webhooks and admission policies.
//!
//! Source: `pkg/apis/admissionregistration/validation/validation.go` of the Go module `k8s.io/kubernetes` 1.36, and
//! `pkg/util/webhook/validation.go` of `k8s.io/apiserver`.

use serde_json::{Map, Value};

use crate::schema::pointer::Pointer;
use crate::schema::violation::Violation;

use super::form::is_dns_subdomain;
use super::pod::{exactly_one, unique};
use super::{Check, is_empty, list, refuse, text};

pub(super) const CHECKS: &[(&str, Check)] = &[
    ("admissionregistration.v1.ValidatingWebhookConfiguration", names),
    ("admissionregistration.v1.MutatingWebhookConfiguration", names),
    ("admissionregistration.v1.ValidatingWebhook", webhook),
    ("admissionregistration.v1.MutatingWebhook", webhook),
    ("admissionregistration.v1.WebhookClientConfig", client),
    ("apiextensions.v1.WebhookClientConfig", client),
    ("admissionregistration.v1.RuleWithOperations", rule),
    ("admissionregistration.v1.NamedRuleWithOperations", rule),
    ("admissionregistration.v1.ValidatingAdmissionPolicySpec", policy),
    ("admissionregistration.v1.MutatingAdmissionPolicySpec", mutating),
    ("admissionregistration.v1.Mutation", mutation),
    ("admissionregistration.v1.ParamRef", param_ref),
    ("admissionregistration.v1.ValidatingAdmissionPolicyBindingSpec", actions),
];

fn names(configuration: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    unique(configuration, "webhooks", "name", at, found);
}

fn webhook(webhook: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let name = text(webhook, "name");
    if !name.is_empty() && name.split('.').count() < 3 {
        found.push(refuse(&at.key("name"), format!("`{name}` must be a domain of at least three parts")));
    }
    let versions = list(webhook, "admissionReviewVersions");
    if versions.iter().any(Value::is_string) && !versions.iter().any(|version| version == "v1" || version == "v1beta1") {
        found.push(refuse(&at.key("admissionReviewVersions"), "must have `v1` or `v1beta1`"));
    }
    let mut seen = std::collections::HashSet::new();
    if !versions.iter().filter_map(Value::as_str).all(|version| seen.insert(version)) {
        found.push(refuse(&at.key("admissionReviewVersions"), "has a version twice"));
    }
    unique(webhook, "matchConditions", "name", at, found);
}

fn client(client: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    exactly_one(client, &["url", "service"], at, found);
    if let Some(Value::String(url)) = client.get("url") {
        let here = at.key("url");
        match url.get(..8).filter(|scheme| scheme.eq_ignore_ascii_case("https://")).map(|_| &url[8..]) {
            None => found.push(refuse(&here, "must begin with `https://`")),
            Some(rest) if rest.is_empty() || rest.starts_with('/') => found.push(refuse(&here, "has no host")),
            Some(rest) if rest.contains('@') || rest.contains(['#', '?']) => {
                found.push(refuse(&here, "must have neither user, query nor fragment"));
            }
            Some(_) => {}
        }
    }
    if let Some(path) = client.get("service").and_then(|service| service["path"].as_str()) {
        let segments = path.strip_prefix('/').map(|path| path.strip_suffix('/').unwrap_or(path));
        if segments.is_some_and(|path| !path.is_empty() && !path.split('/').all(is_dns_subdomain)) {
            found.push(refuse(&at.key("service").key("path"), format!("`{path}` must consist of DNS names between slashes")));
        }
    }
}

/// A wildcard stands alone.
fn rule(rule: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    for field in ["apiGroups", "apiVersions", "operations"] {
        let entries = list(rule, field);
        if entries.len() > 1 && entries.iter().any(|entry| entry == "*") {
            found.push(refuse(&at.key(field), "`*` must stand alone"));
        }
    }
    let resources = list(rule, "resources");
    let has = |wanted: &str| resources.iter().any(|resource| resource == wanted);
    if resources.len() > 1 && has("*/*") {
        found.push(refuse(&at.key("resources"), "`*/*` must stand alone"));
    } else if has("*") && resources.iter().any(|resource| resource.as_str().is_some_and(|text| text != "*" && !text.contains('/'))) {
        found.push(refuse(&at.key("resources"), "`*` covers all resources without a slash"));
    }
}

fn constraints(spec: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    if spec
        .get("matchConstraints")
        .and_then(Value::as_object)
        .is_some_and(|constraints| constraints.get("resourceRules").is_none_or(is_empty))
    {
        let here = at.key("matchConstraints");
        found.push(Violation::new("schema/required", &here.key("resourceRules"), "`resourceRules` is required"));
    }
}

fn policy(spec: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    constraints(spec, at, found);
    let unset = |field: &str| spec.get(field).is_none_or(is_empty);
    if unset("validations") && unset("auditAnnotations") {
        found.push(Violation::new("schema/required", &at.key("validations"), "needs `validations` or `auditAnnotations`"));
    }
    parts(spec, at, found);
    unique(spec, "auditAnnotations", "key", at, found);
}

fn mutating(spec: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    constraints(spec, at, found);
    parts(spec, at, found);
}

fn parts(spec: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    unique(spec, "matchConditions", "name", at, found);
    if let Some(Value::Object(kind)) = spec.get("paramKind") {
        let here = at.key("paramKind");
        let version = text(kind, "apiVersion");
        let (group, name) = version.split_once('/').unwrap_or(("", version));
        let fits = (group.is_empty() || is_dns_subdomain(group)) && super::form::is_dns_1035(name);
        if !version.is_empty() && !fits {
            found.push(refuse(&here.key("apiVersion"), format!("`{version}` is not of the form `group/version`")));
        }
    }
}

fn mutation(mutation: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let field = match text(mutation, "patchType") {
        "ApplyConfiguration" => "applyConfiguration",
        "JSONPatch" => "jsonPatch",
        _ => return,
    };
    let unset = match mutation.get(field) {
        Some(Value::Object(patch)) => patch.get("expression").is_none_or(is_empty),
        Some(Value::Null) | None => true,
        Some(_) => false,
    };
    if unset {
        let here = at.key(field);
        found.push(Violation::new("schema/required", &here.key("expression"), format!("`{field}.expression` is required")));
    }
}

fn param_ref(reference: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let set = |field: &str| reference.get(field).is_some_and(|value| !value.is_null() && value.as_str() != Some(""));
    match (set("name"), set("selector")) {
        (true, true) => found.push(refuse(at, "`name` and `selector` exclude each other")),
        (false, false) => found.push(Violation::new("schema/required", at, "needs `name` or `selector`")),
        _ => {}
    }
}

fn actions(spec: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let actions = list(spec, "validationActions");
    let has = |wanted: &str| actions.iter().any(|action| action == wanted);
    let mut seen = std::collections::HashSet::new();
    if has("Deny") && has("Warn") {
        found.push(refuse(&at.key("validationActions"), "`Deny` and `Warn` exclude each other"));
    } else if !actions.iter().filter_map(Value::as_str).all(|action| seen.insert(action)) {
        found.push(refuse(&at.key("validationActions"), "has an action twice"));
    }
}
