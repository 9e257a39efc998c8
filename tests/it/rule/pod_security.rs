//! The PodSecurity rule against the pods by which Kubernetes tests its own checks.

use std::fs;
use std::path::Path;

use manifestgen::manifest::Object;
use manifestgen::source::ConfigPath;
use serde_json::json;

use super::upstream::module;
use super::{findings, objects};

/// How many findings of the rule the pods of a file get in a namespace with a level.
fn found(file: &Path, level: &str, version: &str) -> usize {
    let labels = json!({"pod-security.kubernetes.io/enforce": level, "pod-security.kubernetes.io/enforce-version": version});
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a", "labels": labels}});
    let mut all = objects(&fs::read_to_string(file).expect("a file of the module"));
    for object in &mut all {
        object.edit(|value| value["metadata"]["namespace"] = json!("a"));
    }
    all.push(Object::new("test", ConfigPath::root(), &namespace).expect("an object"));
    let found = findings(&all);
    for finding in found.iter().filter(|finding| finding.rule == "security/pod-security") {
        let pointer = finding.path.as_deref().expect("a pointer");
        assert!(all.iter().any(|object| object.pointer(pointer).is_some()), "{} {pointer}", file.display());
    }
    found.iter().filter(|finding| finding.rule == "security/pod-security").count()
}

#[test]
fn every_pod_is_judged_as_kubernetes_does() {
    let Some(module) = module("k8s.io/pod-security-admission@v0.36.3") else { return };
    let mut wrong = Vec::new();
    let mut pods = 0;
    for level in ["baseline", "restricted"] {
        for minor in 25..=35 {
            for expected in ["pass", "fail"] {
                let folder = module.join(format!("test/testdata/{level}/v1.{minor}/{expected}"));
                for entry in fs::read_dir(folder).expect("a folder of the module").flatten() {
                    pods += 1;
                    let count = found(&entry.path(), level, &format!("v1.{minor}"));
                    if (count == 0) != (expected == "pass") {
                        wrong.push(format!("{} has {count} findings", entry.path().display()));
                    }
                }
            }
        }
    }
    assert!(pods > 1000, "only {pods} pods");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
