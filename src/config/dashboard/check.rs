//! What a schema cannot say about the section.

use super::{Dashboard, DashboardService};
use crate::config::headscale::ServiceType;
use crate::config::{Cluster, Problems, format};
use crate::diag::did_you_mean;
use crate::source::ConfigPath;

const SERVICE: &str = "config/dashboard-service";
const HOSTS: &str = "config/dashboard-hosts";
const LOOK: &str = "config/dashboard-theme";

/// Values of `settings.yaml` that Homepage knows (`src/utils/styles/themes.js`, docs/configs/settings.md); others it takes and shows nothing.
const THEMES: [&str; 2] = ["dark", "light"];
const COLORS: [&str; 22] = [
    "slate", "gray", "zinc", "neutral", "stone", "amber", "yellow", "lime", "green", "emerald", "teal", "cyan", "sky", "blue", "indigo",
    "violet", "purple", "fuchsia", "pink", "rose", "red", "white",
];

/// Checks the section, where there is one.
pub fn check(cluster: &Cluster, problems: &mut Problems) {
    let Some(dashboard) = &cluster.dashboard else { return };
    service(&at(["service"]), &dashboard.service, problems);
    if let Some(headlamp) = &dashboard.headlamp {
        service(&at(["headlamp", "service"]), &headlamp.service, problems);
    }
    hosts(dashboard, problems);
    theme(dashboard, problems);
    links(dashboard, problems);
    if dashboard.service_discovery.enabled && dashboard.service_discovery.routes.is_empty() {
        let message = "discovery looks for no kind of routes";
        let hint = "name `ingress`, `traefik` or `gateway`, or set `serviceDiscovery.enabled: false`";
        problems.error(at(["serviceDiscovery", "routes"]), SERVICE, message, hint);
    }
    if !dashboard.service_discovery.enabled && !dashboard.service_discovery.namespaces.is_empty() {
        let message = "namespaces mean nothing while discovery is off";
        let hint = "remove them, or set `serviceDiscovery.enabled: true`";
        problems.error(at(["serviceDiscovery", "namespaces"]), SERVICE, message, hint).involving(at(["serviceDiscovery", "enabled"]));
    }
}

/// The NodePorts, with the keys that set them.
#[must_use]
pub fn node_ports(dashboard: &Dashboard) -> Vec<(ConfigPath, &'static str, u16)> {
    let of = |path: ConfigPath, service: &DashboardService| {
        let used = service.node_port.filter(|_| service.r#type == ServiceType::NodePort);
        used.map(|port| (path.key("nodePort"), "TCP", port.0))
    };
    let headlamp = dashboard.headlamp.as_ref().and_then(|headlamp| of(at(["headlamp", "service"]), &headlamp.service));
    of(at(["service"]), &dashboard.service).into_iter().chain(headlamp).collect()
}

fn at<'a>(keys: impl IntoIterator<Item = &'a str>) -> ConfigPath {
    keys.into_iter().fold(ConfigPath::of(["dashboard"]), |path, key| path.key(key))
}

fn service(path: &ConfigPath, service: &DashboardService, problems: &mut Problems) {
    match (service.r#type, service.node_port) {
        (ServiceType::NodePort, None) => {
            let message = "`type: NodePort` needs `nodePort`";
            problems.error(path.key("nodePort"), SERVICE, message, "choose one that nothing else uses, such as 30880");
        }
        (ServiceType::ClusterIP | ServiceType::LoadBalancer, Some(_)) => {
            let message = "`nodePort` has no effect without `type: NodePort`";
            problems.error(path.key("nodePort"), SERVICE, message, "remove it, or set `type: NodePort`").involving(path.key("type"));
        }
        _ => {}
    }
}

/// Homepage compares them with the header of the request, letter by letter.
fn hosts(dashboard: &Dashboard, problems: &mut Problems) {
    for (place, host) in dashboard.allowed_hosts.iter().enumerate() {
        if host == "*" {
            let message = "`*` lets any page in a visitor's browser read this one under a name of its own (DNS rebinding)";
            problems.warning(at(["allowedHosts"]).index(place), HOSTS, message, "name the hosts");
            continue;
        }
        let bare = host.strip_prefix('[').and_then(|rest| rest.split_once(']'));
        let (name, port) = match bare {
            Some((name, port)) => (name, port.strip_prefix(':')),
            None => host.split_once(':').map_or((host.as_str(), None), |(name, port)| (name, Some(port))),
        };
        let good_port = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
        let good_name = format::format("host").is_some_and(|form| (form.check)(name).is_ok());
        if host.contains("://") || !good_port || !good_name {
            let hint = "write it as browsers send it: `dashboard.example.com`, or `10.0.0.5:8080` where the port is not 80 or 443";
            problems.error(at(["allowedHosts"]).index(place), HOSTS, format!("`{host}` is no host"), hint);
        }
    }
}

