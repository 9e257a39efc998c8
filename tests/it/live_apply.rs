//! `apply` over time: what leaves a release, history, rollback, deletion, and two at once.

use std::fs;

use manifestgen::data::embedded_crds;
use serde_json::{Value, json};

use crate::live_world::World;

fn namespace(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
}

fn claim(world: &World, name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name, "namespace": world.name},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    })
}

#[test]
fn what_left_the_release_goes_and_nothing_else() {
    let Some(world) = World::new("apply-prune") else { return };
    let foreign = world.config_map("foreign", json!({"k": "theirs"}));
    world.kubectl_with(&["apply", "--server-side", "-f", "-"], &foreign.to_string());
    world.write(&[world.config_map("a", json!({})), world.config_map("b", json!({})), world.deployment("d"), claim(&world, "p")]);
    world.apply(&[]);
    // A copy of the label on what others made does not make it ours.
    let parent = world.get("configmap", &format!("manifestgen-{}", world.name));
    let id = parent["metadata"]["labels"]["applyset.kubernetes.io/id"].as_str().expect("an id").to_owned();
    world.kubectl(&["label", "configmap", "foreign", "-n", &world.name, &format!("applyset.kubernetes.io/part-of={id}")]);

    world.write(&[world.config_map("a", json!({}))]);
    let ran = world.on_release("apply", &["--no-wait", "--no-prune"]);
    assert_eq!(ran.code, 0, "{}", ran.shown());
    assert!(!world.get("deployment", "d").is_null());
    insta::assert_snapshot!(world.on_release("plan", &[]).shown(), @"
    exit code 1
    --- stdout
    - delete Deployment apply-prune/d
        it left the release
    - delete ConfigMap apply-prune/b
        it left the release
      keep PersistentVolumeClaim apply-prune/p
        it left the release, but its data would go with it; `--delete-kind persistentvolumeclaim` deletes it

    2 to delete, 1 kept, 1 unchanged
    ");
    world.apply(&[]);
    assert!(world.get("deployment", "d").is_null() && world.get("configmap", "b").is_null());
    assert!(!world.get("pvc", "p").is_null() && !world.get("configmap", "a").is_null());
    assert_eq!(world.get("configmap", "foreign")["data"]["k"], "theirs");
    let ran = world.on_release("plan", &[]);
    assert_eq!(ran.code, 0, "what is kept is no difference: {}", ran.shown());
}

#[test]
fn a_lost_inventory_is_found_again_by_its_labels() {
    let Some(world) = World::new("apply-lost") else { return };
    world.write(&[world.config_map("a", json!({})), world.deployment("d")]);
    world.apply(&[]);
    world.kubectl(&["delete", "configmap", &format!("manifestgen-{}", world.name), "-n", &world.name]);
    world.write(&[world.config_map("a", json!({}))]);
    assert_eq!(world.actions(), ["delete Deployment d"]);
    world.apply(&[]);
    assert!(world.get("deployment", "d").is_null());
}

#[test]
fn the_inventory_is_an_applyset() {
    let Some(world) = World::new("apply-set") else { return };
    world.write(&[world.config_map("a", json!({})), world.deployment("d")]);
    world.apply(&[]);
    let parent = world.get("configmap", "manifestgen-apply-set");
    let metadata = &parent["metadata"];
    let annotation = |name: &str| metadata["annotations"][format!("applyset.kubernetes.io/{name}")].as_str().expect("an annotation");
    assert_eq!(annotation("contains-group-kinds"), "ConfigMap,Deployment.apps");
    assert!(annotation("tooling").starts_with("manifestgen/v"));
    assert_eq!(annotation("additional-namespaces"), "", "the parent's own namespace is not additional");
    let id = &metadata["labels"]["applyset.kubernetes.io/id"];
    assert_eq!(&world.get("deployment", "d")["metadata"]["labels"]["applyset.kubernetes.io/part-of"], id);
    assert_eq!(world.get("deployment", "d")["spec"]["template"]["metadata"]["labels"], json!({"app": "d"}));
}

#[test]
fn definitions_stay_while_they_have_objects() {
    let Some(world) = World::new("apply-crd") else { return };
    let definition = |kind: &str| {
        let plural = format!("{}s", kind.to_lowercase());
        json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": format!("{plural}.apply-crd.example.com")},
            "spec": {"group": "apply-crd.example.com", "scope": "Namespaced", "names": {"plural": plural, "kind": kind},
                "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {"type": "object"}}}]},
        })
    };
    world.write(&[definition("Used"), definition("Unused"), world.config_map("a", json!({}))]);
    world.apply(&[]);
    let used = json!({"apiVersion": "apply-crd.example.com/v1", "kind": "Used", "metadata": {"name": "u", "namespace": world.name}});
    world.kubectl_with(&["create", "-f", "-"], &used.to_string());
    world.write(&[world.config_map("a", json!({}))]);
    let mut actions = world.actions();
    actions.sort();
    assert_eq!(
        actions,
        ["delete CustomResourceDefinition unuseds.apply-crd.example.com", "keep CustomResourceDefinition useds.apply-crd.example.com"]
    );
    world.apply(&[]);
    assert_eq!(world.actions(), ["keep CustomResourceDefinition useds.apply-crd.example.com"]);
    world.apply(&["--delete-kind", "customresourcedefinition"]);
    assert_eq!(world.actions(), [""; 0]);
}

