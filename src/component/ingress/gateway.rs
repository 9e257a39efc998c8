//! The Gateway that all routes hang on, and what lets it and them reach into other namespaces.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{Context, Output, at, resource};
use crate::config::ingress::{Protocol, ResolvedRoute, TlsMode};
use crate::diag::Result;

/// The name of the Gateway.
pub(super) const NAME: &str = "ingress";
/// The listener of plain HTTP.
pub(super) const HTTP: &str = "http";

const API_VERSION: &str = "gateway.networking.k8s.io/v1";

/// A listener of the Gateway.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Listener {
    /// Its name, which routes refer to.
    pub(super) name: String,
    port: u16,
    protocol: &'static str,
    hostname: Option<String>,
    passes: bool,
}

/// The listener that a route hangs on. TLS has one for each host, because the Secret with the certificate belongs to a listener.
pub(super) fn listener_of(context: Context<'_>, route: &ResolvedRoute) -> Listener {
    let service = &context.ingress.controller.service;
    let passes = route.tls == TlsMode::Passthrough;
    let has_tls = route.tls != TlsMode::Plain;
    let (prefix, outer) = match route.listen_port {
        Some(port) => (format!("port-{port}"), port),
        None if has_tls => (if passes { "tls" } else { "https" }.to_owned(), service.https_port.0),
        None => (HTTP.to_owned(), service.http_port.0),
    };
    let hostname = route.host.clone().filter(|_| has_tls);
    let name = hostname.as_ref().map_or_else(|| prefix.clone(), |host| format!("{prefix}-{host}"));
    let protocol = match (&route.tls, route.protocol) {
        (TlsMode::Passthrough, _) => "TLS",
        (_, Protocol::Tcp) => "TCP",
        (TlsMode::Terminate { .. }, _) => "HTTPS",
        (TlsMode::Plain, _) => "HTTP",
    };
    Listener { name, port: context.listener_port(outer), protocol, hostname, passes }
}

/// What a route says about the listener that it hangs on.
pub(super) fn parent(context: Context<'_>, listener: &str) -> Value {
    json!({"name": NAME, "namespace": context.namespace(), "sectionName": listener})
}

pub(super) fn render(context: Context<'_>, out: &mut Output) -> Result<()> {
    let spec = json!({"gatewayClassName": context.ingress.controller.class(), "listeners": listeners(context)});
    out.object(at(["controller"]), &resource(API_VERSION, "Gateway", &context.namespace(), NAME, spec))?;
    grants(context, out)
}

fn listeners(context: Context<'_>) -> Vec<Value> {
    let plain = Listener {
        name: HTTP.to_owned(),
        port: context.listener_port(context.ingress.controller.service.http_port.0),
        protocol: "HTTP",
        hostname: None,
        passes: false,
    };
    let mut all: BTreeMap<Listener, BTreeSet<(&str, &str)>> = BTreeMap::from([(plain, BTreeSet::new())]);
    for route in context.routes {
        let secrets = all.entry(listener_of(context, route)).or_default();
        if let TlsMode::Terminate { secret, .. } = &route.tls {
            secrets.insert((&route.namespace, secret));
        }
    }
    let own = context.namespace();
    all.into_iter().map(|(listener, secrets)| object(&listener, &secrets, &own)).collect()
}

fn object(listener: &Listener, secrets: &BTreeSet<(&str, &str)>, own: &str) -> Value {
    let mut value = json!({
        "name": listener.name, "port": listener.port, "protocol": listener.protocol,
        "allowedRoutes": {"namespaces": {"from": "All"}},
    });
    if let Some(hostname) = &listener.hostname {
        value["hostname"] = hostname.as_str().into();
    }
    if listener.passes {
        value["tls"] = json!({"mode": "Passthrough"});
    } else if !secrets.is_empty() {
        let secret = |(namespace, name): &(&str, &str)| {
            if *namespace == own { json!({"name": name}) } else { json!({"name": name, "namespace": namespace}) }
        };
        value["tls"] = json!({"mode": "Terminate", "certificateRefs": secrets.iter().map(secret).collect::<Vec<_>>()});
    }
    value
}

/// One grant for each reference from one namespace into another, in the namespace that is reached into.
fn grants(context: Context<'_>, out: &mut Output) -> Result<()> {
    let mut done = BTreeSet::new();
    for route in context.routes {
        let mut grant = |name: String, namespace: &str, from: Value, to: Value| {
            if !done.insert((namespace.to_owned(), name.clone())) {
                return Ok(());
            }
            let spec = json!({"from": [from], "to": [to]});
            out.object(route.origin.clone(), &resource(API_VERSION, "ReferenceGrant", namespace, &name, spec))
        };
        if let TlsMode::Terminate { secret, .. } = &route.tls
            && route.namespace != context.namespace()
        {
            let from = json!({"group": "gateway.networking.k8s.io", "kind": "Gateway", "namespace": context.namespace()});
            let to = json!({"group": "", "kind": "Secret", "name": secret});
            grant(format!("{NAME}-{secret}"), &route.namespace, from, to)?;
        }
        if route.namespace != route.service.namespace {
            let kind = match (&route.tls, route.protocol) {
                (TlsMode::Passthrough, _) => "TLSRoute",
                (_, Protocol::Tcp) => "TCPRoute",
                _ => "HTTPRoute",
            };
            let from = json!({"group": "gateway.networking.k8s.io", "kind": kind, "namespace": route.namespace});
            let to = json!({"group": "", "kind": "Service", "name": route.service.name});
            grant(format!("{}-{}", route.namespace, route.name), &route.service.namespace, from, to)?;
        }
    }
    Ok(())
}
