//! NetworkPolicies of a lab with nodes are enforced: connections that none allows fail, and the others pass.

use std::thread::sleep;
use std::time::Duration;

use serde_json::{Value, json};

use crate::lab_nodes::{Kubectl, Place, possible};

/// A policy takes effect a moment after it was made.
fn soon(what: &str, mut so: impl FnMut() -> bool) {
    for _ in 0..30 {
        if so() {
            return;
        }
        sleep(Duration::from_millis(500));
    }
    panic!("{what}: not so");
}

fn pod(namespace: &str, name: &str, node: &str) -> Value {
    let serve = "echo hello > /tmp/index.html && exec /bin/busybox httpd -f -p 8080 -h /tmp";
    let probe = json!({"httpGet": {"path": "/", "port": 8080}, "periodSeconds": 1, "failureThreshold": 1});
    json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": namespace, "labels": {"app": name}},
        "spec": {
            "nodeSelector": {"kubernetes.io/hostname": node},
            "terminationGracePeriodSeconds": 0,
            "containers": [{"name": "web", "image": "example.com/web:1", "args": ["sh", "-c", serve], "readinessProbe": probe}],
        },
    })
}

fn policy(namespace: &str, name: &str, spec: &Value) -> Value {
    json!({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": name, "namespace": namespace}, "spec": spec})
}

#[test]
fn what_no_policy_allows_fails() {
    if !possible() {
        return;
    }
    let place = Place::new();
    let recipe = place.web_recipe();
    place.good(&["lab", "up", "--engine", "kubernetes", "--workers", "1", "--for", "10m", "--image", recipe.to_str().expect("UTF-8")]);
    let kubectl = Kubectl::new(&place);
    let namespace = |name: &str| json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
    let service = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "server", "namespace": "shop"},
        "spec": {"type": "NodePort", "selector": {"app": "server"}, "ports": [{"port": 80, "targetPort": 8080}]},
    });
    let items = [
        namespace("shop"),
        namespace("other"),
        service,
        pod("shop", "server", "primer"),
        pod("shop", "friend", "worker-1"),
        pod("shop", "stranger", "primer"),
        pod("other", "friend", "worker-1"),
    ];
    kubectl.create(&json!({"apiVersion": "v1", "kind": "List", "items": items}));
    kubectl.run(&["wait", "-n", "shop", "--for=condition=Ready", "--timeout=120s", "pod", "--all"]);
    kubectl.run(&["wait", "-n", "other", "--for=condition=Ready", "--timeout=120s", "pod", "--all"]);
    let address = kubectl.run(&["get", "-n", "shop", "pod", "server", "--output=jsonpath={.status.podIP}"]);
    let port = kubectl.run(&["get", "-n", "shop", "service", "server", "--output=jsonpath={.spec.ports[0].nodePort}"]);
    let (direct, by_service) = (format!("http://{address}:8080/"), "http://server.shop.svc.cluster.local/");
    let sources = [("shop", "friend"), ("shop", "stranger"), ("other", "friend")];
    let who = |url: &str| sources.map(|(namespace, pod)| kubectl.curl(namespace, pod, url) == Some(0));
    let from_node = |node: &str| {
        let url = format!("http://10.77.0.1:{port}/");
        let curl = ["lab", "exec", "--node", node, "--", "curl", "-sf", "-m", "2", "-o", "/dev/null", &url];
        place.command(&curl).output().expect("manifestgen starts").status.success()
    };

    // Without a policy everybody gets through.
    soon("everybody", || who(&direct) == [true; 3] && who(by_service) == [true; 3]);
    assert!(from_node("worker-1"));

    kubectl.create(&policy("shop", "none", &json!({"podSelector": {"matchLabels": {"app": "server"}}, "policyTypes": ["Ingress"]})));
    soon("nobody", || who(&direct) == [false; 3] && who(by_service) == [false; 3]);
    soon("no NodePort", || !from_node("worker-1"));
    // A node's own probes pass nevertheless.
    sleep(Duration::from_secs(3));
    kubectl.run(&["wait", "-n", "shop", "--for=condition=Ready", "--timeout=5s", "pod/server"]);
    assert_eq!(who(&direct), [false; 3]);

    // One pod of this namespace, on another node; its namesake elsewhere is not meant.
    let from = json!([{"podSelector": {"matchLabels": {"app": "friend"}}}]);
    let ports = json!([{"protocol": "TCP", "port": 8080}]);
    let spec = json!({"podSelector": {"matchLabels": {"app": "server"}}, "ingress": [{"from": from, "ports": ports}]});
    kubectl.create(&policy("shop", "friend", &spec));
    soon("the friend", || who(&direct) == [true, false, false] && who(by_service) == [true, false, false]);

    // The nodes' network, by which NodePorts come.
    let from = json!([{"ipBlock": {"cidr": "10.77.0.0/24"}}]);
    let spec = json!({"podSelector": {"matchLabels": {"app": "server"}}, "ingress": [{"from": from}]});
    kubectl.create(&policy("shop", "nodes", &spec));
    soon("the NodePort", || from_node("worker-1"));
    assert_eq!(who(&direct), [true, false, false]);

    // The friend may ask for names, and nothing else.
    let dns = json!({
        "to": [{"namespaceSelector": {}, "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}}}],
        "ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}],
    });
    let spec = json!({"podSelector": {"matchLabels": {"app": "friend"}}, "policyTypes": ["Egress"], "egress": [dns]});
    kubectl.create(&policy("shop", "names", &spec));
    soon("not the friend", || who(&direct) == [false; 3]);
    assert_eq!(kubectl.curl("shop", "friend", by_service), Some(7), "the name is found, and the connection is refused");
    assert_eq!(kubectl.curl("shop", "friend", "http://no-such.shop.svc.cluster.local/"), Some(6));

    kubectl.run(&["delete", "-n", "shop", "networkpolicy", "--all"]);
    soon("everybody again", || who(&direct) == [true; 3]);
    place.good(&["lab", "down"]);
    place.is_clean();
}
