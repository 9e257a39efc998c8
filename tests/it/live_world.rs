//! What the tests of `live` share: a release of manifests, the real command, and kubectl to look and to interfere.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::command::{Ran, Run, folder};
use crate::lab_server::kubeconfig;
use crate::parts::part;

/// A release with a name, a namespace and a state of its own, on the server that all tests share.
pub(crate) struct World {
    folder: tempfile::TempDir,
    kubeconfig: PathBuf,
    kubectl: PathBuf,
    pub(crate) name: String,
}

impl World {
    /// None when the parts are not there. The namespace has the release's name and is not part of it.
    pub(crate) fn new(name: &str) -> Option<Self> {
        Self::on(kubeconfig()?, name)
    }

    /// The same on another server.
    pub(crate) fn on(kubeconfig: &Path, name: &str) -> Option<Self> {
        let (kubeconfig, kubectl) = (kubeconfig.to_owned(), part("kubectl")?);
        let world = Self { folder: folder(), kubeconfig, kubectl, name: name.to_owned() };
        world.kubectl(&["create", "namespace", name]);
        Some(world)
    }

    pub(crate) fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    pub(crate) fn kubectl_path(&self) -> &Path {
        &self.kubectl
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What the next commands work on.
    pub(crate) fn write(&self, objects: &[Value]) {
        let list = json!({"apiVersion": "v1", "kind": "List", "items": objects});
        fs::write(self.folder().join("release.json"), list.to_string()).expect("written");
    }

    pub(crate) fn config_map(&self, name: &str, data: Value) -> Value {
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": self.name}, "data": data})
    }

    pub(crate) fn deployment(&self, name: &str) -> Value {
        json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": self.name},
            "spec": {
                "replicas": 1,
                "selector": {"matchLabels": {"app": name}},
                "template": {"metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": "c", "image": "x:1"}]}},
            },
        })
    }

    /// A command that works on the release's manifests.
    pub(crate) fn on_release(&self, command: &str, arguments: &[&str]) -> Ran {
        self.command(&[&[command, "-f", "release.json", "--name", &self.name, "--state-namespace", &self.name], arguments].concat())
    }

    /// A command that works on what runs.
    pub(crate) fn on_name(&self, command: &str, arguments: &[&str]) -> Ran {
        self.command(&[&[command, "--name", &self.name, "--state-namespace", &self.name], arguments].concat())
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Ran {
        self.prepared(arguments).run()
    }

    pub(crate) fn prepared(&self, arguments: &[&str]) -> Run {
        Run::new(self.folder(), arguments).env("KUBECONFIG", &self.kubeconfig)
    }

    /// Applies, which must go well. Nothing runs the workloads here, so nobody waits.
    #[track_caller]
    pub(crate) fn apply(&self, arguments: &[&str]) -> String {
        let ran = self.on_release("apply", &[&["--no-wait"], arguments].concat());
        assert_eq!(ran.code, 0, "{}", ran.shown());
        ran.shown()
    }

    /// The plan's JSON form.
    #[track_caller]
    pub(crate) fn plan(&self) -> Value {
        let ran = self.on_release("plan", &["--format", "json"]);
        serde_json::from_slice(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {}", ran.shown()))
    }

    /// `change ConfigMap a`, for everything that something happens to.
    #[track_caller]
    pub(crate) fn actions(&self) -> Vec<String> {
        let plan = self.plan();
        assert_eq!(plan["findings"], json!([]), "{plan}");
        let entries = plan["entries"].as_array().expect("entries").iter().filter(|entry| entry["action"] != "unchanged");
        let word = |value: &Value| value.as_str().expect("text").to_owned();
        entries
            .map(|entry| format!("{} {} {}", word(&entry["action"]), word(&entry["object"]["kind"]), word(&entry["object"]["name"])))
            .collect()
    }

    #[track_caller]
    pub(crate) fn kubectl(&self, arguments: &[&str]) -> String {
        self.kubectl_with(arguments, "")
    }

    #[track_caller]
    pub(crate) fn kubectl_with(&self, arguments: &[&str], input: &str) -> String {
        let mut child = Command::new(&self.kubectl)
            .arg("--kubeconfig")
            .arg(&self.kubeconfig)
            .args(arguments)
            .env("HOME", self.folder())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("kubectl starts");
        child.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("kubectl reads");
        let output = child.wait_with_output().expect("kubectl ends");
        assert!(output.status.success(), "kubectl {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// An object of the namespace as the server has it.
    #[track_caller]
    pub(crate) fn get(&self, kind: &str, name: &str) -> Value {
        let text = self.kubectl(&["get", kind, name, "-n", &self.name, "-o", "json", "--show-managed-fields", "--ignore-not-found"]);
        if text.is_empty() { Value::Null } else { serde_json::from_str(&text).expect("JSON") }
    }

    /// Everything of these kinds in the namespace, by kind and name, without what only the server writes.
    pub(crate) fn everything(&self, kinds: &str) -> Vec<Value> {
        let text = self.kubectl(&["get", kinds, "-n", &self.name, "-o", "json"]);
        let mut list: Value = serde_json::from_str(&text).expect("JSON");
        let Value::Array(mut items) = list["items"].take() else { panic!("{list}") };
        items.sort_by_key(|item| (item["kind"].to_string(), item["metadata"]["name"].to_string()));
        items
    }
}

/// Sends SIGINT.
pub(crate) fn interrupt(pid: u32) {
    let sent = Command::new("kill").args(["-INT", &pid.to_string()]).status().expect("kill runs");
    assert!(sent.success());
}