#[test]
fn a_namespace_is_kept() {
    let Some(world) = World::new("apply-ns") else { return };
    world.write(&[namespace("apply-ns-own"), world.config_map("a", json!({}))]);
    world.apply(&[]);
    world.write(&[world.config_map("a", json!({}))]);
    assert_eq!(world.actions(), ["keep Namespace apply-ns-own"]);
}

#[test]
fn history_grows_with_changes_and_rolls_back() {
    let Some(world) = World::new("apply-history") else { return };
    let secret =
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": world.name}, "stringData": {"a": "hunter2"}});
    world.write(&[world.config_map("a", json!({"k": "1"})), world.config_map("old", json!({})), secret.clone()]);
    assert!(world.apply(&[]).contains("revision 1"));
    assert!(world.apply(&[]).contains("revision 1"), "an equal release is no new revision");
    let first = world.get("configmap", "a");
    world.write(&[world.config_map("a", json!({"k": "2", "l": "3"})), world.config_map("new", json!({})), secret]);
    assert!(world.apply(&[]).contains("revision 2"));

    let ran = world.on_name("rollback", &["--no-wait"]);
    let mut said: Vec<_> = ran.stderr.lines().collect();
    said.sort_unstable();
    assert_eq!(
        said,
        [
            "changed ConfigMap apply-history/a",
            "created ConfigMap apply-history/old",
            "deleted ConfigMap apply-history/new",
            "the history keeps no Secrets: 1 of the release stay as they are",
        ]
    );
    assert_eq!((ran.code, ran.stdout.as_slice()), (0, &b"1 created, 1 changed, 1 deleted; revision 3\n"[..]));
    let back = world.get("configmap", "a");
    assert_eq!((&back["data"], &back["metadata"]["labels"]), (&first["data"], &first["metadata"]["labels"]));
    assert!(world.get("configmap", "new").is_null() && !world.get("secret", "s").is_null());

    let status: Value = serde_json::from_slice(&world.on_name("status", &["--format", "json"]).stdout).expect("JSON");
    let revisions: Vec<_> = status["revisions"].as_array().expect("revisions").iter().map(|revision| &revision["note"]).collect();
    assert_eq!(revisions, ["apply of manifests", "apply of manifests", "rollback to revision 1"]);
    assert_eq!(status["healthy"], true);
    for secret in world.everything("secrets").iter().filter(|secret| secret["type"] == "manifestgen.dev/release") {
        assert!(!secret.to_string().contains("hunter2"));
    }
    let ran = world.on_name("rollback", &["9", "--no-wait"]);
    assert_eq!(ran.code, 2, "{}", ran.shown());
    assert!(ran.stderr.contains("has no revision 9; it has 1 to 3"), "{}", ran.stderr);
}

