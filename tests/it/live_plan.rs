//! `plan` and `apply` on a real API server.

use serde_json::{Value, json};

use crate::live_world::World;

fn change<'a>(plan: &'a Value, name: &str) -> Vec<(&'a str, &'a Value, &'a Value)> {
    let entry = plan["entries"].as_array().expect("entries").iter().find(|entry| entry["object"]["name"] == name).expect("an entry");
    let changes = entry["changes"].as_array().expect("changes").iter();
    changes.map(|change| (change["path"].as_str().expect("a path"), &change["before"], &change["after"])).collect()
}

#[test]
fn a_release_is_planned_applied_and_then_unchanged() {
    let Some(world) = World::new("plan-new") else { return };
    world.write(&[world.config_map("a", json!({"k": "1"})), world.deployment("d")]);
    let ran = world.on_release("plan", &[]);
    insta::assert_snapshot!(ran.shown(), @"
    exit code 1
    --- stdout
    + create ConfigMap plan-new/a
    + create Deployment plan-new/d

    2 to create
    ");
    assert!(world.get("configmap", "a").is_null(), "a plan writes nothing");
    insta::assert_snapshot!(world.apply(&[]), @"
    exit code 0
    --- stdout
    2 created; revision 1
    --- stderr
    created ConfigMap plan-new/a
    created Deployment plan-new/d
    ");
    insta::assert_snapshot!(world.on_release("plan", &[]).shown(), @"
    exit code 0
    --- stdout
    2 unchanged
    ");
}

#[test]
fn applying_twice_writes_nothing() {
    let Some(world) = World::new("plan-twice") else { return };
    let mut objects: Vec<_> = (0..20).map(|number| world.config_map(&format!("c{number}"), json!({"k": "v"}))).collect();
    objects.extend([
        world.deployment("d"),
        json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": world.name}, "stringData": {"a": "hunter2"},
        }),
        json!({
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": "s", "namespace": world.name},
            "spec": {"selector": {"app": "d"}, "ports": [{"name": "web", "port": 80}, {"name": "dns", "port": 53, "protocol": "UDP"}]},
        }),
    ]);
    world.write(&objects);
    world.apply(&[]);
    let kinds = "configmaps,deployments,secrets,services";
    let before = world.everything(kinds);
    assert!(world.apply(&[]).contains("23 unchanged; revision 1"));
    let after = world.everything(kinds);
    assert_eq!(before, after, "nothing moved: not a resourceVersion, not the inventory, not the history");
}

#[test]
fn only_what_the_release_says_is_compared() {
    let Some(world) = World::new("plan-foreign") else { return };
    world.write(&[world.deployment("d")]);
    world.apply(&[]);
    world.kubectl(&["annotate", "deployment", "d", "-n", &world.name, "somebody=else"]);
    assert_eq!(world.actions(), [""; 0], "a foreign annotation is no difference");
    let mut changed = world.deployment("d");
    changed["spec"]["template"]["spec"]["containers"] = json!([{"name": "c", "image": "x:2"}, {"name": "sidecar", "image": "y"}]);
    world.write(&[changed]);
    let plan = world.plan();
    let changes = change(&plan, "d");
    let paths: Vec<_> = changes.iter().map(|(path, ..)| *path).collect();
    assert_eq!(paths, [r#"spec.template.spec.containers[name="c"].image"#, r#"spec.template.spec.containers[name="sidecar"]"#]);
    assert_eq!((changes[0].1, changes[0].2), (&json!("x:1"), &json!("x:2")));
    world.apply(&[]);
    assert_eq!(world.get("deployment", "d")["metadata"]["annotations"]["somebody"], "else");
}

#[test]
fn a_field_that_left_the_release_goes() {
    let Some(world) = World::new("plan-field") else { return };
    world.write(&[world.config_map("a", json!({"k": "1", "l": "2"}))]);
    world.apply(&[]);
    world.write(&[world.config_map("a", json!({"k": "1"}))]);
    let plan = world.plan();
    assert_eq!(change(&plan, "a"), [("data.l", &json!("2"), &Value::Null)]);
    world.apply(&[]);
    assert_eq!(world.get("configmap", "a")["data"], json!({"k": "1"}));
}

#[test]
fn a_conflict_is_shown_with_its_manager_and_only_forced_on_request() {
    let Some(world) = World::new("plan-conflict") else { return };
    world.write(&[world.config_map("a", json!({"k": "1"})), world.config_map("b", json!({"k": "1"}))]);
    world.apply(&[]);
    let patch = json!({"data": {"k": "theirs"}}).to_string();
    world.kubectl(&["patch", "configmap", "a", "-n", &world.name, "--field-manager=somebody", "--type=merge", "-p", &patch]);
    world.write(&[world.config_map("a", json!({"k": "1"})), world.config_map("b", json!({"k": "2"}))]);
    insta::assert_snapshot!(world.on_release("plan", &[]).shown(), @r#"
    exit code 1
    --- stdout
    ~ change ConfigMap plan-conflict/a
        conflict: `.data.k` belongs to `somebody`
        ~ data.k: "theirs" -> "1"
    ~ change ConfigMap plan-conflict/b
        ~ data.k: "1" -> "2"

    2 to change
    "#);
    let ran = world.on_release("apply", &["--no-wait"]);
    assert_eq!(ran.code, 1, "{}", ran.shown());
    assert!(ran.stderr.contains("error[live/conflict]: `.data.k` belongs to `somebody`"), "{}", ran.stderr);
    assert_eq!(world.get("configmap", "b")["data"]["k"], "1", "nothing is begun that cannot be finished");
    world.apply(&["--force-conflicts"]);
    assert_eq!(world.get("configmap", "a")["data"]["k"], "1");
    assert_eq!(world.actions(), [""; 0]);
}

#[test]
fn the_same_value_is_no_conflict() {
    let Some(world) = World::new("plan-same") else { return };
    // The list of ingress rules is owned as a whole, and the server adds `protocol` to it.
    let policy = json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "n", "namespace": world.name},
        "spec": {"podSelector": {}, "ingress": [{"ports": [{"port": 80}]}]},
    });
    world.kubectl_with(&["apply", "--server-side", "-f", "-"], &policy.to_string());
    world.write(&[policy]);
    let plan = world.plan();
    assert_eq!(plan["entries"][0]["conflicts"], json!([]));
    assert_eq!(change(&plan, "n").len(), 1, "only our label: {plan}");
    world.apply(&[]);
    assert_eq!(world.actions(), [""; 0]);
}

#[test]
fn objects_of_client_side_apply_are_adopted() {
    let Some(world) = World::new("plan-adopt") else { return };
    let mut old = world.deployment("d");
    old["metadata"]["labels"] = json!({"old": "label", "both": "1"});
    old["spec"]["template"]["spec"]["containers"][0]["args"] = json!(["--old"]);
    world.kubectl_with(&["apply", "-f", "-"], &old.to_string());
    world.kubectl(&["label", "deployment", "d", "-n", &world.name, "--field-manager=somebody", "foreign=label"]);
    let mut new = world.deployment("d");
    new["metadata"]["labels"] = json!({"both": "1"});
    world.write(&[new]);
    let plan = world.plan();
    assert_eq!(plan["entries"][0]["reasons"], json!(["fields of `kubectl-client-side-apply` become ours"]));
    assert_eq!(plan["entries"][0]["conflicts"], json!([]));
    let mut paths: Vec<_> = change(&plan, "d").iter().map(|(path, ..)| (*path).to_owned()).collect();
    paths.sort();
    assert_eq!(
        paths,
        [
            "metadata.annotations[\"kubectl.kubernetes.io/last-applied-configuration\"]",
            "metadata.labels.old",
            "metadata.labels[\"applyset.kubernetes.io/part-of\"]",
            "spec.template.spec.containers[name=\"c\"].args",
        ]
    );
    world.apply(&[]);
    let live = world.get("deployment", "d");
    let managers: Vec<_> = live["metadata"]["managedFields"].as_array().expect("managers").iter().map(|entry| &entry["manager"]).collect();
    assert!(!managers.contains(&&json!("kubectl-client-side-apply")), "{managers:?}");
    let labels = &live["metadata"]["labels"];
    assert_eq!((&labels["both"], &labels["foreign"], &labels["old"]), (&json!("1"), &json!("label"), &Value::Null));
    assert_eq!(live["spec"]["template"]["spec"]["containers"][0]["args"], Value::Null);
    assert!(!live.to_string().contains("last-applied-configuration"), "{live}");
    assert_eq!(world.actions(), [""; 0]);
}

#[test]
fn what_cannot_be_changed_is_replaced_only_on_request() {
    let Some(world) = World::new("plan-replace") else { return };
    world.write(&[world.deployment("d")]);
    world.apply(&[]);
    let before = world.get("deployment", "d")["metadata"]["uid"].clone();
    let mut other = world.deployment("d");
    other["spec"]["selector"]["matchLabels"] = json!({"app": "other"});
    other["spec"]["template"]["metadata"]["labels"] = json!({"app": "other"});
    world.write(&[other]);
    insta::assert_snapshot!(world.on_release("plan", &[]).shown(), @r#"
    exit code 1
    --- stdout
    ! replace Deployment plan-replace/d
        `/spec/selector`: `selector` cannot be changed once the object exists
        ~ spec.selector.matchLabels.app: "d" -> "other"
        ~ spec.template.metadata.labels.app: "d" -> "other"

    1 to replace
    "#);
    let ran = world.on_release("apply", &["--no-wait"]);
    assert_eq!(ran.code, 1, "{}", ran.shown());
    assert!(ran.stderr.contains("`--replace` does it"), "{}", ran.stderr);
    assert_eq!(world.get("deployment", "d")["metadata"]["uid"], before);
    world.apply(&["--replace"]);
    let after = world.get("deployment", "d");
    assert_ne!(after["metadata"]["uid"], before);
    assert_eq!(after["spec"]["selector"]["matchLabels"]["app"], "other");
}

#[test]
fn a_claim_is_never_replaced() {
    let Some(world) = World::new("plan-claim") else { return };
    let claim = |mode: &str| {
        json!({
            "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "p", "namespace": world.name},
            "spec": {"accessModes": [mode], "resources": {"requests": {"storage": "1Gi"}}},
        })
    };
    world.write(&[claim("ReadWriteOnce")]);
    world.apply(&[]);
    let before = world.get("pvc", "p")["metadata"]["uid"].clone();
    world.write(&[claim("ReadWriteMany")]);
    let ran = world.on_release("apply", &["--no-wait", "--replace"]);
    assert_eq!(ran.code, 1, "{}", ran.shown());
    assert!(ran.stderr.contains("a PersistentVolumeClaim is never deleted in order to be created anew"), "{}", ran.stderr);
    assert_eq!(world.get("pvc", "p")["metadata"]["uid"], before);
}

#[test]
fn values_of_secrets_are_never_shown() {
    let Some(world) = World::new("plan-secret") else { return };
    let secret = |value: &str| {
        json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": world.name}, "stringData": {"a": value, "b": "constant-value"},
        })
    };
    world.kubectl_with(&["apply", "-f", "-"], &secret("hunter1").to_string());
    world.write(&[secret("hunter2")]);
    let mut said = String::new();
    for arguments in [&["--format", "json"][..], &[], &["-o", "plan.json"]] {
        said += &world.on_release("plan", arguments).shown();
    }
    said += &std::fs::read_to_string(world.folder().join("plan.json")).expect("a plan");
    said += &world.apply(&["--format", "json"]);
    said += &world.on_name("status", &["--format", "json"]).shown();
    for value in ["hunter1", "hunter2", "constant-value", "aHVudGVyMQ", "aHVudGVyMg", "Y29uc3RhbnQtdmFsdWU"] {
        assert!(!said.contains(value), "{value}: {said}");
    }
    assert!(said.contains("data.a: (hidden) -> (hidden)"), "{said}");
    assert_eq!(world.get("secret", "s")["data"]["a"], "aHVudGVyMg==");
}

