//! The dashboard: what is rendered, that a real API server accepts it, that no rule finds anything, and what the page may read.

use std::collections::BTreeSet;

use manifestgen::config::Cluster;
use manifestgen::manifest::{Object, Release};
use manifestgen::render::{Selection, render};
use manifestgen::yaml;
use serde_json::{Value, json};

use crate::headscale::{documents, list, merged, text};
use crate::lab_server::{complaints, refusals};

/// A config with this `dashboard` section, and more.
fn config(dashboard: Value, more: Value) -> Value {
    let base = json!({
        "cluster": {"name": "home"},
        "nodes": [{"name": "primer", "role": "server", "address": "192.168.1.10"}],
        "dashboard": dashboard,
    });
    merged(&base, &more)
}

/// Every way to run it, by name.
fn variants() -> Vec<(&'static str, Value)> {
    let every_key = json!({
        "name": "start", "namespace": "pages", "port": 9000, "baseImage": "mirror.example.com/homepage:v1.12.3",
        "service": {"type": "NodePort", "nodePort": 30880}, "allowedHosts": ["start.example.com", "10.0.0.5:8080"],
        "customizations": {
            "theme": {"theme": "dark", "color": "teal", "headerStyle": "clean", "layout": {"Tools": {"style": "row", "columns": 3}}},
            "branding": {"title": "The farm", "logo": "https://example.com/logo.svg", "favicon": "https://example.com/icon.png", "css": "body { margin: 0 }\n"},
            "links": [
                {"name": "Wiki", "href": "https://wiki.example.com", "group": "Tools", "description": "yes: no # {{x}}", "icon": "mdi-book"},
                {"name": "Router", "href": "http://192.168.1.1", "group": "Tools", "healthCheck": "http://192.168.1.1:8081/health"},
                {"name": "on", "href": "https://example.com"},
            ],
            "metrics": {"sources": [{"name": "Prometheus", "url": "http://prometheus.monitoring.svc.cluster.local:9090", "queries": [
                {"label": "Targets down", "query": "count(up == 0)"}]}]},
        },
        "serviceDiscovery": {"namespaces": ["shop"], "routes": ["ingress", "traefik", "gateway"]},
        "headlamp": {"basePath": "/headlamp", "url": "https://start.example.com/headlamp", "service": {"type": "NodePort", "nodePort": 30881}},
    });
    vec![
        ("default", config(json!({}), json!({}))),
        ("every key", config(every_key, json!({"headscale": {}, "argocd": {"url": "https://argocd.example.com"}}))),
        (
            "a page that asks nobody",
            config(
                json!({"serviceDiscovery": {"enabled": false}, "customizations": {"metrics": {"enabled": false}}}),
                json!({"cluster": {"security": {"networkPolicies": false}}}),
            ),
        ),
    ]
}

fn release(config: &Value) -> Release {
    let cluster: Cluster = serde_json::from_value(config.clone()).expect("a cluster");
    render(&cluster, &Selection::default()).expect("a sealed release")
}

fn own(config: &Value) -> Vec<Object> {
    release(config).objects().iter().filter(|object| object.component() == "dashboard").cloned().collect()
}

#[test]
fn every_variant() {
    for (name, config) in variants() {
        let out = yaml::documents_to_string(&own(&config)).expect("YAML");
        insta::assert_snapshot!(name.replace(' ', "_"), out);
    }
}

/// Homepage ends when a file of its config is missing and the folder cannot be written to (`src/utils/config/config.js`).
#[test]
fn every_file_of_its_config_is_there_and_is_yaml() {
    const FILES: [&str; 7] =
        ["bookmarks.yaml", "docker.yaml", "kubernetes.yaml", "proxmox.yaml", "services.yaml", "settings.yaml", "widgets.yaml"];
    for (name, config) in variants() {
        let objects = own(&config);
        let map = objects.iter().find(|object| object.kind() == "ConfigMap").expect("a ConfigMap");
        let files = map.pointer("/data").and_then(Value::as_object).expect("files");
        for file in FILES {
            assert_eq!(documents(text(&files[file])).len(), 1, "{name} {file}");
        }
        assert!(files.contains_key("custom.css") && files.contains_key("custom.js"), "{name}");
    }
}

/// What the roles of the release let the two ServiceAccounts do.
#[test]
fn nothing_can_be_changed_and_no_secret_read() {
    for (name, config) in variants() {
        for role in own(&config).iter().filter(|object| object.kind() == "ClusterRole") {
            for rule in list(role.pointer("/rules").expect("rules")) {
                let verbs: BTreeSet<_> = list(&rule["verbs"]).iter().map(text).collect();
                assert!(verbs.iter().all(|verb| matches!(*verb, "get" | "list")), "{name}: {rule}");
                let resources: Vec<_> = list(&rule["resources"]).iter().map(text).collect();
                assert!(!resources.is_empty() && !resources.iter().any(|resource| matches!(*resource, "*" | "secrets")), "{name}: {rule}");
            }
        }
        let bound: Vec<_> = own(&config)
            .iter()
            .filter(|object| object.kind().ends_with("RoleBinding"))
            .map(|object| object.pointer("/subjects/0/name").map(text).expect("a subject").to_owned())
            .collect();
        assert!(!bound.iter().any(|account| account.ends_with("headlamp")), "{name}: Headlamp shows what people may see");
    }
}

#[test]
fn every_variant_is_accepted() {
    let releases = variants().into_iter().enumerate().map(|(number, (name, config))| {
        let mut config = merged(
            &config,
            &json!({"dashboard": {"name": format!("accepted-{number}"), "namespace": format!("accepted-dashboard-{number}")}}),
        );
        if config.get("headscale").is_some() {
            config["headscale"] = json!({"namespace": "accepted-dashboard-mesh", "service": {"nodePort": 32_650, "stunNodePort": 32_651}});
        }
        (name.to_owned(), release(&config))
    });
    let Some(refused) = refusals(&[], releases) else { return };
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

#[test]
fn every_variant_is_valid_offline_without_findings() {
    assert_eq!(complaints(variants()), [""; 0]);
}
