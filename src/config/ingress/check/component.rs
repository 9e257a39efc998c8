//! Settings of components that contradict their routes.

use super::{Check, ROUTE};
use crate::config::ingress::{ResolvedRoute, routes};
use crate::source::ConfigPath;

pub(super) fn check(check: &mut Check<'_>) {
    for route in routes(check.cluster) {
        match (route.name.as_str(), route.service.name.as_str()) {
            ("argocd", "argocd-server") => argocd(check, &route),
            ("headscale", "headscale") => headscale(check, &route),
            ("dashboard", _) => dashboard(check, &route),
            ("headlamp", _) => headlamp(check, &route),
            _ => {}
        }
    }
}

/// Its address in the page is fixed when its image is built (homepage `next.config.js` has no `basePath`), so one's own image can differ.
fn dashboard(check: &mut Check<'_>, route: &ResolvedRoute) {
    let own = check.cluster.dashboard.as_ref().filter(|own| own.name.as_str() == route.service.name && own.base_image.is_none());
    if own.is_some() && route.path != "/" {
        let text = format!("Homepage's pages are at the root of a host, and the route leads to it at `{}`", route.path);
        check.error(route.origin.clone(), ROUTE, text, "set `host`, and no `path`");
    }
}

fn headlamp(check: &mut Check<'_>, route: &ResolvedRoute) {
    let Some(dashboard) = check.cluster.dashboard.as_ref().filter(|dashboard| dashboard.headlamp_name() == route.service.name) else {
        return;
    };
    let Some(headlamp) = &dashboard.headlamp else { return };
    let is = headlamp.base_path.as_deref().unwrap_or("/");
    if is != route.path {
        let at = ConfigPath::of(["dashboard", "headlamp", "basePath"]);
        let text = format!("the route leads to Headlamp at `{}`, but its pages are at `{is}`", route.path);
        let hint = if route.strip_prefix {
            "remove `stripPrefix`: Headlamp takes requests with its path"
        } else {
            "remove `basePath`, which follows the route"
        };
        check.error(at, ROUTE, text, hint).involving(route.origin.clone());
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
        let rest = json!({"dashboard": {"headlamp": {"basePath": "/a"}}});
        let routes = json!([{"name": "dashboard", "path": "/dashboard"}, {"name": "headlamp", "host": "a.internal", "path": "/b"}]);
        insta::assert_snapshot!(said(rest, json!({"routes": routes})), @"
        error ingress.routes[0] config/ingress-route: Homepage's pages are at the root of a host, and the route leads to it at `/dashboard`
          -> set `host`, and no `path`
        error dashboard.headlamp.basePath config/ingress-route: the route leads to Headlamp at `/b`, but its pages are at `/a`
          -> remove `basePath`, which follows the route
        ");
        let rest = json!({"argocd": {"server": {"insecure": true}}});
        let routes = json!([{"name": "argocd", "host": "a.internal", "tls": {"enabled": true, "passthrough": true}}]);
        insta::assert_snapshot!(said(rest, json!({"routes": routes})), @"
        error argocd.server.insecure config/ingress-route: the route leaves TLS to Argo CD's server, which speaks plain HTTP
          -> remove `insecure`, or `passthrough` at the route
        ");
    }
}
