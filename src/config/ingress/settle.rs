//! What routes mean for the settings of the components that they lead to.

use super::{Form, ResolvedRoute, TlsMode, routes};
use crate::config::dashboard::{RouteKind, ServiceDiscovery};
use crate::config::{Cluster, Dashboard, HttpUrl};

/// Fills in settings of components that follow from their routes and that the config leaves open. What it does set stays, and a check
/// says where that does not fit.
pub(in crate::config) fn settle(mut cluster: Cluster) -> Cluster {
    let routes = routes(&cluster);
    let of = |name: &str, service: &str| {
        routes.iter().find(|route| route.name == name && route.service.name == service && !route.is_raw()).cloned()
    };
    let bare = cluster.ingress.as_ref().map(|ingress| ingress.controller.service.clone()).unwrap_or_default();
    let ports = (bare.http_port.0, bare.https_port.0);
    if let (Some(route), Some(argocd)) = (of("argocd", "argocd-server"), cluster.argocd.as_mut()) {
        // It answers plain HTTP with a redirect to HTTPS otherwise, for ever (argo-cd#2953).
        argocd.server.insecure.get_or_insert(true);
        if route.path != "/" {
            let place = if route.strip_prefix { &mut argocd.server.base_href } else { &mut argocd.server.root_path };
            place.get_or_insert_with(|| route.path.clone());
        }
        if argocd.url.is_none() {
            argocd.url = url(&route, ports);
        }
    }
    if let (Some(route), Some(headscale)) = (of("headscale", "headscale"), cluster.headscale.as_mut())
        && headscale.server_url.is_none()
    {
        headscale.server_url = url(&route, ports);
    }
    if let Some(dashboard) = cluster.dashboard.as_mut() {
        let form = cluster.ingress.as_ref().map(super::Ingress::form);
        settle_dashboard(dashboard, form, |name: &str, service: &str| of(name, service).map(|route| (url(&route, ports), route)));
    }
    cluster
}

/// Homepage answers to hosts that it knows alone, with the port that browsers send (`src/middleware.js`).
fn settle_dashboard(dashboard: &mut Dashboard, form: Option<Form>, route: impl Fn(&str, &str) -> Option<(Option<HttpUrl>, ResolvedRoute)>) {
    if let Some((Some(url), _)) = route("dashboard", dashboard.name.as_str()) {
        let host = url.as_str().split_once("://").map_or(url.as_str(), |(_, rest)| rest).split('/').next().unwrap_or_default();
        if !dashboard.allowed_hosts.iter().any(|known| known == host) {
            dashboard.allowed_hosts.push(host.to_owned());
        }
    }
    let name = dashboard.headlamp_name();
    if let (Some((url, route)), Some(headlamp)) = (route("headlamp", &name), dashboard.headlamp.as_mut()) {
        if route.path != "/" && !route.strip_prefix {
            headlamp.base_path.get_or_insert_with(|| route.path.clone());
        }
        if headlamp.url.is_none() {
            headlamp.url = url;
        }
    }
    let discovery = &mut dashboard.service_discovery;
    if form == Some(Form::HttpRoute) && *discovery == ServiceDiscovery::default() {
        discovery.routes.push(RouteKind::Gateway);
    }
}

/// Where a browser finds the route; none when it has no host.
fn url(route: &ResolvedRoute, (http, https): (u16, u16)) -> Option<HttpUrl> {
    let host = route.host.as_ref()?;
    let (scheme, usual, port) = match route.tls {
        TlsMode::Plain => ("http", 80, http),
        TlsMode::Terminate { .. } | TlsMode::Passthrough => ("https", 443, https),
    };
    let port = route.listen_port.unwrap_or(port);
    let port = if port == usual { String::new() } else { format!(":{port}") };
    let path = if route.path == "/" { "" } else { &route.path };
    Some(format!("{scheme}://{host}{port}{path}").into())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn settled(ingress: Value) -> Value {
        let config = json!({"cluster": {"name": "c"}, "argocd": {}, "headscale": {}, "ingress": ingress});
        let cluster = settle(serde_json::from_value(config).expect("a cluster"));
        let (argocd, headscale) = (cluster.argocd.expect("on"), cluster.headscale.expect("on"));
        let server = argocd.server;
        json!([argocd.url, server.insecure, server.root_path, server.base_href, headscale.server_url])
    }

    #[test]
    fn argocd_and_headscale_follow_their_routes() {
        let domain = json!({"domain": "c.internal", "tls": {"enabled": true, "issuer": "internal"}, "routes": [{"name": "headscale"}]});
        assert_eq!(settled(domain), json!(["https://argocd.c.internal", true, null, null, "https://headscale.c.internal"]));
        let kept = json!({"routes": [{"name": "argocd", "host": "c.internal", "path": "/argocd/"}]});
        assert_eq!(settled(kept), json!(["http://c.internal/argocd", true, "/argocd", null, null]));
        let stripped = json!({"routes": [{"name": "argocd", "path": "/argocd", "stripPrefix": true}]});
        assert_eq!(settled(stripped), json!([null, true, null, "/argocd", null]));
    }

    #[test]
    fn the_dashboard_knows_its_hosts() {
        let settled = |ingress: Value, dashboard: Value| {
            let config = json!({"cluster": {"name": "c"}, "dashboard": dashboard, "ingress": ingress});
            let dashboard = settle(serde_json::from_value(config).expect("a cluster")).dashboard.expect("on");
            let headlamp = dashboard.headlamp.unwrap_or_default();
            json!([dashboard.allowed_hosts, headlamp.url, headlamp.base_path, dashboard.service_discovery.routes])
        };
        let domain = json!({"domain": "c.internal", "tls": {"enabled": true, "issuer": "internal"}});
        let hosts = json!(["dashboard.c.internal"]);
        assert_eq!(settled(domain.clone(), json!({})), json!([hosts, null, null, ["ingress", "traefik"]]));
        assert_eq!(
            settled(domain, json!({"name": "start", "headlamp": {}, "allowedHosts": ["dashboard.c.internal"]})),
            json!([hosts, "https://headlamp.c.internal", null, ["ingress", "traefik"]])
        );
        let own = json!({
            "controller": {"type": "gateway", "service": {"httpPort": 8081}},
            "routes": [{"name": "dashboard", "host": "c.internal"}, {"name": "headlamp", "host": "c.internal", "path": "/objects"}],
        });
        assert_eq!(
            settled(own, json!({"headlamp": {}})),
            json!([["c.internal:8081"], "http://c.internal:8081/objects", "/objects", ["ingress", "traefik", "gateway"]])
        );
    }

    #[test]
    fn what_ends_tls_itself_stays_as_it_is() {
        let own = json!({"routes": [{"name": "argocd", "host": "a.internal", "tls": {"enabled": true, "passthrough": true}}]});
        assert_eq!(settled(own), json!([null, null, null, null, null]));
        assert_eq!(settled(json!({})), json!([null, null, null, null, null]));
    }
}
