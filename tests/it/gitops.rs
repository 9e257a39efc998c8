//! The GitOps tree: each object in one place, overlays that kustomize builds to the release, a render that changes no more than it must.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use manifestgen::source::Sources;
use manifestgen::yaml::{Limits, Node, parse};
use serde_json::Value;

use crate::command::{Ran, Run, folder, folder_with};
use crate::parts::part;

const REPOSITORY: &str = "gitops.repoURL=https://git.example.com/cluster.git";

const ENVIRONMENTS: &str = "\
cluster:
  name: home
  storage: {classes: [{name: fast, provisioner: example.com/fast}]}
  access: [{name: team, role: view, groups: ['team:a']}]
nodes: [{name: one, role: server, address: 10.0.0.1}]
headscale: {}
gitops: {repoURL: 'https://git.example.com/cluster.git'}
applications:
- {name: shop, repoURL: 'https://git.example.com/shop.git', path: deploy, namespace: shop}
extraObjects:
- {apiVersion: v1, kind: ConfigMap, metadata: {name: note, namespace: default}, data: {level: low}}
- {apiVersion: v1, kind: ConfigMap, metadata: {name: note, namespace: shop}, data: {level: low}}
profiles:
  staging:
    cluster: {name: staging, security: {podSecurityStandard: baseline}}
    applications: [{name: shop, targetRevision: next}, {name: trial, repoURL: 'https://git.example.com/trial.git', namespace: trial, dependsOn: [shop]}]
  small:
    headscale: null
    applications: [{name: shop, $patch: delete}]
    extraObjects: null
";

fn json_documents(text: &str) -> Vec<Value> {
    let mut sources = Sources::new();
    let source = sources.add("text", text);
    parse(source, text, Limits::MANIFESTS).expect("YAML").iter().map(Node::to_json).collect()
}

/// Objects by what they are.
fn by_identity(objects: impl IntoIterator<Item = Value>) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    for object in objects {
        let of = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or("-").to_owned();
        let name = [of("/apiVersion"), of("/kind"), of("/metadata/namespace"), of("/metadata/name")].join(" ");
        assert!(found.insert(name.clone(), object).is_none(), "{name} is there twice");
    }
    found
}

fn release(folder: &Path, arguments: &[&str]) -> BTreeMap<String, Value> {
    let list: Value =
        serde_json::from_str(&Run::new(folder, &[&["render", "--format", "json"][..], arguments].concat()).run().good()).expect("JSON");
    by_identity(list["items"].as_array().expect("items").clone())
}

fn tree(folder: &Path, arguments: &[&str]) -> Ran {
    Run::new(folder, &[&["render", "--format", "gitops", "-o", "tree"][..], arguments].concat()).run()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        if entry.path().is_dir() {
            found.extend(files(&entry.path()));
        } else {
            found.push(entry.path());
        }
    }
    found.sort();
    found
}

fn build(folder: &Path) -> BTreeMap<String, Value> {
    let kustomize = part("kustomize").expect("asked for before");
    let output = Command::new(kustomize).arg("build").arg(folder).output().expect("kustomize runs");
    assert!(output.status.success(), "{}: {}", folder.display(), String::from_utf8_lossy(&output.stderr));
    by_identity(json_documents(&String::from_utf8(output.stdout).expect("text")))
}

#[test]
fn each_object_stands_in_exactly_one_place() {
    for profile in ["minimal", "primer", "worker", "full"] {
        let folder = folder();
        let arguments = ["--profile", profile, "--set", REPOSITORY];
        tree(folder.path(), &arguments).good();
        let root = folder.path().join("tree");
        let is_object = |file: &PathBuf| {
            let inside = file.strip_prefix(&root).expect("a file of the tree");
            let is_manifest = ["argocd", "infrastructure", "applications"].iter().any(|folder| inside.starts_with(folder));
            is_manifest && inside.extension().is_some_and(|extension| extension == "yaml") && !inside.ends_with("kustomization.yaml")
        };
        let texts = files(&root).into_iter().filter(is_object).map(|file| fs::read_to_string(file).expect("text"));
        let there = by_identity(texts.flat_map(|text| json_documents(&text)));
        assert_eq!(there, release(folder.path(), &arguments), "{profile}");
    }
}

#[test]
fn kustomize_builds_every_folder_and_every_overlay_to_its_release() {
    if part("kustomize").is_none() {
        return;
    }
    let folder = folder_with(ENVIRONMENTS);
    tree(folder.path(), &[]).good();
    let root = folder.path().join("tree");
    for (environment, arguments) in [("default", &[][..]), ("staging", &["--profile", "staging"]), ("small", &["--profile", "small"])] {
        let built = build(&root.join("infrastructure/overlays").join(environment));
        let release = release(folder.path(), arguments);
        assert_eq!(built.keys().collect::<Vec<_>>(), release.keys().collect::<Vec<_>>(), "{environment}");
        for (name, object) in &release {
            assert_eq!(&built[name], object, "{environment}: {name}");
        }
    }
    let kustomizations: Vec<_> = files(&root).into_iter().filter(|file| file.ends_with("kustomization.yaml")).collect();
    assert!(kustomizations.len() > 15, "{kustomizations:?}");
    for file in kustomizations {
        assert!(!build(file.parent().expect("a folder")).is_empty());
    }
}

