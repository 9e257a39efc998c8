//! `render` from outside: streams, folders, bad places to write to.

use std::fs;
use std::process::{Command, Stdio};

use crate::command::{Run, folder, folder_with};

const CLUSTER: &str =
    "cluster: {name: test}\nextraObjects:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: mine, namespace: default}}\n";

#[test]
fn the_primer_needs_no_file() {
    let folder = folder();
    let text = Run::new(folder.path(), &["render", "--profile", "primer"]).run().good();
    assert!(text.contains("kind: Deployment"), "{text}");
    assert!(!text.contains("---\n---"), "{text}");
    assert_eq!(text, Run::new(folder.path(), &["render", "--profile", "primer"]).run().good(), "equal input, equal bytes");
}

#[test]
fn every_built_in_profile_renders() {
    for profile in ["primer", "worker", "minimal", "full"] {
        let folder = folder();
        Run::new(folder.path(), &["render", "--profile", profile]).run().good();
    }
}

#[test]
fn json_is_one_list() {
    let folder = folder_with(CLUSTER);
    let text = Run::new(folder.path(), &["render", "--format", "json"]).run().good();
    let list: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(list["kind"], "List");
    let names: Vec<_> = list["items"].as_array().expect("items").iter().map(|item| item["metadata"]["name"].as_str()).collect();
    assert!(names.contains(&Some("mine")), "{names:?}");
}

#[test]
fn a_folder_is_brought_up_to_date() {
    let folder = folder_with(CLUSTER);
    let render = || Run::new(folder.path(), &["render", "--format", "dir", "-o", "out"]).run();
    render().good();
    let mine = folder.path().join("out/objects/default/configmap-mine.yaml");
    assert!(mine.exists());
    fs::write(folder.path().join("out/notes.txt"), "kept").expect("written");
    fs::write(folder.path().join("cluster.yaml"), "cluster: {name: test}\n").expect("written");
    render().good();
    assert!(!mine.exists());
    assert!(folder.path().join("out/notes.txt").exists());
}

#[test]
fn k3s_gets_one_file_with_an_addon_name() {
    let folder = folder_with(CLUSTER);
    Run::new(folder.path(), &["render", "--format", "k3s", "-o", "out"]).run().good();
    assert!(folder.path().join("out/manifests/manifestgen-test.yaml").exists());
}

