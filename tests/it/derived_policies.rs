//! What closed namespaces allow: exactly what the references of the release ask for.

use std::collections::BTreeSet;

use manifestgen::config::{Cluster, LoadRequest, load};
use manifestgen::data::embedded_crds;
use manifestgen::manifest::{Object, Release};
use manifestgen::render::{Selection, render};
use manifestgen::source::Sources;
use serde_json::{Value, json};

use crate::headscale::{merged, text};
use crate::lab_server::{complaints, refusals};

mod world;

use world::{Flow, Peer, World};

/// The profile `full`, and objects of one's own that are routed, called back, bound, and that have a policy of their own.
fn config() -> Value {
    let request = LoadRequest { profile: Some("full".to_owned()), ..LoadRequest::default() };
    let full = load(&request, &mut Sources::new()).unwrap_or_else(|error| panic!("{:#?}", error.findings)).cluster().clone();
    merged(&serde_json::to_value(full).expect("JSON"), &json!({"cluster": {"namespaces": [{"name": "shop"}]}, "extraObjects": objects()}))
}

fn pod(name: &str, more: Value) -> Value {
    let security = json!({"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}});
    let spec = merged(
        &json!({
            "securityContext": {"runAsNonRoot": true, "runAsUser": 1000, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [{
                "name": "main", "image": "example.com/web:1", "securityContext": security,
                "ports": [{"name": "http", "containerPort": 8080}, {"name": "admin", "containerPort": 9000}],
            }],
        }),
        &more,
    );
    json!({"metadata": {"labels": {"app": name}}, "spec": spec})
}

fn objects() -> Value {
    let metadata = |name: &str| json!({"name": name, "namespace": "shop"});
    let deployment = |name: &str, more: Value| {
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata(name), "spec": {
            "selector": {"matchLabels": {"app": name}}, "template": pod(name, more)}})
    };
    let service = |name: &str, more: Value| {
        let spec = merged(
            &json!({"selector": {"app": name}, "ports": [{"name": "web", "port": 80, "targetPort": "http"}, {"name": "admin", "port": 9000}]}),
            &more,
        );
        json!({"apiVersion": "v1", "kind": "Service", "metadata": metadata(name), "spec": spec})
    };
    json!([
        deployment("routed", json!({})), service("routed", json!({})),
        {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": metadata("routed"), "spec": {"rules": [{"host": "shop.example.com", "http": {"paths": [
            {"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "routed", "port": {"name": "web"}}}}]}}]}},
        deployment("outside", json!({})), service("outside", json!({"type": "NodePort", "ports": [{"port": 80, "targetPort": 8080, "nodePort": 31999}]})),
        deployment("inside", json!({})), service("inside", json!({})),
        deployment("closed", json!({})), service("closed", json!({"type": "LoadBalancer", "ports": [{"port": 80, "targetPort": 8080}]})),
        {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata("closed"), "spec": {
            "podSelector": {"matchLabels": {"app": "closed"}}, "policyTypes": ["Ingress"]}},
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata("operator")},
        {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": metadata("operator"),
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
            "subjects": [{"kind": "ServiceAccount", "name": "operator", "namespace": "shop"}]},
        deployment("operator", json!({"serviceAccountName": "operator"})),
        {"apiVersion": "v1", "kind": "Service", "metadata": metadata("peers"), "spec": {"clusterIP": "None", "selector": {"app": "peers"}, "ports": [{"port": 8080}]}},
        {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": metadata("peers"), "spec": {
            "replicas": 3, "serviceName": "peers", "selector": {"matchLabels": {"app": "peers"}}, "template": pod("peers", json!({}))}},
        deployment("read", json!({})), merged(&service("read", json!({})), &json!({"metadata": {"labels": {"read": "yes"}}})),
        {"apiVersion": "monitoring.coreos.com/v1", "kind": "ServiceMonitor", "metadata": metadata("read"), "spec": {
            "selector": {"matchLabels": {"read": "yes"}}, "endpoints": [{"port": "admin"}]}},
        // One that looks elsewhere.
        {"apiVersion": "monitoring.coreos.com/v1", "kind": "ServiceMonitor", "metadata": metadata("elsewhere"), "spec": {
            "namespaceSelector": {"matchNames": ["default"]}, "selector": {}, "endpoints": [{"port": "web"}]}},
        {"apiVersion": "monitoring.coreos.com/v1", "kind": "PodMonitor", "metadata": {"name": "pods", "namespace": "dagger"}, "spec": {
            "namespaceSelector": {"any": true}, "selector": {"matchExpressions": [{"key": "app", "operator": "In", "values": ["inside", "closed"]}]},
            "podMetricsEndpoints": [{"port": "admin"}]}},
    ])
}

fn release() -> Release {
    let cluster: Cluster = serde_json::from_value(config()).expect("a cluster");
    render(&cluster, &Selection::default()).expect("a sealed release")
}

fn derived(release: &Release) -> Vec<&Object> {
    let own = release.objects().iter().filter(|object| object.kind() == "NetworkPolicy" && object.component() == "base");
    own.filter(|object| !matches!(object.name(), "default-deny" | "allow-dns")).collect()
}

/// The policies that are derived, and those that close namespaces.
fn of_base<'a>(world: &World<'a>) -> Vec<&'a Object> {
    world.policies().into_iter().filter(|policy| policy.component() == "base").collect()
}

/// Whether a policy of their own speaks for pods.
fn has_own(world: &World<'_>, peer: &Peer, direction: &str) -> bool {
    let own: Vec<_> = world.policies().into_iter().filter(|policy| policy.component() != "base").collect();
    matches!(peer, Peer::Pods(pods) if !world.speaking(&own, *pods, direction).is_empty())
}

