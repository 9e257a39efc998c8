//! Annotations by which the dashboard finds the routes of the release.
//!
//! Homepage lists Ingresses, IngressRoutes and HTTPRoutes and shows those with `gethomepage.dev/enabled: "true"` (homepage v1.12.3
//! `src/utils/kubernetes/resource-helpers.js`). It works out an address for some of them, for IngressRoutes none; so each gets its own.

use serde_json::{Map, Value};

use crate::config::{Cluster, Dashboard};
use crate::manifest::Object;

const PREFIX: &str = "gethomepage.dev/";

/// Annotates every route that a component made and that browsers can follow. The user's own objects stay as they were written.
pub(super) fn annotate(objects: &mut [Object], cluster: &Cluster) {
    let Some(dashboard) = &cluster.dashboard else { return };
    let discovery = &dashboard.service_discovery;
    if !discovery.enabled {
        return;
    }
    let listed = listed(cluster, dashboard);
    for number in 0..objects.len() {
        let object = &objects[number];
        let is_chosen =
            |namespace: &str| discovery.namespaces.is_empty() || discovery.namespaces.iter().any(|name| name.as_str() == namespace);
        if object.component() == "extra" || !is_chosen(object.namespace().unwrap_or_default()) {
            continue;
        }
        // What only sends browsers elsewhere leads to no Service, and what the page's own config lists would be there twice.
        let Some((href, service)) = address(object, objects).and_then(|href| Some((href, service(object)?))) else { continue };
        if listed.contains(&service) {
            continue;
        }
        let mut found =
            vec![("enabled", "true".to_owned()), ("name", object.name().to_owned()), ("group", "Cluster".to_owned()), ("href", href)];
        found.extend(pods(object, objects).map(|selector| ("pod-selector", selector)));
        objects[number].edit_metadata(|metadata| {
            let Value::Object(annotations) = metadata.entry("annotations").or_insert_with(|| Map::new().into()) else { return };
            for (key, text) in found {
                annotations.entry(format!("{PREFIX}{key}")).or_insert_with(|| text.into());
            }
        });
    }
}

/// The first address of a route; none for what is no route, or has no host.
fn address(object: &Object, objects: &[Object]) -> Option<String> {
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str);
    let (secure, host, path) = match (object.group(), object.kind()) {
        ("networking.k8s.io", "Ingress") => {
            (object.pointer("/spec/tls").is_some(), text("/spec/rules/0/host")?, text("/spec/rules/0/http/paths/0/path").unwrap_or("/"))
        }
        ("traefik.io", "IngressRoute") => {
            let rule = text("/spec/routes/0/match")?;
            let entry_points = object.pointer("/spec/entryPoints").and_then(Value::as_array);
            let is_secure = |name: &Value| name.as_str() == Some("websecure");
            let secure = object.pointer("/spec/tls").is_some() || entry_points.is_some_and(|names| names.iter().any(is_secure));
            (secure, argument(rule, "Host")?, argument(rule, "PathPrefix").or_else(|| argument(rule, "Path")).unwrap_or("/"))
        }
        ("gateway.networking.k8s.io", "HTTPRoute") => {
            (is_https(object, objects), text("/spec/hostnames/0")?, text("/spec/rules/0/matches/0/path/value").unwrap_or("/"))
        }
        _ => return None,
    };
    // Any host of a domain is the address of none.
    (!host.contains('*')).then(|| format!("{}://{host}{path}", if secure { "https" } else { "http" }))
}

/// What stands between the first quotes of a matcher: ``Host(`a`)``.
fn argument<'a>(rule: &'a str, matcher: &str) -> Option<&'a str> {
    let (_, rest) = rule.split_once(&format!("{matcher}("))?;
    let quote = rest.chars().next().filter(|quote| matches!(quote, '`' | '"'))?;
    rest[1..].split_once(quote).map(|(inside, _)| inside)
}

/// Whether the listener that the route hangs on speaks TLS.
fn is_https(route: &Object, objects: &[Object]) -> bool {
    let parent = |key: &str| route.pointer(&format!("/spec/parentRefs/0/{key}")).and_then(Value::as_str);
    let namespace = parent("namespace").or_else(|| route.namespace());
    let gateway = objects.iter().find(|object| {
        (object.group(), object.kind()) == ("gateway.networking.k8s.io", "Gateway")
            && Some(object.name()) == parent("name")
            && object.namespace() == namespace
    });
    let listeners = gateway.and_then(|gateway| gateway.pointer("/spec/listeners")).and_then(Value::as_array);
    let mut listeners = listeners.into_iter().flatten();
    let named = |listener: &&Value| parent("sectionName").is_none_or(|name| listener.get("name").and_then(Value::as_str) == Some(name));
    listeners.find(named).is_some_and(|listener| listener.get("protocol").and_then(Value::as_str) == Some("HTTPS"))
}

/// The Services that the page's config has links to, and the page itself.
fn listed(cluster: &Cluster, dashboard: &Dashboard) -> Vec<(String, String)> {
    let own = |name: String| (dashboard.namespace.to_string(), name);
    let argocd = cluster.argocd.iter().filter(|argocd| argocd.url.is_some());
    let argocd = argocd.map(|argocd| (argocd.namespace.to_string(), "argocd-server".to_owned()));
    let headlamp = dashboard.headlamp.iter().filter(|headlamp| headlamp.url.is_some()).map(|_| own(dashboard.headlamp_name()));
    let headscale = cluster.headscale.iter().map(|headscale| (headscale.namespace.to_string(), "headscale".to_owned()));
    argocd.chain(headlamp).chain(headscale).chain([own(dashboard.name.to_string())]).collect()
}