#[test]
fn a_release_that_the_server_refuses_in_part_is_not_begun() {
    let Some(world) = World::new("plan-refused") else { return };
    let mut bad = world.deployment("d");
    bad["spec"]["replicas"] = "three".into();
    world.write(&[world.config_map("a", json!({"k": "1"})), bad]);
    let ran = world.on_release("apply", &["--no-wait"]);
    assert_eq!(ran.code, 1, "{}", ran.shown());
    assert!(ran.stderr.contains("error[schema/type]: must be a number, not a string"), "{}", ran.stderr);
    assert!(ran.stderr.contains("release.json:"), "{}", ran.stderr);
    assert!(world.get("configmap", "a").is_null());
}

#[test]
fn a_release_brings_its_own_namespace_and_definition() {
    let Some(world) = World::new("plan-own") else { return };
    let group = "plan-own.example.com";
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": format!("widgets.{group}")},
        "spec": {
            "group": group, "scope": "Namespaced", "names": {"plural": "widgets", "kind": "Widget"},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": {
                "type": "object", "properties": {"parts": {
                    "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["id"],
                    "items": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}, "size": {"type": "integer"}}},
                }},
            }}}}}],
        },
    });
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "plan-own-new"}});
    let widget = |parts: Value| {
        json!({
            "apiVersion": format!("{group}/v1"), "kind": "Widget", "metadata": {"name": "w", "namespace": "plan-own-new"}, "spec": {"parts": parts},
        })
    };
    world.write(&[widget(json!([{"id": "a", "size": 1}, {"id": "b", "size": 2}])), namespace.clone(), definition.clone()]);
    assert_eq!(
        world.actions(),
        ["create Namespace plan-own-new", &format!("create CustomResourceDefinition widgets.{group}"), "create Widget w"]
    );
    world.apply(&[]);
    assert_eq!(world.actions(), [""; 0]);
    world.write(&[widget(json!([{"id": "b", "size": 3}])), namespace, definition]);
    let plan = world.plan();
    let changes: Vec<_> = change(&plan, "w").into_iter().map(|(path, ..)| path).collect();
    assert_eq!(changes, ["spec.parts[id=\"a\"]", "spec.parts[id=\"b\"].size"]);
}

