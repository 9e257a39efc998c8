//! The lab's stories, from the command line.

use std::fs;

use serde_json::Value;

use crate::lab_nodes::{Place, may_make_namespaces, possible};
use crate::parts::{noted, part};

/// The report of a story that ended well.
#[track_caller]
fn told(place: &Place, arguments: &[&str]) -> Value {
    let output = place.command(arguments).output().expect("manifestgen starts");
    let said = String::from_utf8_lossy(&output.stderr);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {said}"));
    assert_eq!(report["passed"], true, "{said}");
    assert_eq!(output.status.code(), Some(0));
    report
}

#[track_caller]
fn seen(report: &Value, name: &str) -> String {
    let steps = report["steps"].as_array().expect("steps");
    let step = steps.iter().find(|step| step["name"] == name).unwrap_or_else(|| panic!("no step `{name}`"));
    step["seen"].as_str().unwrap_or_default().to_owned()
}

/// How often a step's commands ended as they should: on nodes, or between pairs of them.
#[track_caller]
fn checked(report: &Value, name: &str) -> Vec<u64> {
    let steps = report["steps"].as_array().expect("steps");
    let step = steps.iter().find(|step| step["name"] == name).unwrap_or_else(|| panic!("no step `{name}`"));
    step["checks"].as_array().into_iter().flatten().filter_map(|check| check["times"].as_u64()).collect()
}

/// Steps of the list that only the VM test plays.
fn skipped(report: &Value) -> usize {
    report["steps"].as_array().expect("steps").iter().filter(|step| step["skipped"].is_string()).count()
}

