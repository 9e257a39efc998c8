//! Routes as kinds of the Gateway API.

use k8s_openapi::api::core::v1::{Service, ServicePort, ServiceSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde_json::{Value, json};

use super::gateway::{HTTP, listener_of, parent};
use super::middlewares::{of_route, strips};
use super::raw_routes::gateway_route;
use super::{Context, Output, annotate, at, resource};
use crate::config::ingress::ResolvedRoute;
use crate::diag::Result;

const API_VERSION: &str = "gateway.networking.k8s.io/v1";
/// Argo CD's server by HTTP/2 without TLS.
const ARGOCD_GRPC: &str = "argocd-server-grpc";

pub(super) fn render(context: Context<'_>, out: &mut Output) -> Result<()> {
    for route in context.routes {
        if route.is_raw() {
            out.object(route.origin.clone(), &gateway_route(context, route))?;
            continue;
        }
        out.object(route.origin.clone(), &http_route(context, route))?;
        if route.redirects() {
            out.object(route.origin.key("tls"), &redirect(context, route))?;
        }
        if route.grpc && is_argocd(route) {
            out.object(route.origin.clone(), &argocd_grpc(route))?;
        }
    }
    if let Some(service) = &context.ingress.default_backend {
        let namespace = service.namespace.as_ref().map_or("default", |name| name.as_str());
        let rules = json!([{"matches": [prefix("/")], "backendRefs": [{"name": service.name, "port": service.port}]}]);
        let spec = json!({"parentRefs": [parent(context, HTTP)], "rules": rules});
        out.object(at(["defaultBackend"]), &resource(API_VERSION, "HTTPRoute", namespace, "default-backend", spec))?;
    }
    Ok(())
}

fn prefix(path: &str) -> Value {
    json!({"path": {"type": "PathPrefix", "value": path}})
}

fn is_argocd(route: &ResolvedRoute) -> bool {
    route.service.name == "argocd-server"
}

fn http_route(context: Context<'_>, route: &ResolvedRoute) -> Value {
    let extension =
        |name: String| json!({"type": "ExtensionRef", "extensionRef": {"group": "traefik.io", "kind": "Middleware", "name": name}});
    let mut filters: Vec<Value> = of_route(context, route).into_iter().map(extension).collect();
    if strips(route) {
        filters.push(json!({"type": "URLRewrite", "urlRewrite": {"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/"}}}));
    }
    let mut backend = json!({"name": route.service.name, "port": route.service.port});
    if route.namespace != route.service.namespace {
        backend["namespace"] = route.service.namespace.as_str().into();
    }
    let mut plain = json!({"matches": [prefix(&route.path)], "backendRefs": [backend]});
    if !filters.is_empty() {
        plain["filters"] = filters.into();
    }
    let mut rules = vec![plain.clone()];
    if route.grpc {
        let mut grpc = plain;
        grpc["matches"][0]["headers"] = json!([{"type": "Exact", "name": "Content-Type", "value": "application/grpc"}]);
        if is_argocd(route) {
            grpc["backendRefs"][0]["name"] = ARGOCD_GRPC.into();
        }
        rules.insert(0, grpc);
    }
    let mut spec = json!({"parentRefs": [parent(context, &listener_of(context, route).name)], "rules": rules});
    if let Some(host) = &route.host {
        spec["hostnames"] = json!([host]);
    }
    let mut object = resource(API_VERSION, "HTTPRoute", &route.namespace, &route.name, spec);
    annotate(&mut object, &route.annotations);
    object
}

fn redirect(context: Context<'_>, route: &ResolvedRoute) -> Value {
    let mut to = json!({"scheme": "https", "statusCode": 301});
    let port = context.ingress.controller.service.https_port.0;
    if port != 443 {
        to["port"] = port.into();
    }
    let rules = json!([{"matches": [prefix(&route.path)], "filters": [{"type": "RequestRedirect", "requestRedirect": to}]}]);
    let mut spec = json!({"parentRefs": [parent(context, HTTP)], "rules": rules});
    if let Some(host) = &route.host {
        spec["hostnames"] = json!([host]);
    }
    resource(API_VERSION, "HTTPRoute", &route.namespace, &format!("{}-redirect", route.name), spec)
}

/// The Gateway API asks the Service which protocol its port speaks, and Argo CD's own Service says nothing about it.
fn argocd_grpc(route: &ResolvedRoute) -> Service {
    let port = ServicePort {
        name: Some("grpc".to_owned()),
        port: route.service.port.into(),
        target_port: Some(IntOrString::Int(8080)),
        protocol: Some("TCP".to_owned()),
        app_protocol: Some("kubernetes.io/h2c".to_owned()),
        ..ServicePort::default()
    };
    let spec = ServiceSpec {
        selector: Some([("app.kubernetes.io/name".to_owned(), "argocd-server".to_owned())].into()),
        ports: Some(vec![port]),
        ..ServiceSpec::default()
    };
    let metadata =
        ObjectMeta { name: Some(ARGOCD_GRPC.to_owned()), namespace: Some(route.service.namespace.clone()), ..ObjectMeta::default() };
    Service { metadata, spec: Some(spec), status: None }
}
