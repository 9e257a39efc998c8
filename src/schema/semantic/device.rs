//! Dynamic resource allocation.
//!
//! Source: `pkg/apis/resource/validation/validation.go` of the Go module `k8s.io/kubernetes` 1.36.

use std::collections::HashSet;

use serde_json::{Map, Value};

use crate::schema::pointer::Pointer;
use crate::schema::violation::Violation;

use super::form::{Form, is_c_identifier, is_dns_subdomain};
use super::pod::{count, exactly_one};
use super::{Check, list, refuse};

pub(super) const CHECKS: &[(&str, Check)] = &[
    ("resource.v1.DeviceClaim", claim),
    ("resource.v1.DeviceConstraint", constraint),
    ("resource.v1.DeviceSelector", selector),
    ("resource.v1.DeviceClaimConfiguration", config),
    ("resource.v1.DeviceClassConfiguration", config),
    ("resource.v1.DeviceAttribute", attribute),
    ("resource.v1.ResourceSliceSpec", slice),
];

fn claim(claim: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let mut names = HashSet::new();
    for request in list(claim, "requests") {
        let Some(name) = request["name"].as_str() else { continue };
        names.insert(name.to_owned());
        for sub in request["firstAvailable"].as_array().into_iter().flatten() {
            names.extend(sub["name"].as_str().map(|sub| format!("{name}/{sub}")));
        }
    }
    for field in ["constraints", "config"] {
        let list_at = at.key(field);
        for (index, entry) in list(claim, field).iter().enumerate() {
            let (entry_at, mut seen) = (list_at.index(index), HashSet::new());
            let requests_at = entry_at.key("requests");
            for (index, request) in entry["requests"].as_array().into_iter().flatten().enumerate() {
                let Some(name) = request.as_str() else { continue };
                let here = requests_at.index(index);
                if !names.contains(name) {
                    found.push(refuse(&here, format!("the claim has no request `{name}`")));
                } else if !seen.insert(name) {
                    found.push(Violation::new("schema/duplicate", &here, format!("`{name}` stands here twice")));
                }
            }
        }
    }
    let list_at = at.key("requests");
    for (index, request) in list(claim, "requests").iter().enumerate() {
        if let Value::Object(request) = request {
            exactly_one(request, &["exactly", "firstAvailable"], &list_at.index(index), found);
        }
    }
}

fn constraint(constraint: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    exactly_one(constraint, &["matchAttribute", "distinctAttribute"], at, found);
    for field in ["matchAttribute", "distinctAttribute"] {
        let Some(name) = constraint.get(field).and_then(Value::as_str) else { continue };
        let parts: Vec<_> = name.split('/').collect();
        // With more than one slash the server looks no further.
        let fits = match parts[..] {
            [_] => false,
            [domain, name] => {
                is_dns_subdomain(&domain.to_lowercase())
                    && domain.len() <= 63
                    && !name.is_empty()
                    && name.len() <= 32
                    && is_c_identifier(name)
            }
            _ => true,
        };
        if !fits {
            found.push(refuse(&at.key(field), format!("`{name}` is not of the form `domain/name`")));
        }
    }
}

fn selector(selector: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    exactly_one(selector, &["cel"], at, found);
}

fn config(config: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    exactly_one(config, &["opaque"], at, found);
}

fn attribute(attribute: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    if count(attribute, &["bool", "int", "string", "version", "bools", "ints", "strings", "versions"]) != 1 {
        found.push(refuse(at, "must have exactly one value"));
    }
}

fn slice(spec: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let (list_at, mut seen) = (at.key("devices"), HashSet::new());
    for (index, device) in list(spec, "devices").iter().enumerate() {
        if let Some(name) = device["name"].as_str()
            && !seen.insert(name)
        {
            found.push(Violation::new("schema/duplicate", &list_at.index(index).key("name"), format!("`{name}` stands here twice")));
        }
        Form::DnsLabel.check(&device["name"], &list_at.index(index).key("name"), found);
    }
}