#[test]
fn rendering_again_changes_only_what_has_to_change() {
    let folder = folder_with(ENVIRONMENTS);
    tree(folder.path(), &[]).good();
    let root = folder.path().join("tree");
    let mine = root.join("applications/workloads/mine.yaml");
    fs::write(&mine, "mine").expect("written");
    let read = || -> BTreeMap<PathBuf, String> {
        files(&root).into_iter().map(|file| (file.clone(), fs::read_to_string(&file).expect("text"))).collect()
    };
    let before = read();
    let again = tree(folder.path(), &[]);
    assert!(again.stderr.contains("wrote 0 files"), "{}", again.stderr);
    fs::write(folder.path().join("cluster.yaml"), ENVIRONMENTS.replace("path: deploy", "path: production")).expect("written");
    tree(folder.path(), &[]).good();
    let after = read();
    let changed: Vec<_> = after
        .iter()
        .filter(|(file, text)| before.get(*file) != Some(text))
        .map(|(file, _)| file.strip_prefix(&root).expect("inside"))
        .collect();
    assert_eq!(changed, [Path::new(".manifestgen.json"), Path::new("applications/workloads/application-shop.yaml")]);
    assert_eq!(fs::read_to_string(&mine).expect("text"), "mine");
}

#[test]
fn a_stale_tree_is_told_from_a_fresh_one() {
    let folder = folder_with(ENVIRONMENTS);
    let check = || tree(folder.path(), &["--check"]);
    assert_eq!(check().code, 1);
    assert!(!folder.path().join("tree").exists());
    tree(folder.path(), &[]).good();
    insta::assert_snapshot!(check().shown(), @"
    exit code 0
    --- stderr
    using `cluster.yaml`
    up to date
    ");
    let root = folder.path().join("tree");
    fs::write(root.join("README.md"), "edited").expect("written");
    fs::remove_file(root.join("applications/workloads/application-shop.yaml")).expect("removed");
    fs::write(root.join("mine.txt"), "mine").expect("written");
    let config: Vec<&str> = ENVIRONMENTS.lines().filter(|line| !line.contains("storage:")).collect();
    fs::write(folder.path().join("cluster.yaml"), config.join("\n")).expect("written");
    let before = files(&root);
    insta::assert_snapshot!(check().shown(), @"
    exit code 1
    --- stdout
    stale README.md
    stale bootstrap/configs/cluster-config.yaml
    stale bootstrap/configs/staging/cluster-config.yaml
    stale infrastructure/base/kustomization.yaml
    stale infrastructure/overlays/staging/infrastructure/kustomization.yaml
    missing applications/workloads/application-shop.yaml
    extra infrastructure/base/storage/kustomization.yaml
    extra infrastructure/base/storage/storageclass-fast.yaml
    --- stderr
    using `cluster.yaml`
    hint: the same command without `--check` brings it up to date
    ");
    assert_eq!(files(&root), before);
    assert_eq!(fs::read_to_string(root.join("README.md")).expect("text"), "edited");
}

#[test]
fn a_tree_says_what_it_needs() {
    let folder = folder_with("cluster: {name: a}\n");
    insta::assert_snapshot!(tree(folder.path(), &[]).shown(), @"
    exit code 2
    --- stderr
    using `cluster.yaml`
    error: the config does not say where the tree will be
    hint: set `gitops.repoURL` to the URL of its repository, as Argo CD reaches it; `--set gitops.repoURL=…` does, too
    ");
    insta::assert_snapshot!(tree(folder.path(), &["--set", REPOSITORY, "--only", "base"]).shown(), @"
    exit code 2
    --- stderr
    using `cluster.yaml`
    error: a tree holds the whole cluster; `--only` is for other forms
    hint: leave `--only` out
    ");
    insta::assert_snapshot!(Run::new(folder.path(), &["render", "--format", "gitops", "--set", REPOSITORY]).run().shown(), @"
    exit code 2
    --- stderr
    using `cluster.yaml`
    error: `--format gitops` writes many files and needs a folder
    hint: add `-o FOLDER`
    ");
}

#[test]
fn scripts_are_clean_and_refuse_what_they_cannot_do() {
    let folder = folder_with(ENVIRONMENTS);
    tree(folder.path(), &[]).good();
    let scripts = folder.path().join("tree/bootstrap/scripts");
    if let Some(shellcheck) = part("shellcheck") {
        for script in [scripts.join("install-k3s.sh"), scripts.join("post-install.sh"), folder.path().join("tree/ci/check.sh")] {
            let output = Command::new(&shellcheck).arg(&script).output().expect("shellcheck runs");
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        }
    }
    let run = |script: &str, arguments: &[&str]| -> Ran {
        Command::new("bash").arg(scripts.join(script)).args(arguments).current_dir(folder.path()).output().expect("bash runs").into()
    };
    let shown = |ran: Ran| format!("{} {}", ran.code, ran.stderr.replace(&folder.path().display().to_string(), "…"));
    insta::assert_snapshot!(shown(run("install-k3s.sh", &[])), @"
    2 name the node with --node; the nodes are:
      one
    ");
    insta::assert_snapshot!(shown(run("install-k3s.sh", &["--node", "two"])), @"2 there is no node two in environment default");
    insta::assert_snapshot!(shown(run("post-install.sh", &["--environment", "nowhere"])), @"
    2 there is no environment nowhere; there are:
      default
      small
      staging
    ");
    assert_eq!(run("install-k3s.sh", &["--help"]).code, 0);
    let env = fs::read_to_string(scripts.join("cluster.env")).expect("text");
    insta::assert_snapshot!(env, @"
    # What the scripts beside this file work with.
    cluster='home'
    default_environment='default'
    servers='default/one staging/one small/one'
    k3s_channel='v1.36'
    k3s_version=''
    argocd_namespace='argocd'
    repository='https://git.example.com/cluster.git'
    ");
}