#[test]
fn only_the_newest_revisions_are_kept() {
    let Some(world) = World::new("apply-trim") else { return };
    for number in 1..=5 {
        world.write(&[world.config_map("a", json!({"k": number.to_string()}))]);
        world.apply(&["--history", "3"]);
    }
    let kept = world.everything("secrets");
    let names: Vec<_> = kept.iter().map(|secret| secret["metadata"]["name"].as_str().expect("a name")).collect();
    assert_eq!(names, ["manifestgen-apply-trim-r3", "manifestgen-apply-trim-r4", "manifestgen-apply-trim-r5"]);
}

#[test]
fn a_large_release_is_kept_in_several_secrets() {
    let Some(world) = World::new("apply-large") else { return };
    // Text that does not compress: a linear congruential generator.
    let mut seed: u64 = 1;
    let mut noise = |length: usize| -> String {
        let mut next = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            char::from(b'!' + u8::try_from((seed >> 33) % 90).expect("small"))
        };
        (0..length).map(|_| next()).collect()
    };
    let objects: Vec<_> = (0..4).map(|number| world.config_map(&format!("c{number}"), json!({"noise": noise(600_000)}))).collect();
    world.write(&objects);
    world.apply(&[]);
    world.write(&objects[..1]);
    world.apply(&[]);
    assert!(world.everything("secrets").len() >= 4, "two revisions, the first in several parts");
    let ran = world.on_name("rollback", &["1", "--no-wait"]);
    assert_eq!(ran.code, 0, "{}", ran.shown());
    assert_eq!(world.get("configmap", "c3")["data"], objects[3]["data"]);
}