#[test]
fn argocd_runs_in_seven_pods_and_follows_a_repository() {
    let there = ["argocd", "redis-check-rdb", "git", "busybox"].map(|name| part(name).is_some());
    if !possible() || there.contains(&false) {
        return;
    }
    let place = Place::new();
    let report = told(&place, &["lab", "test", "argocd", "--format", "json"]);
    assert_eq!(seen(&report, "Deployments are available"), "6 of 6");
    assert_eq!(seen(&report, "pods run"), "7 of 7");
    assert_eq!(seen(&report, "/healthz answers"), "ok");
    assert!(seen(&report, "/api/version answers").contains(r#""Version":"v3.5"#), "{report}");
    assert!(seen(&report, "it answers a pod by its name in the cluster").starts_with("argocd-server: v3.5"), "{report}");
    assert_eq!(seen(&report, "the application is synced"), "Synced Healthy, and the ConfigMap says first");
    assert_eq!(seen(&report, "a commit is followed"), "the ConfigMap says second");
    assert_eq!((checked(&report, "all seven workloads are ready"), skipped(&report)), (vec![1], 2));
    place.is_clean();
}

#[test]
fn ingress_routes_to_pods_with_a_certificate_of_the_own_ca() {
    let there = ["traefik", "age-keygen", "openssl"].map(|name| part(name).is_some());
    if !possible() || there.contains(&false) {
        return;
    }
    let place = Place::new();
    let report = told(&place, &["lab", "test", "ingress", "--format", "json"]);
    let seen = |name: &str| seen(&report, name);
    assert_eq!(seen("the certificate is delivered"), "kubernetes.io/tls");
    assert!(seen("the certificate that was delivered is the one that is served").contains("Fingerprint="), "{report}");
    assert_eq!(seen("a Service without pods is unavailable, until it has some again"), "200");
    assert_eq!(checked(&report, "requests go by host and path elements, the longest first"), [2; 5]);
    assert_eq!(checked(&report, "without the CA nothing is believed"), [2]);
    assert_eq!((checked(&report, "Traefik's pods are killed and routes answer again"), skipped(&report)), (vec![1, 1, 2, 2], 2));
    place.is_clean();
}

#[test]
fn an_upgrade_does_what_was_planned_and_loses_nothing() {
    let there = ["headscale-0.28", "headscale-0.29", "tailscale", "tailscaled"].map(|name| part(name).is_some());
    if !possible() || there.contains(&false) {
        return;
    }
    let place = Place::new();
    let report = told(&place, &["lab", "test", "upgrade", "--format", "json"]);
    let seen = |name: &str| seen(&report, name);
    assert!(seen("the way to release N+1 is planned").contains("1 create, "), "{report}");
    let upgraded = "release N+1 is applied and healthy, and has deleted what it no longer holds";
    assert!(seen(upgraded).ends_with("`new`, none failed"), "{report}");
    assert_eq!((checked(&report, upgraded), skipped(&report)), (vec![1, 1], 2));
    assert!(seen("what was planned is what happened").ends_with("a second plan has nothing to do"), "{report}");
    assert!(seen("nothing is lost").starts_with("the user has id 1 as before, online: worker-1, the volume is "), "{report}");
    place.is_clean();
}

#[test]
fn a_dagger_engine_is_locked_and_reached_by_whom_it_should_be() {
    let there = ["dagger-stand-in", "age-keygen"].map(|name| part(name).is_some());
    if !possible() || there.contains(&false) {
        return;
    }
    let place = Place::new();
    let report = told(&place, &["lab", "test", "dagger", "--format", "json"]);
    let seen = |name: &str| seen(&report, name);
    assert_eq!(seen("a client of a named namespace reaches the Service"), "engine dagger-engine-0, opening 1 of its cache");
    let waits = seen("a second engine on the same volume does not get the lock");
    assert_eq!(waits, "dagger-engine: could not lock /var/lib/dagger/dagger-engine.lock, another instance running?");
    assert_eq!(seen("it gets it when the first one is gone"), "engine second, opening 2 of its cache");
    assert_eq!(seen("a client with a certificate is answered"), "engine dagger-engine-0, opening 3 of its cache");
    assert_eq!(seen("without one it is refused"), "remote error: tls: certificate required");
    assert_eq!(seen("with one of another authority it is refused"), "remote error: tls: unknown certificate authority");
    assert_eq!(seen("the pod is killed, and the next one has lock and cache"), "engine dagger-engine-0, opening 4 of its cache");
    place.is_clean();
}

#[test]
fn the_mesh_outlives_a_node_a_key_and_two_addresses() {
    let there = ["wg", "age", "age-keygen", "ip", "nsenter", "ping"].map(|name| part(name).is_some());
    // A kernel with WireGuard does without, but which one this is shows only on the way.
    let userspace = part("wireguard-go").is_some();
    if !noted("root and namespaces", may_make_namespaces()) || there.contains(&false) || !userspace {
        return;
    }
    let place = Place::new();
    let junit = place.path().join("report.xml");
    let report = told(&place, &["lab", "test", "mesh", "--format", "json", "--junit", junit.to_str().expect("UTF-8")]);
    let seen = |name: &str| seen(&report, name);
    let all = "20 of 20, each after a handshake and with bytes received";
    assert_eq!(seen("all pairs ping"), all);
    assert_eq!(seen("a node is killed, and only it is missed"), "`worker-2` does not answer, 12 of 12 others do");
    assert_eq!(seen("it comes back"), all);
    assert_eq!(seen("a key is rotated, and the new one is not believed yet"), "nobody answers `worker-1`");
    assert_eq!(seen("the others learn the new key"), all);
    assert_eq!(checked(&report, "all pairs ping"), [20, 5]);
    assert_eq!(checked(&report, "a node is killed, and only it is missed"), [4, 12]);
    assert!(seen("two nodes have other addresses, and lose each other").ends_with("; neither answers the other"), "{report}");
    assert!(seen("who has not a node's key cannot speak for it").contains("it is counted as forged"), "{report}");
    assert_eq!(seen("with discovery they find each other"), "20 of 20 answer, and discovery hears 20 of 20");
    assert_eq!((report["steps"].as_array().expect("steps").len(), skipped(&report)), (17, 2));
    assert!(fs::read_to_string(junit).expect("a report").contains("tests=\"17\" failures=\"0\" errors=\"0\" skipped=\"2\""));
    place.is_clean();
}

#[test]
fn headscale_keeps_its_state_and_its_workers() {
    let there = ["headscale-0.29", "tailscale", "tailscaled", "age-keygen", "jq", "ping", "pkill", "ss"].map(|name| part(name).is_some());
    if !possible() || there.contains(&false) {
        return;
    }
    let place = Place::new();
    let junit = place.path().join("report.xml");
    let report = told(&place, &["lab", "test", "headscale", "--format", "json", "--junit", junit.to_str().expect("UTF-8")]);
    let seen = |name: &str| seen(&report, name);
    assert_eq!(seen("/health answers on NodePort 30080"), r#"{"status":"pass"}"#);
    assert_eq!(checked(&report, "/health answers on NodePort 30080"), [3]);
    assert_eq!((checked(&report, "all nodes reach each other over the mesh"), skipped(&report)), (vec![6], 4));
    assert_eq!(seen("all nodes are Ready"), "primer worker-1 worker-2");
    assert_eq!(seen("the nodes join the mesh"), "online: primer, worker-1, worker-2");
    assert!(seen("all nodes reach each other over the mesh").starts_with("6 of 6; pong from "), "{report}");
    assert!(seen("kubelets reach the API over the mesh").starts_with("at 100.64.0."), "{report}");
    assert_eq!(seen("pods reach each other across nodes"), "3 of 3");
    assert_eq!(seen("the state is kept"), "user `lab` is there; online: primer, worker-1, worker-2");
    assert_eq!(seen("the noise key is rotated, delivered and in use"), "the server has another key");
    assert_eq!(seen("nodes whose tailscaled is restarted know the new key"), "user `lab` is there; online: primer, worker-1, worker-2");
    assert!(fs::read_to_string(junit).expect("a report").contains("failures=\"0\""));
    place.is_clean();
}
