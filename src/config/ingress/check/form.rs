//! What a route asks for and its form cannot carry.

use super::{Check, ROUTE, route};
use crate::config::ingress::{Feature, ResolvedRoute, routes};
use crate::config::ingress::{Protocol, TlsMode};
use crate::source::ConfigPath;

pub(super) fn check(check: &mut Check<'_>) {
    let resolved = routes(check.cluster);
    for entry in &resolved {
        for (feature, key) in asked(check, entry) {
            if check.ingress.carries(feature, check.cluster) {
                continue;
            }
            let path = key.iter().fold(entry.origin.clone(), |path, key| path.key(*key));
            let by = if check.ingress.is_traefik() { "" } else { " of this controller" };
            let text = format!("{}{by} carries {}, which the route `{}` asks for", check.ingress.form().noun(), feature.noun(), entry.name);
            let hint = check.ingress.carried_by(feature, check.cluster);
            check.error(path, ROUTE, text, hint).involving(ConfigPath::of(["ingress", "controller"]));
        }
    }
}

/// What a route asks for, and the key that does.
fn asked(check: &Check<'_>, entry: &ResolvedRoute) -> Vec<(Feature, &'static [&'static str])> {
    let written = check.ingress.routes.iter().enumerate().find(|(number, _)| route(*number) == entry.origin).map(|(_, written)| written);
    let rows: [(bool, Feature, &[&str]); 10] = [
        (entry.protocol == Protocol::Tcp, Feature::Tcp, &["protocol"]),
        (entry.tls == TlsMode::Passthrough, Feature::Passthrough, &["tls", "passthrough"]),
        (entry.listen_port.is_some() && entry.protocol == Protocol::Http, Feature::ListenPort, &["listenPort"]),
        (entry.strip_prefix && entry.path != "/", Feature::StripPrefix, &["stripPrefix"]),
        (!entry.middlewares.is_empty(), Feature::Middlewares, &["middlewares"]),
        (entry.retries.is_some(), Feature::Retries, &["retries"]),
        (entry.health_check.is_some(), Feature::HealthCheck, &["healthCheck"]),
        (entry.namespace != entry.service.namespace, Feature::OtherNamespace, &["namespace"]),
        (written.is_some_and(|written| written.grpc == Some(true)), Feature::Grpc, &["grpc"]),
        (matches!(entry.tls, TlsMode::Terminate { redirect: false, .. }), Feature::NoRedirect, &["tls", "redirect"]),
    ];
    rows.into_iter().filter(|(asked, ..)| *asked).map(|(_, feature, key)| (feature, key)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::tests::said;

    fn everything() -> Value {
        let service = json!({"name": "a", "namespace": "shop", "port": 80});
        json!([
            {"name": "tcp", "listenPort": 2555, "protocol": "tcp", "service": service},
            {"name": "own-tls", "host": "a.internal", "tls": {"enabled": true, "passthrough": true}, "service": service},
            {"name": "port", "listenPort": 9000, "service": service},
            {"name": "strip", "path": "/a", "stripPrefix": true, "service": service},
            {"name": "retry", "path": "/b", "retries": 2, "service": service},
            {"name": "health", "path": "/c", "healthCheck": {}, "service": service},
            {"name": "other", "path": "/d", "namespace": "default", "service": service},
            {"name": "grpc", "path": "/e", "grpc": true, "service": service},
        ])
    }

    #[test]
    fn an_ingress_route_carries_everything() {
        assert_eq!(said(json!({}), json!({"routes": everything()})), "");
    }

    #[test]
    fn what_an_ingress_cannot_carry_is_said_with_the_form_that_can() {
        insta::assert_snapshot!(said(json!({}), json!({"controller": {"form": "ingress"}, "routes": everything()})), @"
        error ingress.routes[0].protocol config/ingress-route: an Ingress carries no TCP, which the route `tcp` asks for
          -> use `controller.type: traefik` or `controller.type: gateway`
        error ingress.routes[1].tls.passthrough config/ingress-route: an Ingress carries no TLS that the Service ends, which the route `own-tls` asks for
          -> use `controller.type: traefik` or `controller.type: gateway`
        error ingress.routes[5].healthCheck config/ingress-route: an Ingress carries no passive health checks, which the route `health` asks for
          -> use `controller.type: traefik`
        error ingress.routes[6].namespace config/ingress-route: an Ingress carries no Service in another namespace, which the route `other` asks for
          -> use `controller.type: traefik` or `controller.type: gateway`
        error ingress.routes[7].grpc config/ingress-route: an Ingress carries no way to tell gRPC from other requests, which the route `grpc` asks for
          -> use `controller.type: traefik` or `controller.type: gateway`
        ");
        insta::assert_snapshot!(said(json!({}), json!({"controller": {"type": "nginx"}, "routes": everything()})), @"
        warning ingress.controller.type config/ingress-controller: the community's ingress-nginx is retired since March 2026; other controllers of the class `nginx`, such as F5's NGINX Ingress Controller, go on
          -> use `traefik` or `gateway`; or set `controller.class: nginx` to say that a maintained controller of this class is there
        error ingress.routes[0].protocol config/ingress-route: an Ingress of this controller carries no TCP, which the route `tcp` asks for
          -> use `controller.type: traefik` or `controller.type: gateway`
        error ingress.routes[1].tls.passthrough config/ingress-route: an Ingress of this controller carries no TLS that the Service ends, which the route `own-tls` asks for
          -> use `controller.type: traefik` or `controller.type: gateway`
        error ingress.routes[2].listenPort config/ingress-route: an Ingress of this controller carries no port of its own, which the route `port` asks for
          -> use `controller.type: traefik` or `controller.type: gateway`
        error ingress.routes[3].stripPrefix config/ingress-route: an Ingress of this controller carries no prefix that is stripped by whole path elements, which the route `strip` asks for
          -> use `controller.type: traefik` or `controller.type: gateway`
        error ingress.routes[4].retries config/ingress-route: an Ingress of this controller carries no retries, which the route `retry` asks for
          -> use `controller.type: traefik` or `controller.type: gateway`
        error ingress.routes[5].healthCheck config/ingress-route: an Ingress of this controller carries no passive health checks, which the route `health` asks for
          -> use `controller.type: traefik`
        error ingress.routes[6].namespace config/ingress-route: an Ingress of this controller carries no Service in another namespace, which the route `other` asks for
          -> use `controller.type: traefik` or `controller.type: gateway`
        error ingress.routes[7].grpc config/ingress-route: an Ingress of this controller carries no way to tell gRPC from other requests, which the route `grpc` asks for
          -> use `controller.type: traefik` or `controller.type: gateway`
        ");
    }

    #[test]
    fn what_a_gateway_cannot_carry_depends_on_its_controller() {
        insta::assert_snapshot!(said(json!({}), json!({"controller": {"type": "gateway"}, "routes": everything()})), @"
        error ingress.routes[5].healthCheck config/ingress-route: an HTTPRoute carries no passive health checks, which the route `health` asks for
          -> use `controller.type: traefik`
        ");
        insta::assert_snapshot!(said(json!({}), json!({"controller": {"type": "gateway", "class": "istio"}, "routes": everything()})), @"
        error ingress.routes[4].retries config/ingress-route: an HTTPRoute of this controller carries no retries, which the route `retry` asks for
          -> use `controller.type: traefik` or `controller.type: gateway`
        error ingress.routes[5].healthCheck config/ingress-route: an HTTPRoute of this controller carries no passive health checks, which the route `health` asks for
          -> use `controller.type: traefik`
        ");
        insta::assert_snapshot!(said(json!({"k3s": {"bundledTraefik": true}}), json!({"controller": {"type": "gateway"}, "routes": everything()})), @"
        error ingress.routes[0].protocol config/ingress-route: an HTTPRoute carries no TCP, which the route `tcp` asks for
          -> use `controller.type: traefik`
        error ingress.routes[1].tls.passthrough config/ingress-route: an HTTPRoute carries no TLS that the Service ends, which the route `own-tls` asks for
          -> use `controller.type: traefik`
        error ingress.routes[5].healthCheck config/ingress-route: an HTTPRoute carries no passive health checks, which the route `health` asks for
          -> use `controller.type: traefik`
        ");
    }
}
