//! Requests that two routes fit, where which one answers would not be the same everywhere.

use super::{Check, ROUTE};
use crate::config::ingress::{ControllerType, ResolvedRoute, routes};

pub(super) fn check(check: &mut Check<'_>) {
    let all: Vec<ResolvedRoute> = routes(check.cluster).into_iter().filter(|route| !route.is_raw()).collect();
    for (at, route) in all.iter().enumerate() {
        let same = |other: &&ResolvedRoute| (&other.host, &other.path, other.listen_port) == (&route.host, &route.path, route.listen_port);
        if let Some(other) = all[..at].iter().find(same) {
            let host = route.host.as_deref().unwrap_or("every host");
            let text = format!("`{}` at {host} is the route `{}` already", route.path, other.name);
            check.error(route.origin.clone(), ROUTE, text, "give one of them another host or path").involving(other.origin.clone());
        }
    }
    let with_host: Vec<&ResolvedRoute> = all.iter().filter(|route| route.host.is_some()).collect();
    for route in all.iter().filter(|route| route.host.is_none()) {
        between(check, route, &with_host);
    }
}

/// A route for every host and one for a certain host. Traefik's own forms are told which comes first; others decide it themselves.
fn between(check: &mut Check<'_>, every: &ResolvedRoute, with_host: &[&ResolvedRoute]) {
    let here = |route: &&&ResolvedRoute| route.listen_port == every.listen_port;
    let kind = check.ingress.controller.r#type;
    let (route, text) = if kind == ControllerType::Gateway && check.ingress.is_traefik() {
        // Its provider adds the length of the path a hundredfold (pkg/provider/kubernetes/gateway/httproute.go of Traefik 3.6).
        let Some(route) = with_host.iter().filter(here).find(|route| route.path != every.path && is_below(&every.path, &route.path)) else {
            return;
        };
        let host = route.host.as_deref().unwrap_or_default();
        (
            route,
            format!(
                "behind the Gateway API Traefik takes the longer path first, so that requests for `{host}{}` come here and not to the route `{}`",
                every.path, route.name
            ),
        )
    } else if kind == ControllerType::Traefik {
        return;
    } else {
        // A server block or virtual host of its own answers all requests for its host.
        let is_open = |route: &&&ResolvedRoute| !with_host.iter().any(|other| other.host == route.host && other.path == "/");
        let Some(route) = with_host.iter().filter(here).find(is_open) else { return };
        let host = route.host.as_deref().unwrap_or_default();
        (
            route,
            format!(
                "requests for `{host}` never come to this route, because this controller answers those that no route of that host takes with 404"
            ),
        )
    };
    let hint = format!("set `host` here as well, or use {}", "`controller.type: traefik`");
    check.warning(every.origin.clone(), ROUTE, text, hint).involving(route.origin.clone());
}

/// Whether a path lies below a prefix.
fn is_below(path: &str, prefix: &str) -> bool {
    prefix == "/" || path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::said;

    #[test]
    fn one_request_one_route() {
        let service = json!({"name": "a", "port": 80});
        let routes = json!([
            {"name": "a", "host": "a.internal", "path": "/x", "service": service},
            {"name": "b", "host": "a.internal", "path": "/x/", "service": service},
            {"name": "c", "path": "/x/y", "service": service},
        ]);
        insta::assert_snapshot!(said(json!({}), json!({"routes": routes})), @"
        error ingress.routes[1] config/ingress-route: `/x` at a.internal is the route `a` already
          -> give one of them another host or path
        ");
        insta::assert_snapshot!(said(json!({}), json!({"controller": {"type": "gateway"}, "routes": routes})), @"
        error ingress.routes[1] config/ingress-route: `/x` at a.internal is the route `a` already
          -> give one of them another host or path
        warning ingress.routes[2] config/ingress-route: behind the Gateway API Traefik takes the longer path first, so that requests for `a.internal/x/y` come here and not to the route `a`
          -> set `host` here as well, or use `controller.type: traefik`
        ");
        insta::assert_snapshot!(said(json!({}), json!({"controller": {"type": "gateway", "class": "istio"}, "routes": routes})), @"
        error ingress.routes[1] config/ingress-route: `/x` at a.internal is the route `a` already
          -> give one of them another host or path
        warning ingress.routes[2] config/ingress-route: requests for `a.internal` never come to this route, because this controller answers those that no route of that host takes with 404
          -> set `host` here as well, or use `controller.type: traefik`
        ");
    }
}
