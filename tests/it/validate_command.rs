//! `validate --server` from outside: its verdict at the config line, its document, its exit codes.

use crate::command::{Run, folder, folder_with};
use crate::parts::part;

/// One mistake of each kind that a typed config cannot rule out, each in an object of its own.
const MISTAKES: &str = "\
cluster: {name: test}
extraObjects:
- apiVersion: v1
  kind: ConfigMap
  metadata: {name: misspelt, namespace: default}
  dta: {}
- apiVersion: apps/v1
  kind: Deployment
  metadata: {name: wrong-type, namespace: default}
  spec:
    replicas: \"2\"
    selector: {matchLabels: {a: b}}
    template:
      metadata: {labels: {a: b}}
      spec:
        containers:
        - {name: c, image: 'example.com/c:1', resources: {limits: {memory: 12Gb}}}
- apiVersion: apps/v1
  kind: Deployment
  metadata: {name: no-selector, namespace: default}
  spec:
    template:
      metadata: {labels: {a: b}}
      spec:
        containers:
        - {name: c, image: 'example.com/c:1'}
- apiVersion: v1
  kind: Service
  metadata: {name: taken, namespace: default}
  spec:
    clusterIP: 10.43.0.1
    ports: [{port: 80}]
";

fn has_parts() -> bool {
    part("etcd").is_some() & part("kube-apiserver").is_some()
}

#[test]
fn the_primer_is_accepted() {
    if !has_parts() {
        return;
    }
    let folder = folder();
    let ran = Run::new(folder.path(), &["validate", "--profile", "primer", "--server=ephemeral", "--format", "json"]).run();
    let report: serde_json::Value = serde_json::from_str(&ran.good()).expect("JSON");
    assert_eq!(report["findings"], serde_json::json!([]));
    assert_eq!(report["errors"], 0);
    assert!(report["objects"].as_u64().expect("a number") > 10, "{report}");
}

#[test]
fn mistakes_are_shown_at_the_config_line() {
    if !has_parts() {
        return;
    }
    let folder = folder_with(MISTAKES);
    insta::assert_snapshot!(Run::new(folder.path(), &["validate", "--server"]).run().shown(), @r#"
    exit code 1
    --- stderr
    using `cluster.yaml`
    error[schema/unknown-field]: unknown field `dta`
     --> cluster.yaml:6:3
      |
    6 |   dta: {}
      |   ^^^
      |
      = object: ConfigMap default/misspelt at /dta
    error[schema/type]: must be a number, not a string
      --> cluster.yaml:11:15
       |
    11 |     replicas: "2"
       |               ^^^
       |
       = object: Deployment default/wrong-type at /spec/replicas
       = hint: write it without quotes
    error[schema/format]: `12Gb` is no quantity like `500m`, `1.5` or `2Gi`
      --> cluster.yaml:17:76
       |
    17 |         - {name: c, image: 'example.com/c:1', resources: {limits: {memory: 12Gb}}}
       |                                                                            ^^^^
       |
       = object: Deployment default/wrong-type at /spec/template/spec/containers/0/resources/limits/memory
    error[schema/required]: `selector` is required
      --> cluster.yaml:21:3
       |
    21 |   spec:
       |   ^^^^
       |
       = object: Deployment default/no-selector at /spec/selector
    error[schema/value]: `selector` does not match template `labels`
      --> cluster.yaml:23:18
       |
    23 |       metadata: {labels: {a: b}}
       |                  ^^^^^^
       |
       = object: Deployment default/no-selector at /spec/template/metadata/labels
    error[schema/value]: `10.43.0.1`: failed to allocate IP 10.43.0.1: provided IP is already allocated
      --> cluster.yaml:31:16
       |
    31 |     clusterIP: 10.43.0.1
       |                ^^^^^^^^^
       |
       = object: Service default/taken at /spec/clusterIP
    4 objects checked, created on an ephemeral kube-apiserver v1.36.3: 6 errors, 0 warnings
    "#);
}

#[test]
fn mistakes_of_manifests_are_shown_at_the_very_value() {
    if !has_parts() {
        return;
    }
    let folder = folder();
    std::fs::create_dir(folder.path().join("manifests")).expect("made");
    let file = "apiVersion: v1\nkind: Service\nmetadata: {name: a, namespace: default}\nspec:\n  ports:\n  - port: 80\n    nodePort: 99\n  type: NodePort\n";
    std::fs::write(folder.path().join("manifests/service.yml"), file).expect("written");
    std::fs::write(folder.path().join("manifests/broken.yaml"), "a: [1\n").expect("written");
    insta::assert_snapshot!(Run::new(folder.path(), &["validate", "--server", "-f", "manifests"]).run().shown(), @"
    exit code 1
    --- stderr
    error[manifest/syntax]: `[` is never closed
     --> manifests/broken.yaml:1:4
      |
    1 | a: [1
      |    ^
    error[schema/value]: `99`: provided port is not in the valid range. The range of valid ports is 30000-32767
     --> manifests/service.yml:7:15
      |
    7 |     nodePort: 99
      |               ^^
      |
      = object: Service default/a at /spec/ports/0/nodePort
    1 object checked, created on an ephemeral kube-apiserver v1.36.3: 2 errors, 0 warnings
    ");
}

#[test]
fn no_binaries_is_an_error_of_the_environment() {
    let folder = folder_with("cluster: {name: test}\n");
    let run = |arguments: &[&str]| Run::new(folder.path(), arguments).env("PATH", "/nowhere").env("MANIFESTGEN_CACHE", "/nowhere").run();
    let ran = run(&["validate", "--server"]);
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    for way in ["KUBEBUILDER_ASSETS", "tests/toolchain/build"] {
        assert!(ran.stderr.contains(way), "{}", ran.stderr);
    }
    let ran = run(&["validate", "--server", "--format", "json"]);
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    let report: serde_json::Value = serde_json::from_slice(&ran.stdout).expect("one whole document");
    assert!(report["error"]["message"].is_string(), "{report}");
}

#[test]
fn a_wrong_config_is_a_whole_document_too() {
    let folder = folder_with("cluster: {nam: test}\n");
    let ran = Run::new(folder.path(), &["validate", "--format", "json"]).run();
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    let report: serde_json::Value = serde_json::from_slice(&ran.stdout).expect("one whole document");
    assert_eq!(report["findings"][0]["rule"], "config/unknown-key");
    assert_eq!(report["findings"][0]["line"], 1);
    assert_eq!(report["findings"][0]["column"], 11);
}

#[test]
fn no_kubeconfig_is_an_error_of_the_environment() {
    let folder = folder_with("cluster: {name: test}\n");
    let ran = Run::new(folder.path(), &["validate", "--server=live"]).env("HOME", folder.path()).run();
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    assert!(ran.stderr.contains("kubeconfig"), "{}", ran.stderr);
}
