//! Backups: what is rendered, that a real API server accepts it, and the scripts of the jobs against a real Headscale, a real restic and a
//! real Argo CD.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use manifestgen::config::Cluster;
use manifestgen::manifest::Release;
use manifestgen::render::{Selection, render};
use manifestgen::yaml;
use serde_json::{Value, json};

use crate::headscale::{self, merged, text};
use crate::headscale_server::{Pod, Server, Values};
use crate::lab_server::{complaints, refusals};
use crate::parts::{part, python_with};

/// Every way to run it, by name.
fn variants() -> Vec<(&'static str, Value)> {
    let base = json!({
        "cluster": {"name": "home"}, "nodes": [{"name": "primer", "role": "server", "address": "192.168.1.10"}],
        "k3s": {"datastore": {"type": "etcd"}}, "headscale": {}, "argocd": {},
        "backup": {"repository": "s3:https://s3.example.com/backups/home"},
    });
    let every_key = json!({
        "headscale": {"tolerations": [{"key": "dedicated", "value": "mesh"}]},
        "argocd": {"applicationNamespaces": ["team-*"]},
        "cluster": {"namespaces": [{"name": "team-a"}]},
        "backup": {
            "repository": "rest:http://10.0.0.5:8000/home", "secret": "restic", "schedule": "0 */6 * * *", "timeZone": "Europe/Berlin", "keep": 4,
            "headscale": true, "argocd": true, "resticImage": "mirror.example.com/restic:0.18.1", "pythonImage": "mirror.example.com/python:3.13",
        },
    });
    vec![
        ("default", base.clone()),
        ("every key", merged(&base, &every_key)),
        ("one of them", merged(&base, &json!({"backup": {"headscale": false}, "cluster": {"security": {"networkPolicies": false}}}))),
    ]
}

fn release(config: &Value) -> Release {
    let cluster: Cluster = serde_json::from_value(config.clone()).expect("a cluster");
    render(&cluster, &Selection::default()).expect("a sealed release")
}

#[test]
fn every_variant() {
    for (name, config) in variants() {
        let own: Vec<_> = release(&config).objects().iter().filter(|object| object.component() == "backup").cloned().collect();
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
fn every_variant_is_valid_offline_without_findings() {
    assert_eq!(complaints(variants()), [""; 0]);
}

/// The scripts as the release has them, in a folder.
fn scripts() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let release = release(&variants()[0].1);
    let map = release.objects().iter().find(|object| object.kind() == "ConfigMap" && object.name() == "headscale-backup").expect("scripts");
    for (name, contents) in map.pointer("/data").and_then(Value::as_object).expect("scripts") {
        fs::write(folder.path().join(name), text(contents)).expect("written");
    }
    folder
}

fn python(program: &Path, script: &Path, from: &Path, to: &Path) -> Output {
    Command::new(program).arg("-B").args([script, from, to]).output().expect("python runs")
}

fn good(output: &Output) -> String {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}{err}");
    out.into_owned()
}

/// A real restic with a repository in a folder.
struct Restic {
    program: PathBuf,
    folder: tempfile::TempDir,
}

impl Restic {
    fn command(&self, password: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        let path = format!("{}:/usr/bin:/bin", self.program.parent().expect("a folder").display());
        command
            .env_clear()
            .env("PATH", path)
            .env("RESTIC_PASSWORD", password)
            .env("RESTIC_REPOSITORY", self.folder.path().join("repository"));
        command.env("RESTIC_CACHE_DIR", self.folder.path().join("cache")).env("BACKUP_HOST", "home").env("BACKUP_TAG", "headscale");
        command.env("BACKUP_KEEP", "2").env("HOME", self.folder.path());
        command
    }

    /// The script of the job.
    fn store(&self, scripts: &Path, copy: &Path, password: &str) -> Output {
        self.command(password).arg(scripts.join("store.sh")).arg(copy).output().expect("a shell runs")
    }

    fn run(&self, line: &str) -> String {
        good(&self.command("secret").args(["-c", line]).output().expect("a shell runs"))
    }

    /// The command of the job that brings a copy back, into another folder.
    fn restore(&self, to: &Path) {
        let job = release(&variants()[0].1);
        let job = job.objects().iter().find(|object| object.name() == "headscale-restore").expect("a job");
        let command =
            job.pointer("/spec/jobTemplate/spec/template/spec/initContainers/0/command").and_then(Value::as_array).expect("a command");
        let command: Vec<String> = command.iter().map(|word| text(word).replace("/copy", to.to_str().expect("UTF-8"))).collect();
        self.run(&command.join(" "));
    }
}

