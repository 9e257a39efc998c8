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
    let there = ["traefik", "age-keygen"].map(|name| part(name).is_some());
    if !possible() || there.contains(&false) {
        return;
    }
    let place = Place::new();
    let report = told(&place, &["lab", "test", "ingress", "--format", "json"]);
    let seen = |name: &str| seen(&report, name);
    assert_eq!(seen("http://shop.internal/api/x answers 200"), "api /x");
    assert_eq!(seen("http://shop.internal/apix answers 200"), "shop /apix");
    assert_eq!(seen("https://safe.internal/deep/er answers 200"), "safe /deep/er");
    assert!(seen("without the CA nothing is believed").contains("certificate"), "{report}");
    assert!(seen("Traefik's pod is killed and routes answer again").contains("is followed by"), "{report}");
    place.is_clean();
}

#[test]
fn the_mesh_outlives_a_node_and_a_key() {
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
    assert_eq!((report["steps"].as_array().expect("steps").len(), skipped(&report)), (14, 2));
    assert!(fs::read_to_string(junit).expect("a report").contains("tests=\"14\" failures=\"0\" errors=\"0\" skipped=\"2\""));
    place.is_clean();
}

#[test]
fn headscale_keeps_its_state_and_its_workers() {
    if !possible() | part("headscale-0.29").is_none() | part("tailscale").is_none() | part("tailscaled").is_none() {
        return;
    }
    let place = Place::new();
    let junit = place.path().join("report.xml");
    let report = told(&place, &["lab", "test", "headscale", "--format", "json", "--junit", junit.to_str().expect("UTF-8")]);
    let seen = |name: &str| seen(&report, name);
    assert_eq!(seen("/health answers on NodePort 30080"), r#"200 {"status":"pass"}"#);
    assert_eq!(seen("the workers join the mesh"), "online: worker-1, worker-2");
    assert_eq!(seen("the state is kept"), "user `lab` is there; online: worker-1, worker-2");
    assert!(fs::read_to_string(junit).expect("a report").contains("failures=\"0\""));
    place.is_clean();
}
