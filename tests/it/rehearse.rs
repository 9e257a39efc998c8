//! `rehearse`: upgrades that go wrong, before a cluster sees them.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::command::{Ran, Run, folder};
use crate::parts::part;

fn parts() -> bool {
    part("etcd").is_some() & part("kube-apiserver").is_some()
}

fn list(objects: &[Value]) -> String {
    json!({"apiVersion": "v1", "kind": "List", "items": objects}).to_string()
}

fn rehearse(old: &[Value], new: &[Value]) -> Option<(i32, Value)> {
    if !parts() {
        return None;
    }
    let folder = folder();
    fs::write(folder.path().join("old.json"), list(old)).expect("written");
    fs::write(folder.path().join("new.json"), list(new)).expect("written");
    let ran = run(folder.path(), &["rehearse", "--old", "old.json", "-f", "new.json", "--name", "test", "--format", "json"]);
    let report = serde_json::from_slice(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {}", ran.shown()));
    Some((ran.code, report))
}

fn run(folder: &Path, arguments: &[&str]) -> Ran {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let toolchain = part("etcd").and_then(|etcd| etcd.parent().map(ToOwned::to_owned)).expect("asked before");
    Run::new(folder, arguments).env("PATH", path).env("KUBEBUILDER_ASSETS", toolchain).run()
}

fn object(api_version: &str, kind: &str, name: &str, rest: Value) -> Value {
    let mut object = json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "namespace": "shop"}});
    if matches!(kind, "CustomResourceDefinition" | "StorageClass" | "PriorityClass" | "Namespace") {
        object["metadata"] = json!({"name": name});
    }
    for (key, value) in rest.as_object().expect("fields") {
        object[key] = value.clone();
    }
    object
}

fn workload(kind: &str, name: &str, label: &str, rest: Value) -> Value {
    let mut spec = json!({
        "selector": {"matchLabels": {"app": label}},
        "template": {"metadata": {"labels": {"app": label}}, "spec": {"containers": [{"name": "c", "image": "x"}]}},
    });
    for (key, value) in rest.as_object().expect("fields") {
        spec[key] = value.clone();
    }
    object("apps/v1", kind, name, json!({"spec": spec}))
}

fn service(name: &str, spec: Value) -> Value {
    object("v1", "Service", name, json!({"spec": spec}))
}

fn claim(name: &str, size: &str, class: &str) -> Value {
    let spec = json!({"accessModes": ["ReadWriteOnce"], "storageClassName": class, "resources": {"requests": {"storage": size}}});
    object("v1", "PersistentVolumeClaim", name, json!({"spec": spec}))
}

fn definition(kind: &str, scope: &str, versions: &[&str], spec: Value) -> Value {
    let plural = format!("{}s", kind.to_lowercase());
    let schema = json!({"openAPIV3Schema": {"type": "object", "properties": {"spec": spec}}});
    let last = versions.len() - 1;
    let versions: Vec<_> = versions
        .iter()
        .enumerate()
        .map(|(index, name)| json!({"name": name, "served": true, "storage": index == last, "schema": schema}))
        .collect();
    object(
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
        &format!("{plural}.shop.example.com"),
        json!({"spec": {
            "group": "shop.example.com", "scope": scope, "names": {"plural": plural, "kind": kind}, "versions": versions,
        }}),
    )
}

fn custom(kind: &str, name: &str, spec: Value) -> Value {
    object("shop.example.com/v1", kind, name, json!({"spec": spec}))
}

#[track_caller]
fn check(report: &Value, expected: &[(&str, &str, &str)]) {
    let findings = report["findings"].as_array().expect("findings");
    let mut missed = Vec::new();
    for (rule, name, words) in expected {
        let text = |finding: &Value, field: &str| finding[field].as_str().unwrap_or_default().to_owned();
        let hit = findings.iter().any(|finding| {
            text(finding, "rule") == *rule && finding["object"]["name"] == *name && text(finding, "message").contains(words)
        });
        if !hit {
            missed.push(format!("{rule} {name}: {words}"));
        }
    }
    let shown: Vec<_> =
        findings.iter().map(|finding| format!("{} {}: {}", finding["rule"], finding["object"]["name"], finding["message"])).collect();
    assert!(missed.is_empty(), "missed:\n{}\nfound:\n{}", missed.join("\n"), shown.join("\n"));
}

fn any() -> Value {
    json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true})
}

