//! Endpoints and EndpointSlices, and what refers to addresses.
//!
//! Source: `pkg/apis/{discovery,core,networking}/validation/validation.go` of the Go module `k8s.io/kubernetes` 1.36.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde_json::{Map, Value};

use crate::schema::pointer::Pointer;
use crate::schema::violation::Violation;

use super::form::Form;
use super::{Check, is_empty, list, refuse, text};

pub(super) const CHECKS: &[(&str, Check)] = &[
    ("discovery.v1.EndpointSlice", slice),
    ("core.v1.EndpointSubset", subset),
    ("networking.v1.IngressClassSpec", class),
    ("networking.v1.IngressBackend", resource),
    ("networking.v1.NetworkPolicySpec", policy),
];

fn slice(slice: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let kind = text(slice, "addressType");
    let endpoints_at = at.key("endpoints");
    for (index, endpoint) in list(slice, "endpoints").iter().enumerate() {
        let here = endpoints_at.index(index);
        let list_at = here.key("addresses");
        for (index, address) in endpoint["addresses"].as_array().into_iter().flatten().enumerate() {
            let Some(address) = address.as_str() else { continue };
            let fits = match kind {
                "IPv4" => address.parse::<Ipv4Addr>().is_ok(),
                "IPv6" => address.parse::<Ipv6Addr>().is_ok(),
                _ => true,
            };
            if !fits {
                found.push(refuse(&list_at.index(index), format!("`{address}` is no address of the type {kind}")));
            } else if is_special(address) {
                found.push(refuse(&list_at.index(index), format!("`{address}` is no address of an endpoint")));
            }
        }
    }
    let (ports_at, mut names) = (at.key("ports"), HashSet::new());
    for (index, port) in list(slice, "ports").iter().enumerate() {
        if port.is_object() && !names.insert(port["name"].as_str().unwrap_or_default()) {
            found.push(Violation::new("schema/duplicate", &ports_at.index(index).key("name"), "two ports have the same name"));
        }
    }
}

/// Addresses that lead nowhere, to the node itself, or to its neighbours (`ValidateNonSpecialIP`).
fn is_special(address: &str) -> bool {
    match address.parse() {
        Ok(IpAddr::V4(address)) => {
            address.is_unspecified()
                || address.is_loopback()
                || address.is_link_local()
                || (address.is_multicast() && address.octets()[..3] == [224, 0, 0])
        }
        Ok(IpAddr::V6(address)) => address.is_unspecified() || address.is_loopback() || address.segments()[0] & 0xffc0 == 0xfe80,
        Err(_) => false,
    }
}

fn subset(subset: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    if ["addresses", "notReadyAddresses"].iter().all(|field| subset.get(*field).is_none_or(is_empty)) {
        found.push(Violation::new("schema/required", at, "needs `addresses` or `notReadyAddresses`"));
    }
}

fn class(spec: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let controller = text(spec, "controller");
    let fits = controller.split_once('/').is_some_and(|(domain, path)| {
        let segment = |segment: &str| segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=:".contains(&byte));
        super::form::is_dns_subdomain(domain) && !path.is_empty() && path.split('/').all(segment)
    });
    if !controller.is_empty() && (!fits || controller.len() > 250) {
        found.push(refuse(&at.key("controller"), format!("`{controller}` is not a path after a domain, such as `example.com/ingress`")));
    }
    if let Some(Value::Object(parameters)) = spec.get("parameters") {
        let here = at.key("parameters");
        let namespace = !text(parameters, "namespace").is_empty();
        match text(parameters, "scope") {
            "Namespace"
                if !namespace && !parameters.get("namespace").is_some_and(|namespace| !namespace.is_string() && !namespace.is_null()) =>
            {
                found.push(Violation::new(
                    "schema/required",
                    &here.key("namespace"),
                    "`namespace` is required where `scope` is `Namespace`",
                ));
            }
            "Cluster" | "" if namespace => found.push(refuse(&here.key("namespace"), "is only for `scope: Namespace`")),
            _ => {}
        }
    }
}

fn resource(backend: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let Some(Value::Object(resource)) = backend.get("resource") else { return };
    let here = at.key("resource");
    for field in ["kind", "name"] {
        if resource.get(field).is_none_or(is_empty) {
            found.push(Violation::new("schema/required", &here.key(field), format!("`{field}` is required")));
        }
        Form::PathSegment.check(&Value::from(text(resource, field)), &here.key(field), found);
    }
    Form::DnsSubdomain.check(&Value::from(text(resource, "apiGroup")), &here.key("apiGroup"), found);
}

fn policy(spec: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    if list(spec, "policyTypes").len() > 2 {
        found.push(refuse(&at.key("policyTypes"), "must have at most two entries"));
    }
}
