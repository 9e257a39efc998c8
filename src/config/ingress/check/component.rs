//! Settings of components that contradict their routes.

use super::{Check, ROUTE};
use crate::config::ingress::{ResolvedRoute, routes};
use crate::source::ConfigPath;

pub(super) fn check(check: &mut Check<'_>) {
    for route in routes(check.cluster) {
        match (route.name.as_str(), route.service.name.as_str()) {
            ("argocd", "argocd-server") => argocd(check, &route),
            ("headscale", "headscale") => headscale(check, &route),
            _ => {}
        }
    }
}

fn argocd(check: &mut Check<'_>, route: &ResolvedRoute) {
    let Some(argocd) = &check.cluster.argocd else { return };
    let server = &argocd.server;
    let at = |key: &str| ConfigPath::of(["argocd", "server"]).key(key);
    if !route.is_raw() && server.insecure == Some(false) {
        let text = "Argo CD's server answers plain HTTP with a redirect to HTTPS, so requests by its route never end (argo-cd#2953)";
        let hint = "remove `insecure: false`, or set `tls.passthrough` at the route";
        check.error(at("insecure"), ROUTE, text, hint).involving(route.origin.clone());
    }
    if route.is_raw() && server.insecure == Some(true) {
        let text = "the route leaves TLS to Argo CD's server, which speaks plain HTTP";
        check.error(at("insecure"), ROUTE, text, "remove `insecure`, or `passthrough` at the route").involving(route.origin.clone());
    }
    let (key, is) = if route.strip_prefix { ("baseHref", &server.base_href) } else { ("rootPath", &server.root_path) };
    let is = is.as_deref().map_or("/", |path| path.trim_end_matches('/'));
    if !route.is_raw() && is != route.path {
        let text = format!("the route leads to Argo CD at `{}`, but its pages are at `{is}`", route.path);
        check.error(at(key), ROUTE, text, format!("remove `{key}`, which follows the route")).involving(route.origin.clone());
    }
}

fn headscale(check: &mut Check<'_>, route: &ResolvedRoute) {
    let Some(headscale) = &check.cluster.headscale else { return };
    if route.path != "/" || route.host.is_none() {
        let text = "clients of the mesh ask for `/key` and `/ts2021` at the root of a host, so Headscale needs a host of its own";
        check.error(route.origin.clone(), ROUTE, text, "set `host`, and no `path`");
    }
    let own = headscale.serves_tls();
    if own != route.is_raw() {
        let (text, hint) = if own {
            (
                "Headscale ends TLS itself, and the route would speak plain HTTP to it",
                "set `tls.passthrough` at the route, or remove `headscale.tls`",
            )
        } else {
            ("the route leaves TLS to Headscale, which speaks plain HTTP", "remove `passthrough`, or set `headscale.tls`")
        };
        check.error(route.origin.clone(), ROUTE, text, hint).involving(ConfigPath::of(["headscale", "tls"]));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::said;

    #[test]
    fn components_fit_their_routes() {
        let rest = json!({"argocd": {"server": {"insecure": false, "rootPath": "/cd"}}, "headscale": {"tls": {"secretName": "h"}}});
        let routes = json!([{"name": "argocd", "path": "/argocd"}, {"name": "headscale", "path": "/mesh"}]);
        insta::assert_snapshot!(said(rest, json!({"routes": routes})), @"
        error argocd.server.insecure config/ingress-route: Argo CD's server answers plain HTTP with a redirect to HTTPS, so requests by its route never end (argo-cd#2953)
          -> remove `insecure: false`, or set `tls.passthrough` at the route
        error argocd.server.rootPath config/ingress-route: the route leads to Argo CD at `/argocd`, but its pages are at `/cd`
          -> remove `rootPath`, which follows the route
        error ingress.routes[1] config/ingress-route: clients of the mesh ask for `/key` and `/ts2021` at the root of a host, so Headscale needs a host of its own
          -> set `host`, and no `path`
        error ingress.routes[1] config/ingress-route: Headscale ends TLS itself, and the route would speak plain HTTP to it
          -> set `tls.passthrough` at the route, or remove `headscale.tls`
        ");
        let rest = json!({"argocd": {"server": {"insecure": true}}});
        let routes = json!([{"name": "argocd", "host": "a.internal", "tls": {"enabled": true, "passthrough": true}}]);
        insta::assert_snapshot!(said(rest, json!({"routes": routes})), @"
        error argocd.server.insecure config/ingress-route: the route leaves TLS to Argo CD's server, which speaks plain HTTP
          -> remove `insecure`, or `passthrough` at the route
        ");
    }
}
