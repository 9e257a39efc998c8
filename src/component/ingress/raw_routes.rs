//! Routes for connections that go to the Service as they are: TCP, and TLS that the Service ends.

use serde_json::{Value, json};

use super::arguments::WEB_SECURE;
use super::gateway::{Listener, listener_of, parent};
use super::{Context, annotate, resource};
use crate::config::ingress::{ResolvedRoute, TlsMode, entry_point};

/// For Traefik's own form.
pub(super) fn ingress_route_tcp(route: &ResolvedRoute) -> Value {
    let passes = route.tls == TlsMode::Passthrough;
    let host = route.host.as_deref().filter(|_| passes).unwrap_or("*");
    let mut service = json!({"name": route.service.name, "port": route.service.port});
    if route.namespace != route.service.namespace {
        service["namespace"] = route.service.namespace.as_str().into();
    }
    let entry_point = route.listen_port.map_or_else(|| WEB_SECURE.0.to_owned(), entry_point);
    let mut spec = json!({"entryPoints": [entry_point], "routes": [{"match": format!("HostSNI(`{host}`)"), "services": [service]}]});
    if passes {
        spec["tls"] = json!({"passthrough": true});
    }
    let mut object = resource("traefik.io/v1alpha1", "IngressRouteTCP", &route.namespace, &route.name, spec);
    annotate(&mut object, &route.annotations);
    object
}

/// For the Gateway API.
pub(super) fn gateway_route(context: Context<'_>, route: &ResolvedRoute) -> Value {
    let Listener { name, .. } = listener_of(context, route);
    let mut backend = json!({"name": route.service.name, "port": route.service.port});
    if route.namespace != route.service.namespace {
        backend["namespace"] = route.service.namespace.as_str().into();
    }
    let mut spec = json!({"parentRefs": [parent(context, &name)], "rules": [{"backendRefs": [backend]}]});
    let kind = if route.tls == TlsMode::Passthrough {
        spec["hostnames"] = json!([route.host]);
        "TLSRoute"
    } else {
        "TCPRoute"
    };
    let mut object = resource("gateway.networking.k8s.io/v1", kind, &route.namespace, &route.name, spec);
    annotate(&mut object, &route.annotations);
    object
}
