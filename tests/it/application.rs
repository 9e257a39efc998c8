//! Applications, ApplicationSets and projects: from short entries, in full, and as upstream writes them.

use std::fs;
use std::path::Path;

use manifestgen::config::application::{ApplicationSetSpec, ApplicationSpec, ProjectSpec};
use manifestgen::data::embedded_crds;
use manifestgen::diag::NoProgress;
use manifestgen::lab::{ControlPlane, ControlPlaneOptions};
use manifestgen::source::Sources;
use manifestgen::yaml::{Limits, parse};
use serde_json::{Value, json};

use crate::command::{Run, folder_with};
use crate::parts::part;
use crate::rule::module;

const KINDS: [&str; 3] = ["Application", "ApplicationSet", "AppProject"];

/// YAML documents of a text; none of a text that is no YAML, such as a Helm template.
fn documents(text: &str) -> Vec<Value> {
    let mut sources = Sources::new();
    let source = sources.add("text", text);
    parse(source, text, Limits::MANIFESTS)
        .map(|documents| documents.iter().map(manifestgen::yaml::Node::to_json).collect())
        .unwrap_or_default()
}

/// The YAML of a file: all of it, or what stands between fences of a page.
fn texts(file: &Path) -> Vec<String> {
    let Ok(text) = fs::read_to_string(file) else { return Vec::new() };
    if file.extension().is_some_and(|extension| extension == "yaml" || extension == "yml") {
        return vec![text];
    }
    let mut blocks = Vec::new();
    let mut block: Option<(usize, String)> = None;
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        match (&mut block, line.trim_start().starts_with("```")) {
            (None, true) => block = Some((indent, String::new())),
            (Some(_), true) => blocks.extend(block.take().map(|(_, text)| text)),
            (Some((indent, text)), false) => {
                text.push_str(line.get(*indent..).unwrap_or_default());
                text.push('\n');
            }
            (None, false) => {}
        }
    }
    blocks
}

fn files(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    let mut entries: Vec<_> = fs::read_dir(folder).expect("a folder of the module").flatten().map(|entry| entry.path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| ["yaml", "yml", "md"].iter().any(|known| extension == *known)) {
            found.push(path);
        }
    }
}

/// Every Application, ApplicationSet and AppProject of upstream's documentation and examples, with its file.
fn examples() -> Option<Vec<(String, Value)>> {
    let module = module("github.com/argoproj/argo-cd/v3@v3.5.1")?;
    let mut paths = Vec::new();
    for folder in ["docs", "examples", "applicationset/examples", "test/e2e/testdata", "test/manifests"] {
        files(&module.join(folder), &mut paths);
    }
    let mut found = Vec::new();
    for path in paths {
        let name = path.strip_prefix(&module).expect("a file of the module").display().to_string();
        for document in texts(&path).iter().flat_map(|text| documents(text)) {
            let is_ours = document["apiVersion"] == "argoproj.io/v1alpha1" && KINDS.iter().any(|kind| document["kind"] == *kind);
            if is_ours && document["metadata"]["name"].is_string() && document["spec"].is_object() {
                found.push((name.clone(), document));
            }
        }
    }
    Some(found)
}

/// The spec through our structs.
fn through_types(object: &Value) -> Result<Value, String> {
    fn through<T: serde::de::DeserializeOwned + serde::Serialize>(spec: &Value) -> Result<Value, String> {
        let typed: T = serde_json::from_value(spec.clone()).map_err(|error| error.to_string())?;
        serde_json::to_value(typed).map_err(|error| error.to_string())
    }
    match object["kind"].as_str() {
        Some("Application") => through::<ApplicationSpec>(&object["spec"]),
        Some("ApplicationSet") => through::<ApplicationSetSpec>(&object["spec"]),
        _ => through::<ProjectSpec>(&object["spec"]),
    }
}