#[test]
fn a_saved_plan_holds_only_while_the_cluster_stands_still() {
    let Some(world) = World::new("plan-saved") else { return };
    world.write(&[world.config_map("a", json!({"k": "1"})), world.deployment("d")]);
    world.apply(&[]);
    let mut changed = world.deployment("d");
    changed["spec"]["replicas"] = 2.into();
    world.write(&[world.config_map("a", json!({"k": "1"})), changed.clone()]);
    assert_eq!(world.on_release("plan", &["-o", "plan.json"]).code, 1);
    let carry_out = || world.command(&["apply", "plan.json", "--no-wait", "--state-namespace", &world.name]);

    // Status moves all the time, and is nobody's plan.
    let status = json!({"status": {"observedGeneration": 1}}).to_string();
    world.kubectl(&["patch", "deployment", "d", "-n", &world.name, "--subresource=status", "--type=merge", "-p", &status]);
    world.kubectl(&["label", "deployment", "d", "-n", &world.name, "moved=yes"]);
    let ran = carry_out();
    assert_eq!(ran.code, 3, "{}", ran.shown());
    assert!(ran.stderr.contains("the cluster moved since the plan was saved: Deployment `plan-saved/d`"), "{}", ran.stderr);

    assert_eq!(world.on_release("plan", &["-o", "plan.json"]).code, 1);
    world.kubectl(&[
        "patch",
        "deployment",
        "d",
        "-n",
        &world.name,
        "--subresource=status",
        "--type=merge",
        "-p",
        &json!({"status": {"observedGeneration": 2}}).to_string(),
    ]);
    world.write(&[world.config_map("a", json!({"k": "2"})), changed.clone()]);
    let ran = carry_out();
    assert_eq!(ran.code, 2, "{}", ran.shown());
    assert!(ran.stderr.contains("the config changed since the plan was saved"), "{}", ran.stderr);

    world.write(&[world.config_map("a", json!({"k": "1"})), changed]);
    let ran = carry_out();
    assert_eq!(ran.code, 0, "{}", ran.shown());
    assert_eq!(world.get("deployment", "d")["spec"]["replicas"], 2);
}
