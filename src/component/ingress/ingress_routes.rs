//! Routes as Traefik's own kinds.

use serde_json::{Value, json};

use super::arguments::{WEB, WEB_SECURE};
use super::middlewares::{TO_HTTPS, of_route};
use super::raw_routes::ingress_route_tcp;
use super::{Context, LAST, Output, annotate, at, priority, resource, rule};
use crate::config::ingress::{ResolvedRoute, TlsMode, entry_point};
use crate::diag::Result;

const API_VERSION: &str = "traefik.io/v1alpha1";

pub(super) fn render(context: Context<'_>, out: &mut Output) -> Result<()> {
    for route in context.routes {
        if route.is_raw() {
            out.object(route.origin.clone(), &ingress_route_tcp(route))?;
            continue;
        }
        out.object(route.origin.clone(), &ingress_route(context, route))?;
        if route.redirects() {
            out.object(route.origin.key("tls"), &redirect(route))?;
        }
    }
    if let Some(service) = &context.ingress.default_backend {
        let namespace = service.namespace.as_ref().map_or("default", |name| name.as_str());
        let spec = json!({"entryPoints": [WEB.0], "routes": [{
            "kind": "Rule", "match": "PathPrefix(`/`)", "priority": LAST, "services": [{"name": service.name, "port": service.port}],
        }]});
        out.object(at(["defaultBackend"]), &resource(API_VERSION, "IngressRoute", namespace, "default-backend", spec))?;
    }
    Ok(())
}

fn entry_point_of(route: &ResolvedRoute) -> String {
    match route.listen_port {
        Some(port) => entry_point(port),
        None => if route.is_terminated() { WEB_SECURE.0 } else { WEB.0 }.to_owned(),
    }
}

fn ingress_route(context: Context<'_>, route: &ResolvedRoute) -> Value {
    let mut plain = json!({"kind": "Rule", "match": rule(route), "priority": priority(route), "services": [service(route)]});
    let middlewares: Vec<Value> = of_route(context, route).into_iter().map(|name| json!({"name": name})).collect();
    if !middlewares.is_empty() {
        plain["middlewares"] = middlewares.into();
    }
    let mut rules = vec![plain.clone()];
    if route.grpc {
        // Argo CD serves pages and gRPC at one port and tells them apart by the content type, as has to be done here.
        let mut grpc = plain;
        grpc["match"] = format!("{} && HeaderRegexp(`Content-Type`, `^application/grpc($|[+;])`)", rule(route)).into();
        grpc["priority"] = (priority(route) + 1).into();
        grpc["services"][0]["scheme"] = "h2c".into();
        rules.insert(0, grpc);
    }
    let mut spec = json!({"entryPoints": [entry_point_of(route)], "routes": rules});
    if let TlsMode::Terminate { secret, .. } = &route.tls {
        spec["tls"] = json!({"secretName": secret});
    }
    let mut object = resource(API_VERSION, "IngressRoute", &route.namespace, &route.name, spec);
    annotate(&mut object, &route.annotations);
    object
}

fn service(route: &ResolvedRoute) -> Value {
    let mut service = json!({"name": route.service.name, "port": route.service.port});
    if route.namespace != route.service.namespace {
        service["namespace"] = route.service.namespace.as_str().into();
    }
    if let Some(check) = &route.health_check {
        service["passiveHealthCheck"] = json!({"failureWindow": check.failure_window, "maxFailedAttempts": check.max_failed_attempts});
    }
    service
}

fn redirect(route: &ResolvedRoute) -> Value {
    let spec = json!({"entryPoints": [WEB.0], "routes": [{
        "kind": "Rule", "match": rule(route), "priority": priority(route), "middlewares": [{"name": TO_HTTPS}],
        "services": [{"kind": "TraefikService", "name": "noop@internal"}],
    }]});
    resource(API_VERSION, "IngressRoute", &route.namespace, &format!("{}-redirect", route.name), spec)
}
