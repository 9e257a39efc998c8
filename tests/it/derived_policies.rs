//! What closed namespaces allow: exactly what the references of the release ask for.

use std::collections::BTreeSet;

use manifestgen::config::{Cluster, LoadRequest, load};
use manifestgen::diag::NoProgress;
use manifestgen::live::{Mode, client_of, validate_on_server};
use manifestgen::manifest::{Object, Release};
use manifestgen::reference::{Answer, Field, Graph, Need, Part, Selector};
use manifestgen::render::{Selection, render};
use manifestgen::source::Sources;
use serde_json::{Value, json};

use crate::command::{Run, folder_with};
use crate::headscale::{list, merged, text};
use crate::lab_server::kubeconfig;

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

/// A pod's workload, the direction and what is opened.
type Opening = (String, &'static str, String);

/// What the references of the release ask for, for pods that no policy of their own speaks for.
fn asked(release: &Release) -> BTreeSet<Opening> {
    let objects = release.objects();
    let graph = Graph::of(objects);
    let mut asked = BTreeSet::new();
    let own_policy = |pod: usize, direction: &str| {
        let template = &graph.templates()[pod];
        objects.iter().filter(|object| object.kind() == "NetworkPolicy" && object.component() != "base").any(|policy| {
            let types = list(policy.pointer("/spec/policyTypes").expect("types"));
            let selector = Selector::of_label_selector(Field::of(policy, &["spec", "podSelector"]).expect("a selector"));
            policy.namespace().unwrap_or_default() == template.namespace
                && types.iter().any(|kind| kind == direction)
                && selector.matches(template)
        })
    };
    let name = |pod: usize| {
        let template = &graph.templates()[pod];
        format!("{}/{}", template.namespace, template.name)
    };
    let mut to_ports = |service: usize, meant: &dyn Fn(&Value) -> bool| {
        let object = &objects[service];
        let Some(field) = Field::of(object, &["spec", "selector"]) else { return };
        for pod in graph.pods(object.namespace().unwrap_or_default(), &Selector::of_map(field)) {
            for port in list(object.pointer("/spec/ports").expect("ports")).iter().filter(|port| meant(port) && !own_policy(pod, "Ingress"))
            {
                let target = port.get("targetPort").unwrap_or(&port["port"]);
                asked.insert((name(pod), "Ingress", target.to_string()));
            }
        }
    };
    for edge in graph.edges().iter().filter(|edge| edge.need == Need::Service) {
        if let Answer::Object(service) = graph.answer(&edge.target) {
            match edge.part {
                Part::PortName(wanted) => to_ports(service, &|port| port["name"] == wanted),
                Part::PortNumber(wanted) => to_ports(service, &|port| port["port"] == wanted),
                _ => {}
            }
        }
    }
    for (number, object) in objects.iter().enumerate().filter(|(_, object)| object.kind() == "Service") {
        if object.pointer("/spec/type").is_some_and(|kind| kind == "NodePort" || kind == "LoadBalancer") {
            to_ports(number, &|_| true);
        }
    }
    let bound: BTreeSet<usize> = graph
        .edges()
        .iter()
        .filter(|edge| edge.need == Need::ServiceAccount && objects[edge.from].kind().ends_with("RoleBinding"))
        .filter_map(|edge| if let Answer::Object(account) = graph.answer(&edge.target) { Some(account) } else { None })
        .collect();
    for (pod, template) in graph.templates().iter().enumerate() {
        let edges = || graph.edges().iter().filter(|edge| edge.from == template.object);
        let accounts = edges().filter(|edge| edge.need == Need::ServiceAccount);
        if accounts
            .filter_map(|edge| if let Answer::Object(account) = graph.answer(&edge.target) { Some(account) } else { None })
            .any(|account| bound.contains(&account))
            && !own_policy(pod, "Egress")
        {
            asked.insert((name(pod), "Egress", "443".to_owned()));
            asked.insert((name(pod), "Egress", "6443".to_owned()));
        }
        let replicas = objects[template.object].pointer("/spec/replicas").and_then(Value::as_i64).unwrap_or(1);
        if replicas > 1 && edges().any(|edge| edge.need == Need::GoverningService) && !own_policy(pod, "Ingress") {
            asked.insert((name(pod), "Ingress", "peers".to_owned()));
            asked.insert((name(pod), "Egress", "peers".to_owned()));
        }
    }
    asked
}

/// What the derived policies open.
fn opened(release: &Release) -> BTreeSet<Opening> {
    let graph = Graph::of(release.objects());
    let mut opened = BTreeSet::new();
    for policy in derived(release) {
        let selector = Selector::of_label_selector(Field::of(policy, &["spec", "podSelector"]).expect("a selector"));
        for pod in graph.pods(policy.namespace().unwrap_or_default(), &selector) {
            let template = &graph.templates()[pod];
            let name = format!("{}/{}", template.namespace, template.name);
            for (direction, key, peers) in [("Ingress", "ingress", "from"), ("Egress", "egress", "to")] {
                for rule in policy.pointer(&format!("/spec/{key}")).map(list).unwrap_or_default() {
                    if rule.get(peers).is_some() {
                        opened.insert((name.clone(), direction, "peers".to_owned()));
                    }
                    for port in rule.get("ports").map(list).unwrap_or_default() {
                        opened.insert((name.clone(), direction, port["port"].to_string()));
                    }
                }
            }
        }
    }
    opened
}

/// The allow-list equals the graph, on the whole profile.
#[test]
fn what_is_opened_is_what_is_asked_for() {
    let release = release();
    let (asked, opened) = (asked(&release), opened(&release));
    assert_eq!(opened, asked);
    let of_shop: Vec<_> = opened.iter().map(|(pod, direction, what)| format!("{pod} {direction} {what}")).collect();
    insta::assert_snapshot!(of_shop.join("\n"));
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
    let folder = folder_with(&config().to_string());
    let ran = Run::new(folder.path(), &["validate"]).run();
    assert!(ran.code == 0 && ran.stderr.contains("no findings"), "{}", ran.stderr);
    let Some(kubeconfig) = kubeconfig() else { return };
    let kubeconfig = serde_json::from_slice(&std::fs::read(kubeconfig).expect("a kubeconfig")).expect("JSON");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let config = json!({"cluster": {"name": "home", "namespaces": [{"name": "shop"}]}, "extraObjects": objects()});
    let release = render(&serde_json::from_value(config).expect("a cluster"), &Selection::default()).expect("a sealed release");
    runtime.block_on(async {
        let client = client_of(kubeconfig).await.expect("a client");
        let report = validate_on_server(&release, &client, Mode::Ephemeral, &NoProgress).await.expect("an answer");
        assert!(report.findings.is_empty() && report.not_checked.is_empty(), "{:?}", report.findings);
    });
}