/// Without nulls: Argo CD's API server drops them, and a config has none.
fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            map.iter().filter(|(_, value)| !value.is_null()).map(|(key, value)| (key.clone(), without_nulls(value))).collect()
        }
        Value::Array(items) => items.iter().map(without_nulls).collect(),
        other => other.clone(),
    }
}

/// Upstream's examples lose nothing in our structs and nothing in the API server, and what our structs refuse the server refuses, too.
#[test]
fn upstream_examples_survive() {
    let Some(examples) = examples() else { return };
    if part("etcd").is_none() | part("kube-apiserver").is_none() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let mut options = ControlPlaneOptions::new(None);
    options.guard.program = env!("CARGO_BIN_EXE_manifestgen").into();
    folder.path().clone_into(&mut options.guard.scratch_parent);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let plane = ControlPlane::start(&options, &NoProgress).await.expect("a control plane");
        let client = plane.client();
        let request = |method: &str, path: &str, body: &Value| {
            http::Request::builder()
                .method(method)
                .uri(path)
                .header("content-type", "application/json")
                .body(body.to_string().into_bytes())
                .expect("a request")
        };
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "argocd"}});
        client.request::<Value>(request("POST", "/api/v1/namespaces", &namespace)).await.expect("a namespace");
        for crd in embedded_crds().iter().filter(|crd| crd.name.ends_with(".argoproj.io")) {
            let crd: Value = serde_json::from_str(crd.json).expect("JSON");
            let path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
            client.request::<Value>(request("POST", path, &crd)).await.expect("a definition");
        }
        let (mut kept, mut refused, mut wrong) = (0, 0, Vec::new());
        let mut known = Vec::new();
        for (number, (file, example)) in examples.iter().enumerate() {
            let plural = format!("{}s", example["kind"].as_str().unwrap_or_default().to_lowercase());
            let path = format!("/apis/argoproj.io/v1alpha1/namespaces/argocd/{plural}?dryRun=All&fieldValidation=Strict");
            let asked = |spec: Value| {
                let name = format!("example-{number}");
                let object =
                    json!({"apiVersion": "argoproj.io/v1alpha1", "kind": example["kind"], "metadata": {"name": name}, "spec": spec});
                request("POST", &path, &object)
            };
            // A definition answers a moment after it was made.
            let mut answer = client.request::<Value>(asked(example["spec"].clone())).await;
            while answer.as_ref().is_err_and(|error| error.to_string().contains("404 page not found")) {
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                answer = client.request::<Value>(asked(example["spec"].clone())).await;
            }
            match (through_types(example), answer) {
                (Ok(ours), Ok(_)) => {
                    let before = without_nulls(&example["spec"]);
                    if ours != before {
                        wrong.push(format!("{file}: changed by our structs:\n{before}\n{ours}"));
                    }
                    match client.request::<Value>(asked(ours.clone())).await {
                        Ok(answer) if answer["spec"] == ours => {
                            kept += 1;
                            known.push((file.as_str(), example));
                        }
                        Ok(answer) => wrong.push(format!("{file}: changed by the server:\n{ours}\n{}", answer["spec"])),
                        Err(error) => wrong.push(format!("{file}: ours is refused: {error}")),
                    }
                }
                (Err(_), Err(_)) => refused += 1,
                (Ok(_), Err(error)) => wrong.push(format!("{file}: only the server refuses: {error}")),
                (Err(error), Ok(_)) => wrong.push(format!("{file}: only our structs refuse: {error}")),
            }
        }
        plane.stop().await.expect("cleaned up");
        assert!(wrong.is_empty(), "{kept} kept, {refused} refused by both, {} wrong:\n{}", wrong.len(), wrong.join("\n"));
        insta::assert_snapshot!(format!("{kept} kept, {refused} refused by both"), @"119 kept, 73 refused by both");
        let told = told_in_a_config(&known);
        let told: Vec<&String> =
            told.iter().filter(|line| !PIECES.iter().any(|(file, what)| line.starts_with(file) && line.contains(what))).collect();
        assert!(told.is_empty(), "{told:#?}");
    });
}

