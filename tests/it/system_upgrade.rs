//! Upgrades of k3s: what is rendered, and that a real API server with the real definition of `Plan` accepts it.

use manifestgen::config::Cluster;
use manifestgen::manifest::Release;
use manifestgen::render::{Selection, render};
use manifestgen::yaml;
use serde_json::{Value, json};

use crate::command::{Run, folder_with};
use crate::headscale::{merged, text};
use crate::lab_server::{complaints, refusals};

/// Every way to run it, by name.
fn variants() -> Vec<(&'static str, Value)> {
    let config = |upgrade: Value| json!({"cluster": {"name": "home", "version": "1.36"}, "systemUpgrade": upgrade});
    let every_key = json!({
        "namespace": "upgrades", "image": "mirror.example.com/system-upgrade-controller:v0.20.1", "upgradeImage": "mirror.example.com/k3s-upgrade",
        "kubectlImage": "mirror.example.com/kubectl:v1.36.3", "version": "v1.36.3+k3s1",
        "window": {"days": ["saturday", "sunday"], "startTime": "02:00", "endTime": "05:00", "timeZone": "Europe/Berlin"},
        "nodeSelector": {"k3s-upgrade": "yes"}, "servers": {"drain": true, "drainSeconds": 300}, "agents": {"concurrency": 2, "drain": false},
    });
    vec![("default", config(json!({}))), ("every key", config(every_key))]
}

fn release(config: &Value) -> Release {
    let cluster: Cluster = serde_json::from_value(config.clone()).expect("a cluster");
    render(&cluster, &Selection::default()).expect("a sealed release")
}

#[test]
fn every_variant() {
    for (name, config) in variants() {
        let release = release(&config);
        let own = release.objects().iter().filter(|object| object.component() == "system-upgrade");
        let own: Vec<_> = own.filter(|object| object.kind() != "CustomResourceDefinition").cloned().collect();
        insta::assert_snapshot!(name.replace(' ', "_"), yaml::documents_to_string(&own).expect("YAML"));
    }
}

#[test]
fn every_variant_is_accepted() {
    let releases = variants().into_iter().map(|(name, config)| (name.to_owned(), release(&config)));
    let Some(refused) = refusals(&[], releases) else { return };
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

#[test]
fn every_variant_and_the_example_of_the_docs_are_valid_offline_without_findings() {
    let page = std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/UPGRADES.md")).expect("the page");
    let example = page.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
    assert_eq!(complaints(variants()), [""; 0]);
    assert_eq!(complaints([("docs", example)]), [""; 0]);
}

/// A kubelet must not be newer than its API server: agents wait for the servers' Plan, by its very name.
#[test]
fn agents_wait_for_the_servers() {
    for (name, config) in variants() {
        let release = release(&config);
        let plans: Vec<_> = release.objects().iter().filter(|object| object.kind() == "Plan").collect();
        let [agents, servers] = plans.as_slice() else { panic!("{name}: {plans:?}") };
        let of = |plan: &manifestgen::manifest::Object, pointer: &str| plan.pointer(pointer).cloned().unwrap_or_default();
        assert_eq!(of(agents, "/spec/prepare/args"), json!(["prepare", servers.name()]), "{name}");
        assert_eq!(of(servers, "/spec/prepare"), Value::Null, "{name}");
        // Together they take every node, and none twice.
        for pointer in ["/spec/nodeSelector/matchExpressions/0/key", "/spec/nodeSelector/matchLabels", "/spec/version", "/spec/channel"] {
            assert_eq!(of(agents, pointer), of(servers, pointer), "{name} {pointer}");
        }
        let operator = |plan| text(&of(plan, "/spec/nodeSelector/matchExpressions/0/operator")).to_owned();
        assert_eq!((operator(servers), operator(agents)), ("Exists".to_owned(), "DoesNotExist".to_owned()), "{name}");
    }
}

#[test]
fn a_wrong_plan_is_found_offline() {
    let plan = json!({
        "apiVersion": "upgrade.cattle.io/v1", "kind": "Plan", "metadata": {"name": "os", "namespace": "upgrades"},
        "spec": {"upgrade": {"command": ["true"]}, "window": {"days": ["caturday"]}},
    });
    let config = merged(&variants()[1].1, &json!({"extraObjects": [plan]}));
    let folder = folder_with(&config.to_string());
    let ran = Run::new(folder.path(), &["validate"]).run();
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("image") && ran.stderr.contains("caturday"), "{}", ran.stderr);
}
