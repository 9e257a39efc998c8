//! `CustomResourceDefinitions`, all but the schemas in them.
//!
//! Source: `pkg/apis/apiextensions/validation/validation.go` of the Go module `k8s.io/apiextensions-apiserver` 0.36.

mod nested;
mod node;
mod structural;

use std::collections::HashSet;

use serde_json::{Map, Value};

use crate::schema::pointer::Pointer;
use crate::schema::violation::Violation;

use super::form::Form;
use super::{Check, list, refuse, text};

pub(super) const CHECKS: &[(&str, Check)] = &[
    ("apiextensions.v1.CustomResourceDefinition", approval),
    ("apiextensions.v1.CustomResourceDefinitionSpec", spec),
    ("apiextensions.v1.CustomResourceDefinitionNames", names),
    ("apiextensions.v1.CustomResourceDefinitionVersion", version),
    ("apiextensions.v1.CustomResourceConversion", conversion),
    ("apiextensions.v1.CustomResourceColumnDefinition", column),
    ("apiextensions.v1.CustomResourceSubresourceScale", scale),
];

/// The annotation without which the groups of the Kubernetes project take no definition.
const APPROVED: &str = "api-approved.kubernetes.io";

fn approval(definition: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let group = definition.get("spec").and_then(|spec| spec["group"].as_str()).unwrap_or_default();
    let of_project = |domain: &str| group.strip_suffix(domain).is_some_and(|before| before.is_empty() || before.ends_with('.'));
    if !of_project("k8s.io") && !of_project("kubernetes.io") {
        return;
    }
    let approved = definition.get("metadata").and_then(|metadata| metadata["annotations"][APPROVED].as_str()).unwrap_or_default();
    if !approved.starts_with("unapproved")
        && !approved.split_once("://").is_some_and(|(scheme, rest)| !scheme.is_empty() && !rest.is_empty())
    {
        let message = format!("the group `{group}` belongs to the Kubernetes project: the annotation `{APPROVED}` must have a URL");
        found.push(refuse(&at.key("metadata").key("annotations"), message));
    }
}

fn spec(spec: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let group = text(spec, "group");
    Form::DnsSubdomain.check(&Value::from(group), &at.key("group"), found);
    if !group.is_empty() && !group.contains('.') {
        found.push(refuse(&at.key("group"), "must be a domain with at least one dot"));
    }
    if spec.get("preserveUnknownFields") == Some(&Value::Bool(true)) {
        found.push(
            refuse(&at.key("preserveUnknownFields"), "cannot be `true`").hint("use `x-kubernetes-preserve-unknown-fields` in the schema"),
        );
    }
    let versions = list(spec, "versions");
    let mut seen = HashSet::new();
    let list_at = at.key("versions");
    for (index, version) in versions.iter().enumerate() {
        let name = version["name"].as_str().unwrap_or_default();
        if !name.is_empty() && !seen.insert(name) {
            let here = list_at.index(index);
            found.push(Violation::new("schema/duplicate", &here.key("name"), format!("`{name}` stands here twice")));
        }
    }
    let stored = versions.iter().filter(|version| version["storage"] == true).count();
    let readable = versions.iter().all(|version| version["storage"].is_boolean() || version["storage"].is_null());
    if stored != 1 && readable && matches!(spec.get("versions"), None | Some(Value::Null | Value::Array(_))) {
        found.push(refuse(&list_at, format!("exactly one version must have `storage: true`, {stored} have")));
    }
}

fn names(names: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    for field in ["plural", "singular", "shortNames", "categories"] {
        if let Some(value) = names.get(field) {
            Form::Dns1035.check(value, &at.key(field), found);
        }
    }
    for field in ["kind", "listKind"] {
        Form::Dns1035.check(&Value::from(text(names, field).to_lowercase()), &at.key(field), found);
    }
    if !text(names, "kind").is_empty() && text(names, "kind") == text(names, "listKind") {
        found.push(refuse(&at.key("listKind"), "must not be the same as `kind`"));
    }
}

fn version(version: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    if let Some(name) = version.get("name") {
        Form::Dns1035.check(name, &at.key("name"), found);
    }
    deprecation(version, at, found);
    let schema_at = at.key("schema");
    let here = schema_at.key("openAPIV3Schema");
    let schema = match version.get("schema") {
        None | Some(Value::Null) => None,
        Some(Value::Object(schema)) => schema.get("openAPIV3Schema").filter(|schema| !schema.is_null()),
        Some(_) => return,
    };
    match schema {
        None => found.push(Violation::new("schema/required", &here, "`openAPIV3Schema` is required")),
        Some(Value::Object(schema)) => {
            let status =
                version.get("subresources").and_then(|subresources| subresources.get("status")).is_some_and(|status| !status.is_null());
            structural::check(schema, status, &here, found);
            selectable(list(version, "selectableFields"), schema, &at.key("selectableFields"), found);
        }
        Some(_) => {}
    }
}