#[test]
fn upgrade_mistakes_are_caught() {
    let size = json!({"type": "object", "properties": {"size": {"type": "integer"}},
        "x-kubernetes-validations": [{"rule": "self.size >= oldSelf.size", "message": "size may only grow"}]});
    let ports = |number: u32, node: u32| json!({"type": "NodePort", "ports": [{"name": "web", "port": number, "nodePort": node}]});
    let template = |size: &str| {
        json!({"serviceName": "db", "volumeClaimTemplates": [
            {"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}}},
        ]})
    };
    let job =
        |image: &str| json!({"spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": image}]}}}});
    let binding = |role: &str| json!({"roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": role}, "subjects": []});
    let old = [
        workload("Deployment", "selector", "a", json!({})),
        workload("DaemonSet", "selector", "a", json!({})),
        workload("StatefulSet", "service-name", "a", json!({"serviceName": "db"})),
        workload("StatefulSet", "templates", "a", template("1Gi")),
        workload("StatefulSet", "scaled", "a", {
            let mut spec = template("1Gi");
            spec["replicas"] = 3.into();
            spec
        }),
        object("batch/v1", "Job", "job", job("x:1")),
        claim("class", "1Gi", "slow"),
        claim("shrunk", "2Gi", "slow"),
        claim("gone", "1Gi", "slow"),
        service("address", json!({"clusterIP": "10.43.77.1", "ports": [{"port": 80}]})),
        service("node-port", ports(80, 30077)),
        service("renumbered", ports(80, 30078)),
        service("closed", json!({"ports": [{"name": "web", "port": 80}, {"name": "admin", "port": 81}]})),
        service("inside", ports(80, 30079)),
        object("rbac.authorization.k8s.io/v1", "RoleBinding", "role-ref", binding("one")),
        object("v1", "ConfigMap", "immutable", json!({"immutable": true, "data": {"a": "1"}})),
        object("v1", "Secret", "type", json!({"type": "Opaque", "stringData": {"a": "hunter2"}})),
        object("storage.k8s.io/v1", "StorageClass", "class", json!({"provisioner": "example.com/one"})),
        object("scheduling.k8s.io/v1", "PriorityClass", "value", json!({"value": 1000})),
        definition("Scoped", "Namespaced", &["v1"], any()),
        definition("Stored", "Namespaced", &["v1beta1", "v1"], any()),
        definition("Dropped", "Namespaced", &["v1"], any()),
        definition("Grown", "Namespaced", &["v1"], size.clone()),
        definition("Orphan", "Namespaced", &["v1"], any()),
        custom("Grown", "transition", json!({"size": 5})),
        custom("Orphan", "orphan", json!({})),
        object("v1", "Namespace", "left", json!({})),
    ];
    let new = [
        workload("Deployment", "selector", "b", json!({})),
        workload("DaemonSet", "selector", "b", json!({})),
        workload("StatefulSet", "service-name", "a", json!({"serviceName": "database"})),
        workload("StatefulSet", "templates", "a", template("2Gi")),
        workload("StatefulSet", "scaled", "a", template("1Gi")),
        object("batch/v1", "Job", "job", job("x:2")),
        claim("class", "1Gi", "fast"),
        claim("shrunk", "1Gi", "slow"),
        service("address", json!({"clusterIP": "10.43.77.2", "ports": [{"port": 80}]})),
        service("node-port", ports(80, 30177)),
        service("renumbered", ports(8080, 30078)),
        service("closed", json!({"ports": [{"name": "web", "port": 80}]})),
        service("inside", json!({"type": "ClusterIP", "ports": [{"name": "web", "port": 80}]})),
        object("rbac.authorization.k8s.io/v1", "RoleBinding", "role-ref", binding("two")),
        object("v1", "ConfigMap", "immutable", json!({"immutable": true, "data": {"a": "2"}})),
        object("v1", "Secret", "type", json!({"type": "example.com/other", "stringData": {"a": "hunter2"}})),
        object("storage.k8s.io/v1", "StorageClass", "class", json!({"provisioner": "example.com/two"})),
        object("scheduling.k8s.io/v1", "PriorityClass", "value", json!({"value": 2000})),
        definition("Scoped", "Cluster", &["v1"], any()),
        definition("Stored", "Namespaced", &["v1"], any()),
        definition("Dropped", "Namespaced", &["v2"], any()),
        definition("Grown", "Namespaced", &["v1"], size),
        custom("Grown", "transition", json!({"size": 3})),
        custom("Orphan", "orphan", json!({"a": 1})),
    ];
    let Some((code, report)) = rehearse(&old, &new) else { return };
    check(
        &report,
        &[
            ("rehearse/replace", "selector", "`/spec/selector`"),
            ("rehearse/replace", "service-name", "updates to statefulset spec for fields other than"),
            ("rehearse/replace", "templates", "updates to statefulset spec for fields other than"),
            ("rehearse/claims-left", "scaled", "fewer replicas"),
            ("rehearse/replace", "job", "`/spec/template`"),
            ("rehearse/claim", "class", "the storage class changes"),
            ("schema/forbidden", "shrunk", "can not be less than"),
            ("rehearse/kept", "gone", "its data would go with it"),
            ("rehearse/replace", "address", "clusterIP"),
            ("rehearse/port", "node-port", "the nodePort of `web` changes from 30077 to 30177"),
            ("rehearse/port", "renumbered", "the port of `web` changes from 80 to 8080"),
            ("rehearse/port", "closed", "the port `admin` goes"),
            ("rehearse/port", "inside", "the type changes from NodePort to ClusterIP"),
            ("rehearse/replace", "role-ref", "roleRef"),
            ("rehearse/replace", "immutable", "immutable"),
            ("rehearse/replace", "type", "`type` cannot be changed"),
            ("rehearse/replace", "class", "provisioner"),
            ("rehearse/replace", "value", "value"),
            ("schema/immutable", "scopeds.shop.example.com", "`scope` cannot be changed"),
            ("schema/value", "droppeds.shop.example.com", "missing from spec.versions"),
            ("rehearse/replace", "transition", "size may only grow"),
            ("rehearse/definition", "orphans.shop.example.com", "the release still has `orphan`"),
            ("rehearse/kept", "left", "everything in it would go with it"),
        ],
    );
    assert_eq!(code, 1);
    assert!(!report.to_string().contains("hunter2") && !report.to_string().contains("aHVudGVyMg"), "a Secret's value is never shown");
}

