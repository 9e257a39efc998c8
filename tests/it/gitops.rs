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
    stale .manifestgen.json
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
        let assignments = [scripts.join("cluster.env"), scripts.join("environments/staging.env"), folder.path().join("tree/ci/tree.env")];
        let scripts = [scripts.join("install-k3s.sh"), scripts.join("post-install.sh"), folder.path().join("tree/ci/check.sh")];
        for script in scripts.iter().chain(&assignments) {
            // Who assigns does not use it.
            let arguments = ["--shell=bash", "--exclude=SC2034"];
            let arguments = if script.extension().is_some_and(|extension| extension == "env") { &arguments[..] } else { &[] };
            let output = Command::new(&shellcheck).args(arguments).arg(script).output().expect("shellcheck runs");
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
      staging
      small
    ");
    assert_eq!(run("install-k3s.sh", &["--help"]).code, 0);
    let env = fs::read_to_string(scripts.join("cluster.env")).expect("text");
    insta::assert_snapshot!(env, @"
    # What the scripts beside this file work with.
    default_environment='default'
    environments=('default' 'staging' 'small')
    ");
}

/// A patch without a group was for the Service of Knative, too, which has the same version, kind and name.
#[test]
fn a_patch_of_a_core_object_leaves_other_groups_alone() {
    if part("kustomize").is_none() {
        return;
    }
    let services = |core: &str, knative: &str| -> String {
        let service = |version: &str, level: &str| {
            format!(
                "- {{apiVersion: {version}, kind: Service, metadata: {{name: web, namespace: shop}}, spec: {{level: {level}, ports: [{{port: 80}}]}}}}\n"
            )
        };
        service("v1", core).replace("level: low, ", "").replace("level: high, ", "sessionAffinity: ClientIP, ")
            + &service("serving.knative.dev/v1", knative)
    };
    let indented = |text: &str| text.lines().flat_map(|line| ["    ", line, "\n"]).collect::<String>();
    let config = format!(
        "cluster: {{name: home}}\ngitops: {{repoURL: 'https://git.example.com/cluster.git'}}\nextraObjects:\n{}profiles:\n  core:\n    extraObjects:\n{}  knative:\n    extraObjects:\n{}",
        services("low", "low"),
        indented(&services("high", "low")),
        indented(&services("low", "high")),
    );
    let folder = folder_with(&config);
    tree(folder.path(), &[]).good();
    for environment in ["core", "knative"] {
        let built = build(&folder.path().join("tree/infrastructure/overlays").join(environment));
        assert_eq!(built, release(folder.path(), &["--profile", environment]), "{environment}");
    }
}

/// kustomize left it out without a word.
#[test]
fn an_object_that_kustomize_leaves_out_is_refused() {
    let object = |value: &str| {
        format!(
            "- {{apiVersion: v1, kind: ConfigMap, metadata: {{name: a, namespace: shop, annotations: {{config.kubernetes.io/local-config: '{value}'}}}}}}\n"
        )
    };
    let config = |value: &str| {
        format!("cluster: {{name: home}}\ngitops: {{repoURL: 'https://git.example.com/cluster.git'}}\nextraObjects:\n{}", object(value))
    };
    tree(folder_with(&config("false")).path(), &[]).good();
    let folder = folder_with(&config("true"));
    let ran = tree(folder.path(), &[]);
    assert_eq!(ran.code, 2, "{}", ran.shown());
    for part in ["gitops/local-config", "cluster.yaml:4", "take the annotation `config.kubernetes.io/local-config` away"] {
        assert!(ran.stderr.contains(part), "{part}: {}", ran.shown());
    }
    assert!(!folder.path().join("tree").exists());
}

/// A second ConfigMap of the name in another namespace renamed the first one's file, and its patch.
#[test]
fn a_namesake_in_another_namespace_renames_no_file() {
    let object = |namespace: &str| {
        format!("- {{apiVersion: v1, kind: ConfigMap, metadata: {{name: settings, namespace: {namespace}}}, data: {{a: b}}}}\n")
    };
    let config = |objects: &str| {
        let head = "cluster: {name: home}\nargocd: {}\ngitops: {repoURL: 'https://git.example.com/cluster.git'}\n";
        format!("{head}extraObjects:\n{objects}profiles: {{prod: {{cluster: {{name: prod}}}}}}\n")
    };
    let folder = folder_with(&config(&object("shop")));
    tree(folder.path(), &[]).good();
    let root = folder.path().join("tree");
    let before: Vec<PathBuf> = files(&root).into_iter().map(|file| file.strip_prefix(&root).expect("inside").to_owned()).collect();
    assert!(before.contains(&PathBuf::from("applications/workloads/shop/configmap-settings.yaml")), "{before:?}");
    // What Argo CD's own namespace holds is most of the tree, and has no folder in `argocd`.
    assert!(before.contains(&PathBuf::from("argocd/installation/deployment-argocd-server.yaml")), "{before:?}");
    let all = ["bank", "argocd", "shop"].map(object).concat();
    fs::write(folder.path().join("cluster.yaml"), config(&all)).expect("written");
    tree(folder.path(), &[]).good();
    let mut after: Vec<PathBuf> = files(&root).into_iter().map(|file| file.strip_prefix(&root).expect("inside").to_owned()).collect();
    after.retain(|file| !before.contains(file));
    let new = after.iter().map(|file| file.display().to_string()).filter(|file| file.starts_with("applications/")).collect::<Vec<_>>();
    assert_eq!(new, ["applications/workloads/bank/configmap-settings.yaml", "applications/workloads/configmap-settings.yaml"]);
    // A patch that several objects of a part share has no object's name.
    let gone: Vec<_> = before.iter().filter(|file| !root.join(file).exists() && !file.to_string_lossy().contains("/patches/")).collect();
    assert!(gone.is_empty(), "{gone:?}");
}

/// An older manifestgen gave objects of all namespaces one folder: the next render moves them, and what somebody added stays.
#[test]
fn files_of_an_older_tree_move() {
    let folder = folder_with(ENVIRONMENTS);
    tree(folder.path(), &[]).good();
    let root = folder.path().join("tree");
    let (new, old) = ("applications/workloads/shop/configmap-note.yaml", "applications/workloads/configmap-note.core.shop.yaml");
    fs::rename(root.join(new), root.join(old)).expect("moved");
    let inventory = fs::read_to_string(root.join(".manifestgen.json")).expect("text");
    assert!(inventory.contains(new), "{inventory}");
    fs::write(root.join(".manifestgen.json"), inventory.replace(new, old)).expect("written");
    fs::write(root.join("applications/workloads/mine.yaml"), "mine").expect("written");
    let stale = tree(folder.path(), &["--check"]);
    assert_eq!(String::from_utf8_lossy(&stale.stdout), format!("stale .manifestgen.json\nmissing {new}\nextra {old}\n"));
    let ran = tree(folder.path(), &[]);
    assert!(ran.stderr.contains("wrote 1 files") && ran.stderr.contains("1 removed"), "{}", ran.shown());
    assert!(!root.join(old).exists() && root.join("applications/workloads/mine.yaml").exists());
    assert_eq!(tree(folder.path(), &["--check"]).code, 0);
}

/// It said that everything was up to date, and files of removed entries stayed for good.
#[test]
fn a_tree_without_its_inventory_is_stale() {
    let folder = folder_with(ENVIRONMENTS);
    tree(folder.path(), &[]).good();
    fs::remove_file(folder.path().join("tree/.manifestgen.json")).expect("removed");
    let ran = tree(folder.path(), &["--check"]);
    assert_eq!((ran.code, String::from_utf8_lossy(&ran.stdout).as_ref()), (1, "missing .manifestgen.json\n"));
    tree(folder.path(), &[]).good();
    assert_eq!(tree(folder.path(), &["--check"]).code, 0);
}

/// It said only that a namespace was missing.
#[test]
fn a_tree_that_nobody_follows_says_which_section_is_missing() {
    let folder = folder_with("cluster: {name: home}\ngitops: {repoURL: 'https://git.example.com/cluster.git'}\n");
    let ran = Run::new(folder.path(), &["validate"]).run();
    assert_eq!(ran.code, 1, "{}", ran.shown());
    let shown = ran.shown();
    let hint =
        "hint: `argocd: {}` in the cluster file brings Argo CD; where something else brings it, declare the namespace under `external`";
    assert!(shown.contains("namespace `argocd` is not there") && shown.contains(hint), "{shown}");
    fs::write(
        folder.path().join("cluster.yaml"),
        "cluster: {name: home}\nargocd: {}\ngitops: {repoURL: 'https://git.example.com/cluster.git'}\n",
    )
    .expect("written");
    assert_eq!(Run::new(folder.path(), &["validate"]).run().code, 0);
}

/// Files below a folder, by where they are in it.
fn texts(folder: &Path) -> BTreeMap<PathBuf, String> {
    let text = |file: PathBuf| (file.strip_prefix(folder).expect("inside").to_owned(), fs::read_to_string(&file).expect("text"));
    files(folder).into_iter().map(text).collect()
}

/// install-k3s.sh installed no `registries.yaml`, or that of another environment.
#[test]
fn an_environment_has_all_files_of_a_node_or_none() {
    let folder = folder_with(
        "\
cluster: {name: home}
gitops: {repoURL: 'https://git.example.com/cluster.git'}
nodes: [{name: n1, role: server, address: 10.0.0.1}, {name: n2, role: agent, address: 10.0.0.2}]
k3s: {registries: {mirrors: {docker.io: {endpoint: ['https://mirror.example.com']}}}}
profiles:
  staging: {k3s: {registries: {mirrors: {docker.io: {endpoint: ['https://staging.example.com']}}}}}
  prod: {cluster: {network: {cidr: 10.50.0.0/16}}}
  direct: {k3s: {registries: null}}
",
    );
    tree(folder.path(), &[]).good();
    let configs = folder.path().join("tree/bootstrap/configs");
    for environment in ["staging", "prod", "direct"] {
        Run::new(folder.path(), &["render", "--format", "dir", "--profile", environment, "-o", environment]).run().good();
        for node in ["n1", "n2"] {
            let inside = format!("nodes/{node}/etc/rancher/k3s");
            // As install-k3s.sh chooses.
            let own = configs.join(environment).join(&inside);
            let chosen = if own.join("config.yaml").is_file() { own } else { configs.join(&inside) };
            let wanted = texts(&folder.path().join(environment).join(&inside));
            assert_eq!(wanted.contains_key(Path::new("registries.yaml")), environment != "direct", "{environment}: {node}");
            assert_eq!(texts(&chosen), wanted, "{environment}: {node}");
        }
    }
    // What has no changed file has no folder.
    assert!(!configs.join("prod/nodes/n2").exists());
}

/// "File name too long", with half of the tree written.
#[test]
fn a_very_long_name_makes_a_tree_like_any_other() {
    let object = format!("{{apiVersion: v1, kind: ConfigMap, metadata: {{name: {}, namespace: shop}}, data: {{a: b}}}}", "x".repeat(245));
    let head = "cluster: {name: home}\ngitops: {repoURL: 'https://git.example.com/cluster.git'}\n";
    let folder = folder_with(&format!("{head}extraObjects:\n- {object}\nprofiles: {{prod: {{cluster: {{name: prod}}}}}}\n"));
    tree(folder.path(), &[]).good();
    assert_eq!(tree(folder.path(), &["--check"]).code, 0);
    if part("kustomize").is_some() {
        let built = build(&folder.path().join("tree/infrastructure/overlays/prod"));
        assert_eq!(built, release(folder.path(), &["--profile", "prod"]));
    }
}

/// Only the file without a profile was named, which has no error.
#[test]
fn an_error_of_a_profile_says_which_one() {
    let head = "cluster: {name: home}\ngitops: {repoURL: 'https://git.example.com/cluster.git'}\nprofiles:\n";
    let broken = "{nodes: [{name: a, role: server}, {name: b, role: server}]}";
    let local = "{extraObjects: [{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: shop, annotations: {config.kubernetes.io/local-config: 'true'}}}]}";
    for (profile, rule) in [(broken, "config/datastore"), (local, "gitops/local-config")] {
        let folder = folder_with(&format!("{head}  good: {{}}\n  odd: {profile}\n"));
        let ran = tree(folder.path(), &[]);
        assert_eq!(ran.code, 2, "{}", ran.shown());
        for part in [rule, "error: in profile `odd`: ", "`manifestgen validate --profile odd`"] {
            assert!(ran.stderr.contains(part), "{part}: {}", ran.shown());
        }
    }
}

/// They told what the first environment needs, and how its Argo CD is called.
#[test]
fn pages_speak_of_all_environments() {
    let head = "cluster: {name: home}\nargocd: {}\ngitops: {repoURL: 'https://git.example.com/cluster.git'}\n";
    let page = |config: &str, page: &str| {
        let folder = folder_with(config);
        tree(folder.path(), &[]).good();
        fs::read_to_string(folder.path().join("tree").join(page)).expect("text")
    };
    let two = format!("{head}profiles: {{prod: {{argocd: {{namespace: cd}}, monitoring: {{}}}}}}\n");
    let install = page(&two, "bootstrap/docs/install.md");
    let step = "3. Deliver the Secrets that are in no manifest:\n   - `prod`: `monitoring/grafana-admin`\n4. With";
    assert!(install.contains(step), "{install}");
    let operations = page(&two, "docs/operations.md");
    for part in ["`kubectl -n NAMESPACE get application", "NAMESPACE is that of Argo CD:\n\n- `default`: argocd\n- `prod`: cd\n\n"] {
        assert!(operations.contains(part), "{part}: {operations}");
    }
    // Where all have the same it is said once.
    let same = format!("{head}monitoring: {{}}\nprofiles: {{prod: {{cluster: {{name: prod}}}}}}\n");
    let install = page(&same, "bootstrap/docs/install.md");
    assert!(install.contains("3. Deliver the Secrets that are in no manifest: `monitoring/grafana-admin`.\n4. With"), "{install}");
    let operations = page(&same, "docs/operations.md");
    assert!(operations.contains("`kubectl -n argocd get application") && !operations.contains("NAMESPACE"), "{operations}");
}

/// kustomize cannot patch such an object: "found a tab character where an indentation space is expected".
#[test]
fn a_text_that_begins_with_a_tab_is_built_in_every_environment() {
    if part("kustomize").is_none() {
        return;
    }
    let object = |text: &str| {
        format!("{{apiVersion: v1, kind: ConfigMap, metadata: {{name: nginx, namespace: web}}, data: {{snippet: \"{text}\"}}}}")
    };
    let (tab, plain) = (object(r"\tproxy_buffering off;\n\tgzip on;\n"), object("off"));
    let head = "cluster: {name: home}\ngitops: {repoURL: 'https://git.example.com/cluster.git'}\n";
    // With another object beside it, and with none: then the folder of the base is not there.
    for (first, beside) in
        [(&tab, ""), (&tab, "- {apiVersion: v1, kind: ConfigMap, metadata: {name: note, namespace: web}}\n"), (&plain, "")]
    {
        let objects = format!("extraObjects:\n- {first}\n{beside}");
        let profiles = format!(
            "profiles:\n  dev: {{cluster: {{name: dev}}}}\n  same: {{}}\n  off: {{extraObjects: [{plain}]}}\n  on: {{extraObjects: [{tab}]}}\n"
        );
        let folder = folder_with(&format!("{head}{objects}{profiles}"));
        tree(folder.path(), &[]).good();
        let root = folder.path().join("tree");
        let environments = [("default", None), ("dev", Some("dev")), ("same", Some("same")), ("off", Some("off")), ("on", Some("on"))];
        for (environment, profile) in environments {
            let arguments: Vec<&str> = profile.into_iter().flat_map(|profile| ["--profile", profile]).collect();
            let built = build(&root.join("infrastructure/overlays").join(environment));
            assert_eq!(built, release(folder.path(), &arguments), "{environment}");
        }
        for file in files(&root).into_iter().filter(|file| file.ends_with("kustomization.yaml")) {
            assert!(!build(file.parent().expect("a folder")).is_empty());
        }
    }
}