fn deprecation(version: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let here = at.key("deprecationWarning");
    match version.get("deprecationWarning") {
        Some(Value::String(_)) if version.get("deprecated") != Some(&Value::Bool(true)) => {
            found.push(refuse(&here, "is only for versions that have `deprecated: true`"));
        }
        Some(Value::String(text)) if text.is_empty() || text.len() > 256 || text.chars().any(char::is_control) => {
            found.push(refuse(&here, "must be one line of 1 to 256 characters"));
        }
        _ => {}
    }
}

/// Fields that lists can be filtered by (`validation.go`, `ValidateCustomResourceSelectableFields`).
fn selectable(fields: &[Value], schema: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let mut seen = HashSet::new();
    for (index, field) in fields.iter().enumerate() {
        let (entry_at, path) = (at.index(index), field["jsonPath"].as_str().unwrap_or_default());
        let here = entry_at.key("jsonPath");
        if path.is_empty() {
            continue; // Said already: it is required.
        }
        let mut place = Some(schema);
        for name in path.strip_prefix('.').unwrap_or(path).split('.') {
            place = place.and_then(|schema| schema.get("properties")?.get(name)?.as_object());
        }
        match place.map(|schema| text(schema, "type")) {
            _ if !path.starts_with('.') => found.push(refuse(&here, "must begin with a dot")),
            // A path in brackets may lead somewhere.
            None if path.contains('[') => {}
            None => found.push(refuse(&here, format!("the schema has no field `{path}`"))),
            Some(_) if path.starts_with(".metadata") => found.push(refuse(&here, "must not be a field of `metadata`")),
            Some("string" | "boolean" | "integer") => {}
            Some(_) => found.push(refuse(&here, "must be a string, a boolean or a whole number")),
        }
        if !seen.insert(path) {
            found.push(Violation::new("schema/duplicate", &here, format!("`{path}` stands here twice")));
        }
    }
    if seen.len() > 8 {
        found.push(refuse(at, format!("must have at most 8 entries, has {}", seen.len())));
    }
}

fn conversion(conversion: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let webhook = conversion.get("webhook").filter(|webhook| !webhook.is_null());
    match text(conversion, "strategy") {
        "Webhook" => {
            let client = webhook.and_then(|webhook| webhook.get("clientConfig")).filter(|client| !client.is_null());
            if client.is_none() {
                let message = "`webhook.clientConfig` is required where `strategy` is `Webhook`";
                found.push(Violation::new("schema/required", &at.key("webhook").key("clientConfig"), message));
            }
            let versions = webhook.and_then(|webhook| webhook["conversionReviewVersions"].as_array());
            if !versions.is_some_and(|versions| versions.iter().any(|version| version == "v1" || version == "v1beta1")) {
                let webhook_at = at.key("webhook");
                found.push(refuse(&webhook_at.key("conversionReviewVersions"), "must have `v1` or `v1beta1`"));
            }
            if let Some(versions) = versions {
                Form::Dns1035.check(&Value::from(versions.clone()), &at.key("webhook").key("conversionReviewVersions"), found);
                let mut seen = HashSet::new();
                if !versions.iter().all(|version| seen.insert(version.as_str())) {
                    found.push(refuse(&at.key("webhook").key("conversionReviewVersions"), "has a version twice"));
                }
            }
        }
        "None" if webhook.is_some() => found.push(refuse(&at.key("webhook"), "is only for `strategy: Webhook`")),
        "" | "None" => {}
        other => found.push(refuse(&at.key("strategy"), format!("`{other}` is not one of `None`, `Webhook`"))),
    }
}

fn column(column: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    simple_path(text(column, "jsonPath"), &at.key("jsonPath"), found);
}

fn simple_path(path: &str, at: &Pointer, found: &mut Vec<Violation>) {
    if !path.is_empty() && !path.starts_with('.') {
        found.push(refuse(at, format!("`{path}` must begin with a dot")));
    }
}

fn scale(scale: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    for (field, prefixes) in
        [("specReplicasPath", &[".spec."][..]), ("statusReplicasPath", &[".status."]), ("labelSelectorPath", &[".spec.", ".status."])]
    {
        let path = text(scale, field);
        if !path.is_empty() && !prefixes.iter().any(|prefix| path.starts_with(prefix)) {
            found.push(refuse(&at.key(field), format!("`{path}` must begin with `{}`", prefixes.join("` or `"))));
        }
    }
}