#[test]
fn mistakes_that_show_only_afterwards_are_caught() {
    let schema = |enumeration: Value, more: Value| {
        let mut schema = json!({"type": "object", "properties": {"color": {"type": "string", "enum": enumeration}}});
        for (key, value) in more.as_object().expect("fields") {
            schema["properties"][key] = value.clone();
        }
        schema
    };
    let paint = custom("Paint", "paint", json!({"color": "red"}));
    let field = custom("Field", "field", json!({"color": "red", "old": "value"}));
    let old = [
        definition("Paint", "Namespaced", &["v1"], schema(json!(["red", "blue"]), json!({}))),
        definition("Field", "Namespaced", &["v1"], schema(json!(["red"]), json!({"old": {"type": "string"}}))),
        paint.clone(),
        field.clone(),
    ];
    let new = [
        definition("Paint", "Namespaced", &["v1"], schema(json!(["green", "blue"]), json!({}))),
        definition("Field", "Namespaced", &["v1"], schema(json!(["red"]), json!({}))),
        paint,
        field,
    ];
    let Some((code, report)) = rehearse(&old, &new) else { return };
    check(&report, &[("schema/value", "paint", "red"), ("schema/unknown-field", "field", "unknown field `old`")]);
    assert_eq!(code, 1);
}

#[test]
fn numbers_that_swap_hands_are_caught() {
    let service = |name: &str, port: u32| service(name, json!({"type": "NodePort", "ports": [{"port": 80, "nodePort": port}]}));
    let Some((code, report)) = rehearse(&[service("a", 30081), service("b", 30082)], &[service("a", 30082), service("b", 30081)]) else {
        return;
    };
    let findings = report["findings"].as_array().expect("findings");
    assert!(findings.iter().any(|finding| finding["message"].as_str().is_some_and(|text| text.contains("already allocated"))), "{report}");
    assert_eq!(code, 1);
}

#[test]
fn a_good_upgrade_has_no_findings_and_git_knows_the_old_release() {
    if !parts() {
        return;
    }
    let folder = folder();
    let git = |arguments: &[&str]| {
        let done = Command::new("git")
            .args(["-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false"])
            .args(arguments)
            .current_dir(folder.path())
            .output()
            .expect("git runs");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    let cluster = |image: &str| {
        format!(
            "cluster: {{name: test}}\nextraObjects:\n- apiVersion: apps/v1\n  kind: Deployment\n  metadata: {{name: d, namespace: default}}\n  spec:\n    selector: {{matchLabels: {{a: b}}}}\n    template:\n      metadata: {{labels: {{a: b}}}}\n      spec: {{containers: [{{name: c, image: '{image}'}}]}}\n"
        )
    };
    let write = |text: &str| fs::write(folder.path().join("cluster.yaml"), text).expect("written");
    git(&["init", "--quiet"]);
    write(&cluster("x:1"));
    git(&["add", "."]);
    git(&["commit", "--quiet", "-m", "old"]);
    write(&cluster("x:2"));
    let ran = run(folder.path(), &["rehearse", "--git", "HEAD"]);
    assert_eq!(ran.code, 0, "{}", ran.shown());
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(said.contains("1 changed") && said.contains("0 errors, 0 warnings"), "{}", ran.shown());

    write(&cluster("x:2").replace("{a: b}", "{a: c}"));
    let ran = run(folder.path(), &["rehearse", "--git", "HEAD"]);
    assert_eq!(ran.code, 1, "{}", ran.shown());
    assert!(ran.stderr.contains("cluster.yaml:7"), "the finding is at the line of the config: {}", ran.stderr);
    let status = Command::new("git").args(["status", "--porcelain"]).current_dir(folder.path()).output().expect("git runs");
    assert_eq!(String::from_utf8_lossy(&status.stdout), " M cluster.yaml\n", "the repository stays as it is");
    let ran = run(folder.path(), &["rehearse", "--git", "nonsense"]);
    assert_eq!(ran.code, 2, "{}", ran.shown());
}
