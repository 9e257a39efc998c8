//! What routes mean for the settings of the components that they lead to.

use super::{ResolvedRoute, TlsMode, routes};
use crate::config::{Cluster, HttpUrl};

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
    cluster
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
    fn what_ends_tls_itself_stays_as_it_is() {
        let own = json!({"routes": [{"name": "argocd", "host": "a.internal", "tls": {"enabled": true, "passthrough": true}}]});
        assert_eq!(settled(own), json!([null, null, null, null, null]));
        assert_eq!(settled(json!({})), json!([null, null, null, null, null]));
    }
}