#[test]
fn the_repository_is_made_once_and_keeps_what_it_shall() {
    let Some(program) = part("restic") else { return };
    let restic = Restic { program, folder: tempfile::tempdir().expect("a folder") };
    let scripts = scripts();
    let copy = tempfile::tempdir().expect("a folder");
    for number in 0..4 {
        fs::write(copy.path().join("db.sqlite"), format!("copy {number}")).expect("written");
        good(&restic.store(scripts.path(), copy.path(), "secret"));
    }
    let snapshots: Value = serde_json::from_str(&restic.run("restic snapshots --json")).expect("JSON");
    let snapshots = snapshots.as_array().expect("a list");
    assert_eq!(snapshots.len(), 2, "{snapshots:?}");
    assert_eq!((&snapshots[0]["hostname"], &snapshots[0]["tags"]), (&json!("home"), &json!(["headscale"])));
    let back = tempfile::tempdir().expect("a folder");
    restic.restore(back.path());
    assert_eq!(fs::read_to_string(back.path().join("db.sqlite")).expect("restored"), "copy 3");
    // Another password must neither pass for an empty repository nor say what it is.
    let refused = restic.store(scripts.path(), copy.path(), "another");
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("wrong password") && !said.contains("another"), "{said}");
    assert!(restic.run("restic check 2>&1").contains("no errors were found"));
}

/// A Headscale with a user and a key, by what the component renders.
fn server(binary: &Path) -> (headscale::Rendered, Server) {
    let rendered = headscale::render(&headscale::cluster(&json!({"version": "0.29"})));
    let server = Pod::new(binary, &rendered, &Values::new()).start();
    server.cli(&["users", "create", "alice"]);
    server.cli(&["preauthkeys", "create", "--user", "1", "--reusable", "--expiration", "24h"]);
    (rendered, server)
}

/// What must be the same after a restore: who the server is, its users, their keys.
fn identity(server: &Server) -> [String; 3] {
    let key = server.get("/key?v=125");
    let key = key.rsplit_once("\r\n\r\n").map(|(_, body)| body.to_owned()).expect("a body");
    [key, server.cli(&["users", "list", "--output", "json"]), server.cli(&["preauthkeys", "list", "--output", "json"])]
}

/// The whole way: a copy of a database in use, restic, a new machine, the same Headscale.
#[test]
fn headscale_comes_back_with_its_keys() {
    let (Some(binary), Some(program), Some(python3)) = (part("headscale-0.29"), part("restic"), python_with("sqlite3")) else { return };
    let scripts = scripts();
    let restic = Restic { program, folder: tempfile::tempdir().expect("a folder") };
    let (rendered, running) = server(&binary);
    let before = identity(&running);
    let copy = tempfile::tempdir().expect("a folder");
    let said = good(&python(&python3, &scripts.path().join("copy.py"), &running.data(), copy.path()));
    assert_eq!(said, "copied 0 nodes and 1 users, and 2 keys\n");
    good(&restic.store(scripts.path(), copy.path(), "secret"));
    // What came after the copy is not in it.
    running.cli(&["users", "create", "bob"]);
    drop(running);

    let back = tempfile::tempdir().expect("a folder");
    restic.restore(back.path());
    let pod = Pod::new(&binary, &rendered, &Values::new());
    let said = good(&python(&python3, &scripts.path().join("restore.py"), back.path(), &pod.data()));
    assert_eq!(said, "0 nodes and 2 keys are back\n");
    assert_eq!(identity(&pod.start()), before);
}

#[test]
fn a_database_in_use_is_not_replaced_and_an_old_one_is_kept() {
    let (Some(binary), Some(python3)) = (part("headscale-0.29"), python_with("sqlite3")) else { return };
    let scripts = scripts();
    let (_, running) = server(&binary);
    let copy = tempfile::tempdir().expect("a folder");
    good(&python(&python3, &scripts.path().join("copy.py"), &running.data(), copy.path()));
    let before = identity(&running);
    let refused = python(&python3, &scripts.path().join("restore.py"), copy.path(), &running.data());
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("in use") && said.contains("--replicas 0"), "{said}");
    assert_eq!(identity(&running), before);

    running.cli(&["users", "create", "bob"]);
    let (pod, _) = running.stop();
    good(&python(&python3, &scripts.path().join("restore.py"), copy.path(), &pod.data()));
    let kept = fs::read_dir(pod.data()).expect("a folder").filter_map(Result::ok);
    let kept = kept.filter(|file| file.file_name().to_string_lossy().starts_with("db.sqlite.before-")).count();
    assert_eq!(kept, 1);
    assert_eq!(identity(&pod.start()), before);
}

#[test]
fn a_copy_that_is_damaged_replaces_nothing() {
    let Some(python3) = python_with("sqlite3") else { return };
    let scripts = scripts();
    let (copy, data) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    fs::write(data.path().join("db.sqlite"), "the old one").expect("written");
    fs::write(copy.path().join("db.sqlite"), "no database").expect("written");
    let refused = python(&python3, &scripts.path().join("restore.py"), copy.path(), data.path());
    assert!(!refused.status.success());
    assert_eq!(fs::read_to_string(data.path().join("db.sqlite")).expect("there"), "the old one");
    // Nor is a database that is not there copied as an empty one.
    let nothing = tempfile::tempdir().expect("a folder");
    let refused = python(&python3, &scripts.path().join("copy.py"), nothing.path(), copy.path());
    assert!(!refused.status.success());
    assert_eq!(fs::read_dir(nothing.path()).expect("a folder").count(), 0);
}

/// The example of docs/BACKUP.md: every Secret that the jobs and k3s need is delivered.
#[test]
fn the_example_of_the_docs_is_valid() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/BACKUP.md")).expect("the page");
    let example = page.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
    assert_eq!(complaints([("docs", example)]), [""; 0]);
}
