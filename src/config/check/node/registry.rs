//! Registries that containerd pulls from.

use super::{k3s, node};
use crate::config::{Cluster, Problems, Registries};
use crate::source::ConfigPath;

const RULE: &str = "config/registry";

pub(super) fn check(cluster: &Cluster, problems: &mut Problems) {
    one(&k3s("registries"), &cluster.k3s.registries, &cluster.k3s.registries, problems);
    for (at, entry) in cluster.nodes.iter().enumerate() {
        let all = cluster.k3s.registries.with(&entry.registries);
        one(&node(at).key("registries"), &entry.registries, &all, problems);
        let own_file = entry.flags(&cluster.k3s).private_registry;
        if let Some(file) = own_file.filter(|_| !all.is_empty()) {
            let text = format!("k3s on node `{}` reads `{file}`, not the file that `registries` makes", entry.name);
            problems.error(node(at).key("registries"), RULE, text, "remove `privateRegistry`, or all `registries`");
        }
    }
}

/// `all` also holds what another place adds, such as mirrors of the whole cluster.
fn one(path: &ConfigPath, own: &Registries, all: &Registries, problems: &mut Problems) {
    let names = own.mirrors.keys().map(|name| ("mirrors", name)).chain(own.configs.keys().map(|name| ("configs", name)));
    for (key, name) in names.filter(|(_, name)| name.is_empty() || name.contains('/') || name.contains(char::is_whitespace)) {
        let text = format!("`{name}` is no registry as images name it");
        problems.error(path.key(key).key(name), "config/value", text, "write `host`, `host:port` or `\"*\"`");
    }
    for (name, mirror) in &own.mirrors {
        let path = path.key("mirrors").key(name);
        for (at, endpoint) in mirror.endpoint.iter().enumerate() {
            if authority(endpoint.as_str()).contains('@') {
                let text = "the endpoint holds credentials";
                let hint = "remove them; deliver a whole registries.yaml as a secret and name it with `privateRegistry`";
                problems.error(path.key("endpoint").index(at), "config/plain-secret", text, hint);
            }
            let is_default = matches!(endpoint.as_str().trim_end_matches('/').trim_end_matches("/v2").strip_prefix("https://"), Some(host) if host == name);
            if is_default && !mirror.rewrite.is_empty() {
                let text = format!("`{endpoint}` is `{name}` itself, to which containerd applies no rewrites");
                problems.warning(path.key("endpoint").index(at), RULE, text, format!("write the port: `https://{name}:443`"));
            }
        }
    }
    let endpoints: Vec<&str> =
        all.mirrors.values().flat_map(|mirror| &mirror.endpoint).map(|endpoint| authority(endpoint.as_str())).collect();
    for name in own.configs.keys().filter(|name| name.as_str() != "*" && !endpoints.contains(&name.as_str())) {
        // A registry without mirrors is its own endpoint.
        let Some(mirror) = all.mirrors.get(name).filter(|mirror| !mirror.endpoint.is_empty()) else { continue };
        let text = format!("`{name}` is pulled from its mirrors, to which these settings do not apply");
        let hosts: Vec<String> = mirror.endpoint.iter().map(|endpoint| format!("`{}`", authority(endpoint.as_str()))).collect();
        problems.warning(path.key("configs").key(name), RULE, text, format!("name the endpoint's host: {}", hosts.join(", ")));
    }
}

/// `host:port` of a URL.
fn authority(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::testing::{cluster, said};
    use super::check;

    fn of(registries: Value) -> String {
        said(check, &cluster(json!({"registries": registries}), json!([])))
    }

    #[test]
    fn settings_are_of_endpoints() {
        let mirrors = json!({"docker.io": {"endpoint": ["https://mirror.example.com:5000/v2"]}});
        let tls = json!({"tls": {"caFile": "/ca"}});
        insta::assert_snapshot!(of(json!({"mirrors": mirrors, "configs": {"docker.io": tls}})), @r#"warning k3s.registries.configs."docker.io" config/registry: `docker.io` is pulled from its mirrors, to which these settings do not apply"#);
        assert_eq!(of(json!({"mirrors": mirrors, "configs": {"mirror.example.com:5000": tls, "*": tls, "other.example.com": tls}})), "");
    }

    #[test]
    fn names_and_endpoints_have_their_form() {
        let mirrors = json!({
            "https://docker.io": {}, "r.example.com": {"endpoint": ["https://r.example.com/v2"], "rewrite": {"a": "b"}},
            "quay.io": {"endpoint": ["https://me:hunter2@mirror.example.com"]},
        });
        insta::assert_snapshot!(of(json!({"mirrors": mirrors})), @r#"
        error k3s.registries.mirrors."https://docker.io" config/value: `https://docker.io` is no registry as images name it
        error k3s.registries.mirrors."quay.io".endpoint[0] config/plain-secret: the endpoint holds credentials
        warning k3s.registries.mirrors."r.example.com".endpoint[0] config/registry: `https://r.example.com/v2` is `r.example.com` itself, to which containerd applies no rewrites
        "#);
    }

    #[test]
    fn a_file_of_ones_own_replaces_the_rendered_one() {
        let nodes = json!([{"name": "n", "registries": {"mirrors": {"*": {}}}}]);
        insta::assert_snapshot!(said(check, &cluster(json!({"defaults": {"privateRegistry": "/run/agenix/registries.yaml"}}), nodes)), @"error nodes[0].registries config/registry: k3s on node `n` reads `/run/agenix/registries.yaml`, not the file that `registries` makes");
    }
}