/// The namespace and name of the Service behind the first backend.
fn service(route: &Object) -> Option<(String, String)> {
    const BACKENDS: [&str; 3] = ["/spec/rules/0/http/paths/0/backend/service", "/spec/routes/0/services/0", "/spec/rules/0/backendRefs/0"];
    let backend = BACKENDS.iter().find_map(|pointer| route.pointer(pointer))?;
    let text = |key: &str| backend.get(key).and_then(Value::as_str);
    let is_service = text("kind").is_none_or(|kind| kind == "Service");
    let name = text("name").filter(|_| is_service)?;
    Some((text("namespace").or_else(|| route.namespace()).unwrap_or_default().to_owned(), name.to_owned()))
}

/// The labels of the pods behind the first backend, where they are in the namespace of the route: Homepage shows their state.
fn pods(route: &Object, objects: &[Object]) -> Option<String> {
    let (namespace, name) = service(route).filter(|(namespace, _)| Some(namespace.as_str()) == route.namespace())?;
    let service = objects.iter().find(|object| {
        object.group().is_empty() && object.kind() == "Service" && object.name() == name && object.namespace() == Some(namespace.as_str())
    })?;
    let selector = service.pointer("/spec/selector")?.as_object()?;
    let labels: Vec<String> = selector.iter().filter_map(|(key, value)| Some(format!("{key}={}", value.as_str()?))).collect();
    (!labels.is_empty()).then(|| labels.join(","))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::source::ConfigPath;

    use super::*;

    fn annotated(component: &'static str, dashboard: Value, route: Value) -> Value {
        let cluster = serde_json::from_value(json!({"cluster": {"name": "c"}, "dashboard": dashboard})).expect("a cluster");
        let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "shop"}, "spec": {"selector": {"app": "web", "part": "a"}}});
        let gateway = json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"name": "edge", "namespace": "edge"}, "spec": {"listeners": [
            {"name": "web", "protocol": "HTTP"}, {"name": "secure", "protocol": "HTTPS"}]}});
        let mut objects: Vec<Object> =
            [route, service, gateway].iter().map(|value| Object::new(component, ConfigPath::root(), value).expect("an object")).collect();
        annotate(&mut objects, &cluster);
        assert_eq!(objects[1].pointer("/metadata/annotations"), None);
        objects[0].pointer("/metadata/annotations").cloned().unwrap_or_default()
    }

    fn ingress(host: Value) -> Value {
        json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "web", "namespace": "shop", "annotations": {"gethomepage.dev/name": "The shop"}},
            "spec": {"tls": [{}], "rules": [{"host": host, "http": {"paths": [{"path": "/a", "backend": {"service": {"name": "web"}}}]}}]}})
    }

    #[test]
    fn routes_of_every_form_are_found() {
        let made = annotated("ingress", json!({}), ingress(json!("shop.example.com")));
        assert_eq!(
            made,
            json!({"gethomepage.dev/name": "The shop", "gethomepage.dev/enabled": "true", "gethomepage.dev/group": "Cluster",
                "gethomepage.dev/href": "https://shop.example.com/a", "gethomepage.dev/pod-selector": "app=web,part=a"})
        );
        let route = json!({"apiVersion": "traefik.io/v1alpha1", "kind": "IngressRoute", "metadata": {"name": "web", "namespace": "shop"}, "spec": {"entryPoints": ["web"], "routes": [
            {"match": "Host(`shop.example.com`) && PathPrefix(`/b`)", "services": [{"name": "web", "namespace": "other"}]}]}});
        let made = annotated("ingress", json!({}), route);
        assert_eq!((&made["gethomepage.dev/href"], made.get("gethomepage.dev/pod-selector")), (&json!("http://shop.example.com/b"), None));
        let route = json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": "web", "namespace": "shop"}, "spec": {
            "hostnames": ["shop.example.com"], "parentRefs": [{"name": "edge", "namespace": "edge", "sectionName": "secure"}], "rules": [{"backendRefs": [{"name": "web"}]}]}});
        let made = annotated("ingress", json!({}), route);
        assert_eq!(
            (&made["gethomepage.dev/href"], &made["gethomepage.dev/pod-selector"]),
            (&json!("https://shop.example.com/"), &json!("app=web,part=a"))
        );
    }

    #[test]
    fn what_nobody_asked_for_stays_as_it_is() {
        let untouched = json!({"gethomepage.dev/name": "The shop"});
        assert_eq!(annotated("extra", json!({}), ingress(json!("shop.example.com"))), untouched);
        assert_eq!(annotated("ingress", json!({}), ingress(json!("*.example.com"))), untouched);
        let page = json!({"name": "web", "namespace": "shop"});
        assert_eq!(annotated("ingress", page, ingress(json!("shop.example.com"))), untouched);
        let redirect = json!({"apiVersion": "traefik.io/v1alpha1", "kind": "IngressRoute", "metadata": {"name": "web", "namespace": "shop"}, "spec": {"entryPoints": ["web"], "routes": [
            {"match": "Host(`shop.example.com`)", "services": [{"kind": "TraefikService", "name": "noop@internal"}]}]}});
        assert_eq!(annotated("ingress", json!({}), redirect), json!(null));
        assert_eq!(annotated("ingress", json!({"serviceDiscovery": {"enabled": false}}), ingress(json!("shop.example.com"))), untouched);
        assert_eq!(
            annotated("ingress", json!({"serviceDiscovery": {"namespaces": ["other"]}}), ingress(json!("shop.example.com"))),
            untouched
        );
    }
}