/// Pieces of pages that leave out what the text around them says, and a design that came before the program: Argo CD refuses them, too.
const PIECES: [(&str, &str); 4] = [
    ("applicationset/examples/design-doc/clusters.yaml", "a chart has no `HEAD`"),
    ("docs/operator-manual/applicationset/Generators-Pull-Request.md", "it is not said which source-code host to ask"),
    ("docs/operator-manual/applicationset/Generators-Cluster-Decision-Resource.md", "is found by `name` or by `labelSelector`"),
    ("docs/user-guide/projects.md", "has no source"),
];

/// What `validate` has against upstream's own examples as entries of a config, all the way to the rendered release: a line for each error.
fn told_in_a_config(examples: &[(&str, &Value)]) -> Vec<String> {
    let (mut hydrated, mut others, mut projects) = (Vec::new(), Vec::new(), Vec::new());
    for (file, example) in examples {
        let mut spec = without_nulls(&example["spec"]);
        match example["kind"].as_str() {
            Some("Application") if spec["sourceHydrator"].is_object() => hydrated.push((*file, json!({"spec": spec}))),
            Some("Application") => others.push((*file, json!({"spec": spec}))),
            Some("ApplicationSet") => others.push((*file, json!({"applicationSet": spec}))),
            _ => {
                spec["name"] = example["metadata"]["name"].clone();
                projects.push((*file, spec));
            }
        }
    }
    let here = json!({"applicationSet": {"progressiveSyncs": true}});
    // The component brings no commit server; where something else brings Argo CD, there may be one.
    let mut groups = vec![("applications", Some(here), others), ("applications", None, hydrated)];
    groups.extend(projects.into_iter().map(|project| ("projects", Some(json!({})), vec![project])));
    groups.into_iter().flat_map(|(section, argocd, entries)| told_of(section, argocd.as_ref(), entries)).collect()
}

/// What is told of entries of a section. The others are looked at again without those, to the end.
fn told_of(section: &str, argocd: Option<&Value>, mut entries: Vec<(&str, Value)>) -> Vec<String> {
    let mut told = Vec::new();
    loop {
        let mut config = json!({"cluster": {"name": "home"}});
        config["argocd"] = argocd.cloned().unwrap_or_default();
        if argocd.is_none() {
            config["external"] = json!([{"kind": "Namespace", "name": "argocd"}]);
        }
        for (number, (_, entry)) in entries.iter_mut().enumerate().filter(|_| section == "applications") {
            entry["name"] = json!(format!("example-{number}"));
        }
        config[section] = entries.iter().map(|(_, entry)| entry.clone()).collect();
        let folder = folder_with(&without_nulls(&config).to_string());
        let ran = Run::new(folder.path(), &["validate", "--format", "json"]).run();
        let report: Value = serde_json::from_slice(&ran.stdout).expect("JSON");
        let findings = report["findings"].as_array().expect("findings");
        let mut wrong = Vec::new();
        for finding in findings.iter().filter(|finding| finding["severity"] == "error") {
            let key = finding["origin"]["key"].as_str().unwrap_or_default();
            let number = key.strip_prefix(section).and_then(|rest| rest.strip_prefix('[')?.split(']').next()?.parse::<usize>().ok());
            let number = number.unwrap_or_else(|| panic!("{finding}"));
            told.push(format!("{}: {}", entries[number].0, finding["message"].as_str().unwrap_or_default()));
            wrong.push(number);
        }
        if wrong.is_empty() {
            assert_eq!(ran.code, 0, "{}", ran.shown());
            return told;
        }
        entries = entries.into_iter().enumerate().filter(|(number, _)| !wrong.contains(number)).map(|(_, entry)| entry).collect();
    }
}

