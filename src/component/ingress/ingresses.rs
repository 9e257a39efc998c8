//! Routes as Kubernetes' own Ingresses, one for each, because what Traefik reads beside them stands in annotations of the whole object.

use std::collections::BTreeMap;

use k8s_openapi::api::networking::v1::{
    HTTPIngressPath, HTTPIngressRuleValue, Ingress, IngressBackend, IngressRule, IngressServiceBackend, IngressSpec, IngressTLS,
    ServiceBackendPort,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::arguments::{WEB, WEB_SECURE};
use super::middlewares::{TO_HTTPS, of_route};
use super::{Context, Output, at, priority};
use crate::config::ingress::{ResolvedRoute, TlsMode, entry_point};
use crate::diag::Result;

/// Traefik's annotations of routers (<https://doc.traefik.io/traefik/reference/routing-configuration/kubernetes/ingress/>).
const ROUTER: &str = "traefik.ingress.kubernetes.io/router";

pub(super) fn render(context: Context<'_>, out: &mut Output) -> Result<()> {
    for route in context.routes.iter().filter(|route| !route.is_raw()) {
        out.object(route.origin.clone(), &ingress(context, route))?;
        // Other controllers send plain HTTP to HTTPS by themselves, wherever there is a certificate.
        if route.redirects() && context.ingress.is_traefik() {
            out.object(route.origin.key("tls"), &redirect(context, route))?;
        }
    }
    if let Some(service) = &context.ingress.default_backend {
        let namespace = service.namespace.as_ref().map_or("default", |name| name.as_str());
        let spec = IngressSpec {
            default_backend: Some(backend(service.name.as_str(), service.port.0)),
            ingress_class_name: Some(context.ingress.controller.class().to_string()),
            ..IngressSpec::default()
        };
        let mut metadata = metadata(namespace, "default-backend");
        if context.ingress.is_traefik() {
            metadata.annotations = Some([(format!("{ROUTER}.entrypoints"), WEB.0.to_owned())].into());
        }
        out.object(at(["defaultBackend"]), &Ingress { metadata, spec: Some(spec), status: None })?;
    }
    Ok(())
}

fn metadata(namespace: &str, name: &str) -> ObjectMeta {
    ObjectMeta { name: Some(name.to_owned()), namespace: Some(namespace.to_owned()), ..ObjectMeta::default() }
}

fn backend(name: &str, port: u16) -> IngressBackend {
    let port = ServiceBackendPort { number: Some(port.into()), name: None };
    IngressBackend { service: Some(IngressServiceBackend { name: name.to_owned(), port: Some(port) }), resource: None }
}

fn ingress(context: Context<'_>, route: &ResolvedRoute) -> Ingress {
    let mut metadata = metadata(&route.namespace, &route.name);
    let mut annotations = route.annotations.clone();
    if context.ingress.is_traefik() {
        let entry_point = match route.listen_port {
            Some(port) => entry_point(port),
            None => if route.is_terminated() { WEB_SECURE.0 } else { WEB.0 }.to_owned(),
        };
        annotations.extend(router(route, entry_point, &of_route(context, route)));
        if route.is_terminated() {
            annotations.insert(format!("{ROUTER}.tls"), "true".to_owned());
        }
    }
    metadata.annotations = Some(annotations).filter(|annotations| !annotations.is_empty());
    let mut spec = spec(context, route);
    if let TlsMode::Terminate { secret, .. } = &route.tls {
        let hosts = route.host.clone().map(|host| vec![host]);
        spec.tls = Some(vec![IngressTLS { hosts, secret_name: Some(secret.clone()) }]);
    }
    Ingress { metadata, spec: Some(spec), status: None }
}

fn spec(context: Context<'_>, route: &ResolvedRoute) -> IngressSpec {
    let path = HTTPIngressPath {
        path: Some(route.path.clone()),
        path_type: "Prefix".to_owned(),
        backend: backend(&route.service.name, route.service.port),
    };
    IngressSpec {
        ingress_class_name: Some(context.ingress.controller.class().to_string()),
        rules: Some(vec![IngressRule { host: route.host.clone(), http: Some(HTTPIngressRuleValue { paths: vec![path] }) }]),
        ..IngressSpec::default()
    }
}

fn router(route: &ResolvedRoute, entry_point: String, middlewares: &[String]) -> BTreeMap<String, String> {
    let mut annotations =
        BTreeMap::from([(format!("{ROUTER}.entrypoints"), entry_point), (format!("{ROUTER}.priority"), priority(route).to_string())]);
    if !middlewares.is_empty() {
        let names: Vec<String> = middlewares.iter().map(|name| format!("{}-{name}@kubernetescrd", route.namespace)).collect();
        annotations.insert(format!("{ROUTER}.middlewares"), names.join(","));
    }
    annotations
}

fn redirect(context: Context<'_>, route: &ResolvedRoute) -> Ingress {
    let mut metadata = metadata(&route.namespace, &format!("{}-redirect", route.name));
    metadata.annotations = Some(router(route, WEB.0.to_owned(), &[TO_HTTPS.to_owned()]));
    Ingress { metadata, spec: Some(spec(context, route)), status: None }
}