fn theme(dashboard: &Dashboard, problems: &mut Problems) {
    for (key, known) in [("theme", THEMES.as_slice()), ("color", COLORS.as_slice())] {
        let Some(value) = dashboard.customizations.theme.get(key) else { continue };
        let text = value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
        if known.contains(&text.as_str()) {
            continue;
        }
        let hint = did_you_mean(&text, known.iter().copied()).map_or_else(
            || format!("one of {}", known.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")),
            |meant| format!("did you mean `{meant}`?"),
        );
        problems.error(at(["customizations", "theme"]).key(key), LOOK, format!("Homepage knows no {key} `{text}`"), hint);
    }
    for key in ["title", "favicon"] {
        if dashboard.customizations.theme.contains_key(key) {
            let path = at(["customizations", "theme"]).key(key);
            problems.error(path, LOOK, format!("`{key}` is part of `customizations.branding`"), "move it there");
        }
    }
}

fn links(dashboard: &Dashboard, problems: &mut Problems) {
    for (place, link) in dashboard.customizations.links.iter().enumerate() {
        for (key, text) in [("name", &link.name), ("group", &link.group)] {
            if text.trim().is_empty() {
                let path = at(["customizations", "links"]).index(place).key(key);
                problems.error(path, LOOK, format!("a link without `{key}`"), "give it one");
            }
        }
    }
    let metrics = &dashboard.customizations.metrics;
    for (place, source) in metrics.sources.iter().enumerate().filter(|_| !metrics.enabled) {
        let path = at(["customizations", "metrics", "sources"]).index(place);
        let message = format!("`{}` is not shown while metrics are off", source.name);
        problems.error(path, LOOK, message, "remove it, or set `metrics.enabled: true`").involving(at([
            "customizations",
            "metrics",
            "enabled",
        ]));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::check;
    use crate::config::check::testing::{cluster, said};

    fn of(dashboard: Value) -> String {
        said(check, &cluster(json!({"cluster": {"name": "c"}, "dashboard": dashboard})))
    }

    #[test]
    fn the_defaults_are_fine() {
        assert_eq!(of(json!({})), "");
        assert_eq!(of(json!({"allowedHosts": ["dashboard.example.com", "10.0.0.5:8080", "[fd00::1]:8080"], "headlamp": {}})), "");
    }

    #[test]
    fn what_would_show_nothing_is_refused() {
        insta::assert_snapshot!([
            json!({"service": {"type": "NodePort"}, "headlamp": {"service": {"nodePort": 30881}}}),
            json!({"allowedHosts": ["https://dashboard.example.com", "a b", "dashboard:http", "*"]}),
            json!({"customizations": {"theme": {"theme": "drak", "color": 5, "title": "x"}}}),
            json!({"customizations": {"links": [{"name": " ", "href": "https://example.com"}]}}),
            json!({"customizations": {"metrics": {"enabled": false, "sources": [{"name": "p", "url": "http://p:9090", "queries": []}]}}}),
            json!({"serviceDiscovery": {"routes": []}}),
            json!({"serviceDiscovery": {"enabled": false, "namespaces": ["a"]}}),
        ].map(of).concat(), @"
        error dashboard.service.nodePort config/dashboard-service: `type: NodePort` needs `nodePort`
        error dashboard.headlamp.service.nodePort config/dashboard-service: `nodePort` has no effect without `type: NodePort`
        error dashboard.allowedHosts[0] config/dashboard-hosts: `https://dashboard.example.com` is no host
        error dashboard.allowedHosts[1] config/dashboard-hosts: `a b` is no host
        error dashboard.allowedHosts[2] config/dashboard-hosts: `dashboard:http` is no host
        warning dashboard.allowedHosts[3] config/dashboard-hosts: `*` lets any page in a visitor's browser read this one under a name of its own (DNS rebinding)
        error dashboard.customizations.theme.theme config/dashboard-theme: Homepage knows no theme `drak`
        error dashboard.customizations.theme.color config/dashboard-theme: Homepage knows no color `5`
        error dashboard.customizations.theme.title config/dashboard-theme: `title` is part of `customizations.branding`
        error dashboard.customizations.links[0].name config/dashboard-theme: a link without `name`
        error dashboard.customizations.metrics.sources[0] config/dashboard-theme: `p` is not shown while metrics are off
        error dashboard.serviceDiscovery.routes config/dashboard-service: discovery looks for no kind of routes
        error dashboard.serviceDiscovery.namespaces config/dashboard-service: namespaces mean nothing while discovery is off
        ");
    }
}