const SHOP: &str = "\
cluster: {name: home}
gitops: {repoURL: https://git.example.com/cluster.git}
applications:
- name: database
  chart: postgresql
  repoURL: https://charts.example.com
  targetRevision: 16.2.1
  namespace: shop
  helm: {valuesObject: {auth: {database: shop}}}
- name: shop
  repoURL: https://git.example.com/shop.git
  path: deploy
  targetRevision: main
  namespace: shop
  dependsOn: [database]
- name: agents
  repoURL: https://git.example.com/agents.git
  namespace: agents
  clusters: {matchLabels: {environment: production}}
  syncPolicy: {syncOptions: {serverSideApply: true}}
";

#[test]
fn short_entries_in_full() {
    let folder = folder_with(SHOP);
    insta::assert_snapshot!(Run::new(folder.path(), &["render", "--only", "application"]).run().good());
}

/// It was made a second time, and the render failed.
#[test]
fn a_project_in_extra_objects_is_known() {
    let folder = folder_with(
        "\
cluster: {name: home}
argocd: {}
projects: [{name: other}]
applications:
- {name: a, repoURL: 'https://git.example.com/a.git', project: mine}
extraObjects:
- apiVersion: argoproj.io/v1alpha1
  kind: AppProject
  metadata: {name: mine, namespace: argocd}
  spec: {sourceRepos: ['*'], destinations: [{server: '*', namespace: '*'}]}
",
    );
    let told = Run::new(folder.path(), &["validate"]).run();
    assert_eq!(told.code, 0, "{}", told.shown());
    assert!(!told.stderr.contains("config/project"), "{}", told.shown());
}

#[test]
fn mistakes_are_shown_at_their_lines() {
    let folder = folder_with(
        "\
cluster: {name: home}
gitops: {repoURL: https://git.example.com/cluster.git}
projects:
- {name: closed, sourceRepos: [https://git.example.com/other], clusterResourceWhitelist: [{group: '*', kind: '*'}]}
applications:
- {name: a, repoURL: https://x.example.com/a, namespace: a, dependsOn: [b]}
- {name: b, repoURL: https://x.example.com/b, namespace: b, dependsOn: [c]}
- {name: c, repoURL: https://x.example.com/c, namespace: c, dependsOn: [a]}
- {name: d, repoURL: https://x.example.com/d, dependsOn: [bb, d]}
- {name: e, chart: cert-manager, repoURL: https://charts.example.com, path: x}
- {name: f, repoURL: ../f, path: /deploy}
- {name: g, repoURL: https://me:secret@x.example.com/g}
- {name: workloads, repoURL: https://x.example.com/h, cluster: far, clusters: {}}
- {name: i, project: closed, repoURL: https://x.example.com/i}
- name: j
  namespace: j
  spec:
    project: default
    destination: {}
    source: {repoURL: https://x.example.com/j, helm: {valueFiles: [$valus/x.yaml]}, kustomize: {}}
    syncPolicy: {syncOptions: [CreateNamspace=true, Prune=yes], retry: {backoff: {duration: 5 minutes}}}
- {name: k}
",
    );
    insta::assert_snapshot!(Run::new(folder.path(), &["render"]).run().shown());
}

#[test]
fn an_order_that_nothing_keeps_is_said() {
    let entries = "[{name: a, repoURL: https://x.example.com/a}, {name: b, repoURL: https://x.example.com/b, dependsOn: [a]}]";
    let folder = folder_with(&format!("cluster: {{name: home}}\napplications: {entries}\n"));
    let ran = Run::new(folder.path(), &["render"]).run();
    assert!(ran.stderr.contains("nothing makes `b` wait"), "{}", ran.stderr);
}

#[test]
fn a_local_repository_has_what_an_application_names() {
    if part("git").is_none() {
        return;
    }
    let folder = folder_with("");
    let git = |arguments: &[&str]| {
        let settings = ["-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false"];
        let output = std::process::Command::new("git").current_dir(folder.path().join("repo")).args(settings).args(arguments).output();
        assert!(output.expect("git runs").status.success());
    };
    fs::create_dir_all(folder.path().join("repo/deploy")).expect("made");
    fs::write(folder.path().join("repo/deploy/a.yaml"), "a: 1\n").expect("written");
    git(&["init", "-q", "-b", "main"]);
    git(&["add", "-A"]);
    git(&["commit", "-q", "-m", "first"]);
    git(&["tag", "v1.0.0"]);
    let here = folder.path().display();
    let config = format!(
        "cluster: {{name: home}}\napplications:\n\
         - {{name: good, repoURL: 'file://{here}/repo', path: deploy, namespace: a}}\n\
         - {{name: folder, repoURL: 'file://{here}/repo', path: deplyo, namespace: a}}\n\
         - {{name: revision, repoURL: 'file://{here}/repo', targetRevision: next, namespace: a}}\n\
         - {{name: gone, repoURL: 'file://{here}/gone', namespace: a}}\n\
         - {{name: range, repoURL: 'file://{here}/repo', path: ./deploy/, targetRevision: '1.*', namespace: a}}\n\
         - {{name: other, repoURL: 'file://{here}/repo', targetRevision: '2.*', namespace: a}}\n\
         - name: set\n\
         \x20 applicationSet:\n\
         \x20   goTemplate: true\n\
         \x20   generators: [{{git: {{repoURL: 'file://{here}/repo', revision: none, directories: [{{path: '*'}}]}}}}]\n\
         \x20   template:\n\
         \x20     metadata: {{name: '{{{{.x}}}}'}}\n\
         \x20     spec: {{project: p, destination: {{name: in-cluster}}, source: {{repoURL: 'file://{here}/repo', path: '{{{{.y}}}}', targetRevision: '{{{{.z}}}}'}}}}\n"
    );
    fs::write(folder.path().join("cluster.yaml"), config).expect("written");
    let ran = Run::new(folder.path(), &["validate", "--format", "json"]).run();
    let report: Value = serde_json::from_slice(&ran.stdout).expect("JSON");
    let said = report["findings"].as_array().expect("findings").iter().filter(|finding| finding["rule"] == "application/local-repository");
    let lines: Vec<String> =
        said.map(|finding| format!("{} {}: {} | {}", finding["line"], finding["severity"], finding["message"], finding["hint"])).collect();
    insta::assert_snapshot!(lines.join("\n").replace(&here.to_string(), "…"), @r#"
    4 "error": "`…/repo` has no folder `deplyo` at `HEAD`" | "did you mean `deploy`?"
    5 "error": "`…/repo` has no revision `next`" | "name a branch, tag or commit of it, or a range of versions that one of its tags is in"
    6 "warning": "there is no repository `…/gone` on this machine" | "Argo CD looks for it where its repo-server runs, and has to find it there"
    8 "error": "`…/repo` has no revision `2.*`" | "name a branch, tag or commit of it, or a range of versions that one of its tags is in"
    12 "error": "`…/repo` has no revision `none`" | "name a branch, tag or commit of it, or a range of versions that one of its tags is in"
    "#);
}

/// They stood in `argocd` wherever Argo CD was.
#[test]
fn applications_live_where_argo_cd_runs() {
    let folder = folder_with(
        "cluster: {name: home}\nargocd: {namespace: gitops}\ngitops: {repoURL: https://git.example.com/cluster.git}\n\
         applications: [{name: a, repoURL: https://x.example.com/a, namespace: a}]\n",
    );
    let text = Run::new(folder.path(), &["render", "--only", "application", "--format", "json"]).run().good();
    let list: Value = serde_json::from_str(&text).expect("JSON");
    let items = list["items"].as_array().expect("items");
    assert!(!items.is_empty() && items.iter().all(|item| item["metadata"]["namespace"] == "gitops"), "{text}");
}