#[test]
fn whatever_the_objects_ask_for_gets_through() {
    let release = release();
    let world = World::of(release.objects());
    let (all, asked) = (world.policies(), world.asked());
    assert!(asked.received.len() > 50 && asked.sent.len() > 10, "{} {}", asked.received.len(), asked.sent.len());
    // Somebody closed these pods by a policy of their own.
    let is_closed = |flow: &&Flow| matches!(flow.1, Peer::Pods(pods) if world.pods[pods].name == "closed");
    let stopped = |flows: &BTreeSet<Flow>, direction: &str| -> Vec<String> {
        flows
            .iter()
            .filter(|flow| !is_closed(flow))
            .filter(|flow| !world.lets_through(&all, flow, direction))
            .map(|flow| world.said(flow))
            .collect()
    };
    assert_eq!(stopped(&asked.received, "Ingress"), [""; 0], "not let in");
    assert_eq!(stopped(&asked.sent, "Egress"), [""; 0], "not let out");
}

/// The allow-list equals the references, both ways: nothing that is asked for is missing, nothing else is open.
#[test]
fn what_is_derived_is_what_is_asked_for() {
    let release = release();
    let world = World::of(release.objects());
    let (derived, asked) = (of_base(&world), world.asked());
    let thinkable = || world.thinkable().into_iter().chain(asked.received.iter().cloned()).chain(asked.sent.iter().cloned());
    let settled = |flow: &Flow, direction: &str| {
        let subject = if direction == "Ingress" { &flow.1 } else { &flow.0 };
        !matches!(subject, Peer::Pods(_)) || has_own(&world, subject, direction)
    };
    let mut lines = Vec::new();
    for (direction, wanted) in [("Ingress", &asked.received), ("Egress", &asked.sent)] {
        let open: BTreeSet<Flow> =
            thinkable().filter(|flow| !settled(flow, direction) && world.lets_through(&derived, flow, direction)).collect();
        let wanted: BTreeSet<Flow> = wanted.iter().filter(|flow| !settled(flow, direction)).cloned().collect();
        let said = |flows: &BTreeSet<Flow>| world.list(flows);
        assert_eq!(said(&open), said(&wanted), "{direction}");
        assert!(!open.is_empty(), "{direction}: nothing was compared");
        lines.extend(said(&open).into_iter().map(|line| format!("{direction}: {line}")));
    }
    insta::assert_snapshot!(lines.join("\n"));
}

/// What components open by policies of their own, beyond what an object's reference asks for: each line is a decision of a component.
#[test]
fn what_components_open_by_themselves() {
    let release = release();
    let world = World::of(release.objects());
    let (all, asked) = (world.policies(), world.asked());
    let let_in = |flow: &Flow| matches!(flow.1, Peer::Pods(_)) && flow.2 != 12_345 && world.lets_through(&all, flow, "Ingress");
    let mut open: BTreeSet<Flow> = world.thinkable().into_iter().filter(let_in).collect();
    let more: BTreeSet<(Peer, i64)> = open.difference(&asked.received).map(|(_, to, port)| (to.clone(), *port)).collect();
    open.retain(|(_, to, port)| more.contains(&(to.clone(), *port)));
    insta::assert_snapshot!(world.list(&open).join("\n"));
}

/// Which pods are behind a Service that only the cluster has, nobody can tell: the controller may come to all of its namespace.
#[test]
fn a_service_that_only_the_cluster_has_is_reached_by_its_namespace() {
    let service = json!({"name": "web", "namespace": "shop", "port": 80});
    let config = json!({
        "cluster": {"name": "home", "namespaces": [{"name": "shop"}]},
        "ingress": {"routes": [{"name": "web", "host": "shop.example.com", "service": service}]},
    });
    let release = render(&serde_json::from_value(config).expect("a cluster"), &Selection::default()).expect("a sealed release");
    let own: Vec<Object> = derived(&release).into_iter().cloned().collect();
    insta::assert_snapshot!(manifestgen::yaml::documents_to_string(&own).expect("YAML"));
}

/// Every closed namespace lets names be looked up, so that a pod can find what it may reach.
#[test]
fn every_closed_namespace_has_dns() {
    let release = release();
    let named = |name: &str| -> BTreeSet<Option<&str>> {
        release.objects().iter().filter(|object| object.kind() == "NetworkPolicy" && object.name() == name).map(Object::namespace).collect()
    };
    assert_eq!(named("default-deny"), named("allow-dns"));
    assert!(named("default-deny").contains(&Some("shop")));
}

#[test]
fn without_policies_nothing_is_derived() {
    let cluster: Cluster =
        serde_json::from_value(merged(&config(), &json!({"cluster": {"security": {"networkPolicies": false}}}))).expect("a cluster");
    let release = render(&cluster, &Selection::default()).expect("a sealed release");
    assert_eq!(derived(&release).len(), 0);
}

#[test]
fn derived_policies_are_accepted_and_say_what_they_select() {
    let release = release();
    for policy in derived(&release) {
        assert!(!text(&policy.value()["metadata"]["name"]).is_empty());
    }
    assert_eq!(complaints([("full", config())]), [""; 0]);
    let config = json!({"cluster": {"name": "home", "namespaces": [{"name": "shop"}, {"name": "dagger"}]}, "extraObjects": objects()});
    let monitors = embedded_crds().iter().filter(|crd| crd.name.ends_with("monitors.monitoring.coreos.com"));
    let monitors: Vec<Value> = monitors.map(|crd| crd.object().clone()).collect();
    let release = render(&serde_json::from_value(config).expect("a cluster"), &Selection::default()).expect("a sealed release");
    let Some(refused) = refusals(&monitors, [("derived".to_owned(), release)]) else { return };
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}