#[test]
fn an_edited_file_stops_the_render() {
    let folder = folder_with(CLUSTER);
    let arguments = ["render", "--format", "dir", "-o", "out"];
    Run::new(folder.path(), &arguments).run().good();
    fs::write(folder.path().join("out/objects/default/configmap-mine.yaml"), "edited").expect("written");
    let ran = Run::new(folder.path(), &arguments).run();
    insta::assert_snapshot!(ran.shown(), @"
    exit code 2
    --- stderr
    using `cluster.yaml`
    error: changed or written by somebody else: `out/objects/default/configmap-mine.yaml`; nothing was written
    hint: move such a change into the config, or replace the files with `--force`
    ");
    Run::new(folder.path(), &["render", "--format", "dir", "-o", "out", "--force"]).run().good();
}

#[test]
fn wrong_usage_says_the_way_out() {
    let folder = folder_with(CLUSTER);
    let shown = |arguments: &[&str]| Run::new(folder.path(), arguments).run().shown();
    insta::assert_snapshot!(shown(&["render", "-o", "json"]), @"
    exit code 2
    --- stderr
    error: `-o json` names a file to write
    hint: for the form write `--format json`; for a file of that name write `-o ./json`
    ");
    insta::assert_snapshot!(shown(&["render", "--format", "dir"]), @"
    exit code 2
    --- stderr
    using `cluster.yaml`
    error: `--format dir` writes many files and needs a folder
    hint: add `-o FOLDER`
    ");
    insta::assert_snapshot!(shown(&["render", "--only", "headscal"]), @"
    exit code 2
    --- stderr
    using `cluster.yaml`
    error: there is no component `headscal`
    hint: did you mean `headscale`?
    ");
    insta::assert_snapshot!(shown(&["render", "--only", "headscale"]), @"
    exit code 2
    --- stderr
    using `cluster.yaml`
    error: component `headscale` is not on in this config
    hint: components that are on: `base`, `extra`
    ");
}

#[test]
fn no_file_and_no_profile() {
    let folder = folder();
    insta::assert_snapshot!(Run::new(folder.path(), &["render"]).run().shown(), @"
    exit code 2
    --- stderr
    error: there is no `cluster.yaml` in this folder
    hint: `manifestgen init` writes one; `-c FILE` names another; `--profile primer` needs none
    ");
}

#[test]
fn a_full_disk_is_an_error_of_the_environment() {
    let folder = folder_with(CLUSTER);
    let full = fs::OpenOptions::new().write(true).open("/dev/full").expect("/dev/full");
    let output = Command::new(env!("CARGO_BIN_EXE_manifestgen"))
        .arg("render")
        .current_dir(folder.path())
        .stdout(Stdio::from(full))
        .stderr(Stdio::piped())
        .output()
        .expect("the binary runs");
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&output.stderr).contains("stdout cannot be written"));
}

#[test]
fn a_closed_pipe_is_no_error() {
    let folder = folder_with(CLUSTER);
    let mut child = Command::new(env!("CARGO_BIN_EXE_manifestgen"))
        .args(["render", "--profile", "primer"])
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("the binary ends");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_path_that_cannot_be_written_leaves_nothing_behind() {
    let folder = folder_with(CLUSTER);
    for (arguments, code) in [
        (vec!["render", "-o", "cluster.yaml/out.yaml"], 3),
        (vec!["render", "-o", "no/such/folder/out.yaml"], 3),
        (vec!["render", "-o", "."], 2),
        (vec!["render", "--format", "dir", "-o", "cluster.yaml"], 2),
        (vec!["render", "--format", "dir", "-o", "/proc/manifestgen"], 3),
    ] {
        let ran = Run::new(folder.path(), &arguments).run();
        assert_eq!(ran.code, code, "{arguments:?}: {}", ran.stderr);
        assert!(ran.stdout.is_empty(), "{arguments:?}");
    }
    let left: Vec<_> = fs::read_dir(folder.path()).expect("listed").flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(left, ["cluster.yaml"]);
}

#[test]
fn nulls_and_status_in_extra_objects_are_refused_at_their_place() {
    let folder = folder_with(
        "cluster: {name: test}\nextraObjects:\n- apiVersion: v1\n  kind: Service\n  metadata: {name: a, namespace: default}\n  spec:\n    \
         clusterIP: null\n    ports: [{port: 80}]\n  status: {}\n",
    );
    insta::assert_snapshot!(Run::new(folder.path(), &["render"]).run().shown(), @"
    exit code 2
    --- stderr
    using `cluster.yaml`
    error[seal/unwanted-field]: `/status` of Service `a` is written by the cluster, not by a manifest
     --> cluster.yaml:9:3
      |
    9 |   status: {}
      |   ^^^^^^
      |
      = object: Service default/a at /status
    error[seal/unwanted-field]: `/spec/clusterIP` of Service `a` is null; leave it out instead
     --> cluster.yaml:7:16
      |
    7 |     clusterIP: null
      |                ^^^^
      |
      = object: Service default/a at /spec/clusterIP
    error: the release cannot be sealed
    ");
}

#[test]
fn the_same_object_twice_is_refused() {
    let object = "- {apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: default}}\n";
    let folder = folder_with(&format!("cluster: {{name: test}}\nextraObjects:\n{object}{object}"));
    insta::assert_snapshot!(Run::new(folder.path(), &["render"]).run().shown(), @"
    exit code 2
    --- stderr
    using `cluster.yaml`
    error[config/object]: ConfigMap `a` is there already, as `extraObjects[0]`
     --> cluster.yaml:4:54
      |
    4 | - {apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: default}}
      |                                                      ^
      |
      = hint: remove one of them, or give it another name
    error: `cluster.yaml` has an error
    ");
}

#[test]
fn the_config_may_come_through_stdin() {
    let folder = folder();
    let text = Run::new(folder.path(), &["render", "-c", "-"]).input(CLUSTER).run().good();
    assert!(text.contains("name: mine"), "{text}");
}