#[test]
fn delete_takes_the_release_and_nothing_else() {
    let Some(world) = World::new("apply-delete") else { return };
    world.kubectl(&["create", "configmap", "foreign", "-n", &world.name]);
    world.write(&[world.config_map("a", json!({})), world.deployment("d"), claim(&world, "p")]);
    world.apply(&[]);
    let ran = world.on_name("delete", &[]);
    assert_eq!(ran.code, 2, "{}", ran.shown());
    assert!(ran.stderr.contains("`--yes` deletes without asking"), "{}", ran.stderr);
    assert!(!world.get("configmap", "a").is_null());
    let ran = world.on_name("delete", &["--yes"]);
    assert_eq!(ran.code, 0, "{}", ran.shown());
    assert!(String::from_utf8_lossy(&ran.stdout).contains("2 deleted, 1 kept"), "{}", ran.shown());
    assert!(world.get("configmap", "a").is_null() && !world.get("pvc", "p").is_null());
    assert!(!world.get("configmap", "foreign").is_null());
    // Nothing runs here that would let a claim go, so its last step is ours.
    world.kubectl(&["patch", "pvc", "p", "-n", &world.name, "--type=merge", "-p", r#"{"metadata":{"finalizers":null}}"#]);
    let ran = world.on_name("delete", &["--yes", "--delete-kind", "persistentvolumeclaim"]);
    assert_eq!(ran.code, 0, "{}", ran.shown());
    let left: Vec<_> =
        world.everything("configmaps,secrets,deployments,pvc,leases").into_iter().map(|item| item["metadata"]["name"].clone()).collect();
    assert_eq!(left, ["foreign"]);
    let ran = world.on_name("delete", &["--yes"]);
    assert_eq!(ran.code, 2, "{}", ran.shown());
}

#[test]
fn a_component_alone_deletes_nothing() {
    let Some(world) = World::new("apply-only") else { return };
    let cluster =
        "cluster: {name: apply-only}\nextraObjects:\n- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: a, namespace: apply-only}\n";
    fs::write(world.folder().join("cluster.yaml"), format!("{cluster}headscale: {{}}\n")).expect("written");
    let state = ["--state-namespace", "apply-only", "--no-wait"];
    let run = |arguments: &[&str]| world.command(&[&["apply", "--profile", "minimal"][..], &state, arguments].concat());
    let ran = run(&["--only", "extra"]);
    assert_eq!(ran.code, 0, "{}", ran.shown());
    assert!(!ran.shown().contains("revision"), "a part is no state to go back to");
    fs::write(world.folder().join("cluster.yaml"), cluster.replace("name: a,", "name: b,")).expect("written");
    let ran = run(&["--only", "extra"]);
    assert_eq!(ran.code, 0, "{}", ran.shown());
    assert!(!world.get("configmap", "a").is_null() && !world.get("configmap", "b").is_null());
    let ran = run(&[]);
    assert_eq!(ran.code, 0, "{}", ran.shown());
    assert!(world.get("configmap", "a").is_null(), "the whole release knows that it is gone");
}

#[test]
fn two_applies_are_kept_apart() {
    let Some(world) = World::new("apply-lease") else { return };
    world.write(&[world.config_map("a", json!({}))]);
    let lease = |holder: &str, seconds: u32| {
        json!({
            "apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "manifestgen-apply-lease", "namespace": world.name},
            "spec": {"holderIdentity": holder, "leaseDurationSeconds": seconds, "renewTime": "2026-01-01T00:00:00.000000Z"},
        })
    };
    // A holder somewhere else that says nothing any more.
    world.kubectl_with(&["create", "-f", "-"], &lease("elsewhere", 1).to_string());
    assert!(world.on_release("plan", &[]).stderr.contains("is being applied by `elsewhere`"));
    world.apply(&[]);
    assert_eq!(world.get("lease", "manifestgen-apply-lease")["spec"]["holderIdentity"], "", "it is given back");

    // One that renews it while we watch.
    world.kubectl_with(&["replace", "-f", "-"], &lease("elsewhere", 3600).to_string());
    let ran = std::thread::scope(|scope| {
        let apply = scope.spawn(|| world.on_release("apply", &["--no-wait"]));
        for second in 0.. {
            if apply.is_finished() {
                break;
            }
            let patch = json!({"spec": {"renewTime": format!("2026-01-01T00:{:02}:{:02}.000000Z", 1 + second / 60, second % 60)}});
            world.kubectl(&["patch", "lease", "manifestgen-apply-lease", "-n", &world.name, "--type=merge", "-p", &patch.to_string()]);
        }
        apply.join().expect("it ends")
    });
    assert_eq!(ran.code, 3, "{}", ran.shown());
    assert!(ran.stderr.contains("`apply-lease` is being applied by `elsewhere`"), "{}", ran.stderr);
}

/// Argo CD looks again only after minutes at what it meets before its repository server answers.
#[test]
fn applications_wait_for_the_argocd_of_the_same_release() {
    let Some(world) = World::new("apply-argocd") else { return };
    let definition = embedded_crds().iter().find(|crd| crd.name == "applications.argoproj.io").expect("embedded");
    world.kubectl_with(&["apply", "--server-side", "--force-conflicts", "-f", "-"], definition.json);
    // `kubectl wait` fails on a definition that has no conditions yet.
    let established = |condition: &Value| condition["type"] == "Established" && condition["status"] == "True";
    while !world.get("crd", "applications.argoproj.io")["status"]["conditions"].as_array().is_some_and(|all| all.iter().any(established)) {}
    let mut server = world.deployment("argocd-repo-server");
    server["metadata"]["labels"] = json!({"app.kubernetes.io/part-of": "argocd", "app.kubernetes.io/component": "repo-server"});
    let application = json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": {"name": "shop", "namespace": world.name},
        "spec": {"project": "default", "destination": {"namespace": "shop"}, "source": {"repoURL": "https://git.example.com/shop", "path": "."}},
    });
    world.write(&[application, server]);

    // One that does not come up in time keeps nothing back.
    let ran = world.on_release("apply", &["--timeout", "2s"]);
    assert_eq!(ran.code, 1, "{}", ran.shown());
    assert!(!world.get("application", "shop").is_null(), "{}", ran.shown());
    world.kubectl(&["delete", "application/shop", "deployment/argocd-repo-server", "-n", &world.name]);

    std::thread::scope(|scope| {
        let apply = scope.spawn(|| world.on_release("apply", &["--timeout", "60s"]));
        while world.get("deployment", "argocd-repo-server").is_null() {
            assert!(!apply.is_finished(), "the Deployment comes first");
        }
        std::thread::sleep(std::time::Duration::from_secs(2));
        assert!(world.get("application", "shop").is_null(), "nobody runs the repository server yet");
        let status =
            json!({"status": {"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "availableReplicas": 1, "readyReplicas": 1}});
        let patch = status.to_string();
        let subject =
            ["patch", "deployment", "argocd-repo-server", "-n", &world.name, "--subresource=status", "--type=merge", "-p", &patch];
        world.kubectl(&subject);
        while world.get("application", "shop").is_null() {
            assert!(!apply.is_finished(), "the Application comes next");
        }
        let status = json!({"status": {"sync": {"status": "Synced", "comparedTo": {"destination": {}, "source": {"repoURL": "r"}}}, "health": {"status": "Healthy"}}});
        world.kubectl(&["patch", "application", "shop", "-n", &world.name, "--type=merge", "-p", &status.to_string()]);
        let ran = apply.join().expect("it ends");
        assert_eq!(ran.code, 0, "{}", ran.shown());
    });
}

#[test]
fn workloads_that_nobody_runs_are_not_healthy() {
    let Some(world) = World::new("apply-wait") else { return };
    world.write(&[world.config_map("a", json!({})), world.deployment("d")]);
    let ran = world.on_release("apply", &["--timeout", "2s"]);
    insta::assert_snapshot!(ran.shown(), @"
    exit code 1
    --- stdout
    in progress Deployment apply-wait/d: its controller has not seen it yet
    1 of 2 objects are healthy
    2 created; revision 1
    --- stderr
    created ConfigMap apply-wait/a
    created Deployment apply-wait/d
    ");
    // What a controller and a kubelet would say.
    let status = json!({"status": {"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1}});
    world.kubectl(&["patch", "deployment", "d", "-n", &world.name, "--subresource=status", "--type=merge", "-p", &status.to_string()]);
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "d-1", "namespace": world.name, "labels": {"app": "d"}},
        "spec": {"containers": [{"name": "c", "image": "x:1"}]}});
    world.kubectl_with(&["create", "-f", "-"], &pod.to_string());
    let waiting = json!({"status": {"phase": "Pending", "containerStatuses": [{"name": "c", "image": "x:1", "imageID": "", "ready": false, "restartCount": 0,
        "state": {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}}]}});
    world.kubectl(&["patch", "pod", "d-1", "-n", &world.name, "--subresource=status", "--type=merge", "-p", &waiting.to_string()]);
    let uid = world.get("pod", "d-1")["metadata"]["uid"].clone();
    let event = json!({"apiVersion": "v1", "kind": "Event", "metadata": {"name": "e", "namespace": world.name}, "type": "Warning", "reason": "Failed",
        "message": "Failed to pull image", "involvedObject": {"apiVersion": "v1", "kind": "Pod", "name": "d-1", "namespace": world.name, "uid": uid}});
    world.kubectl_with(&["create", "-f", "-"], &event.to_string());
    let ran = world.on_name("status", &[]);
    assert_eq!(ran.code, 1, "{}", ran.shown());
    let text = String::from_utf8_lossy(&ran.stdout).into_owned();
    for expected in [
        "ok          ConfigMap apply-wait/a",
        "in progress Deployment apply-wait/d: 0 of 1 Pods are available",
        "            Pod `d-1`: container `c`: ImagePullBackOff: no such image",
        "            event Failed: Failed to pull image",
        "1 of 2 objects are healthy",
    ] {
        assert!(text.contains(expected), "`{expected}` is not in:\n{text}");
    }
    let status =
        json!({"status": {"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "availableReplicas": 1, "readyReplicas": 1}});
    world.kubectl(&["patch", "deployment", "d", "-n", &world.name, "--subresource=status", "--type=merge", "-p", &status.to_string()]);
    let ran = world.on_release("apply", &["--timeout", "30s"]);
    assert_eq!(ran.code, 0, "{}", ran.shown());
}
