//! `graph`: the release as a picture.

use manifestgen::config::Cluster;
use manifestgen::diagram::{Diagram, Line, to_dot, to_mermaid};
use manifestgen::render::{Selection, render};
use serde_json::json;

use crate::command::{Run, folder, folder_with};

/// Routes of three kinds, names with every character that the languages give a meaning, and an order.
fn config() -> serde_json::Value {
    let backend = json!({"service": {"name": "web", "port": {"number": 80}}});
    json!({
        "cluster": {"name": "home", "namespaces": [{"name": "shop"}]},
        "gitops": {"repoURL": "https://git.example.com/home.git"},
        "applications": [
            {"name": "shop", "repoURL": "https://git.example.com/shop.git", "namespace": "shop", "dependsOn": ["database"]},
            {"name": "database", "repoURL": "https://git.example.com/database.git", "namespace": "database"},
        ],
        "headscale": {"useAgenixSecrets": true},
        "extraObjects": [
            {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "shop"}, "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]}},
            {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "web", "namespace": "shop"}, "spec": {"rules": [
                {"host": "shop.example.com", "http": {"paths": [{"path": "/a\"b<script>#x", "pathType": "Prefix", "backend": backend}]}},
                {"http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}},
            ]}},
            {"apiVersion": "traefik.io/v1alpha1", "kind": "IngressRoute", "metadata": {"name": "mesh", "namespace": "headscale"}, "spec": {
                "entryPoints": ["websecure"],
                "routes": [{"kind": "Rule", "match": "Host(`hs.example.com`) && PathPrefix(`/`)", "services": [{"name": "headscale", "port": 8080}]}]}},
            {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": "web", "namespace": "shop"}, "spec": {
                "hostnames": ["*.example.com"], "rules": [{"matches": [{"path": {"type": "PathPrefix", "value": "/shop"}}], "backendRefs": [{"name": "web", "port": 80}]}]}},
        ],
    })
}

fn diagram(config: serde_json::Value) -> Diagram {
    let cluster: Cluster = serde_json::from_value(config).expect("a cluster");
    let release = render(&cluster, &Selection::default()).expect("a sealed release");
    Diagram::of(&cluster, &release)
}

#[test]
fn components_needs_and_routes_in_mermaid() {
    insta::assert_snapshot!(to_mermaid(&diagram(config())));
}

#[test]
fn the_same_in_dot() {
    insta::assert_snapshot!(to_dot(&diagram(config())));
}

/// Every arrow between components stands for a reference of the release, and every route for a port or a rule of it.
#[test]
fn the_primer_has_the_routes_of_its_node_ports() {
    let folder = folder();
    let text = Run::new(folder.path(), &["graph", "--profile", "primer"]).run().good();
    for expected in ["NodePort 30080/TCP", "NodePort 30478/UDP", "\"argocd<br>", "\"headscale<br>"] {
        assert!(text.contains(expected), "{expected} in {text}");
    }
    let dot = Run::new(folder.path(), &["graph", "--profile", "primer", "--format", "dot"]).run().good();
    assert!(dot.starts_with("digraph \"primer\" {") && dot.ends_with("}\n"), "{dot}");
    assert_eq!(dot.matches(" -> ").count(), text.lines().filter(|line| line.contains("==>") || line.contains("-->")).count());
}

#[test]
fn what_waits_points_at_what_it_waits_for() {
    let diagram = diagram(config());
    let named = |name: &str| diagram.nodes.iter().position(|node| node.lines[0] == name).expect("a node");
    let order: Vec<_> = diagram.arrows.iter().filter(|arrow| arrow.line == Line::Order).map(|arrow| (arrow.from, arrow.to)).collect();
    assert_eq!(order, [(named("shop"), named("database"))]);
}

#[test]
fn only_what_was_asked_for_is_drawn() {
    let folder = folder_with(&config().to_string());
    let text = Run::new(folder.path(), &["graph", "--only", "headscale"]).run().good();
    assert!(text.contains("headscale") && !text.contains("database"), "{text}");
    let ran = Run::new(folder.path(), &["graph", "--only", "nothing"]).run();
    assert_eq!(ran.code, 2, "{}", ran.stderr);
}
