//! The export of Argo CD's job: by the real `argocd`, under the rendered role alone, and back into a cluster that has lost everything.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use manifestgen::diag::NoProgress;
use manifestgen::lab::{ControlPlane, ControlPlaneOptions};
use serde_json::{Value, json};

use crate::command::{Run, folder_with};
use crate::parts::part;

/// What the job's pod runs as.
const ACCOUNT: &str = "system:serviceaccount:argocd:argocd-backup";

struct Cluster<'a> {
    kubectl: PathBuf,
    argocd: PathBuf,
    kubeconfig: &'a Path,
    home: &'a Path,
}

impl Cluster<'_> {
    fn kubectl(&self, arguments: &[&str]) -> String {
        good(&Command::new(&self.kubectl).env("KUBECONFIG", self.kubeconfig).args(arguments).output().expect("kubectl runs"))
    }

    fn argocd(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(&self.argocd);
        command.env("KUBECONFIG", self.kubeconfig).env("HOME", self.home).args(arguments).output().expect("argocd runs")
    }

    /// What must come back, without what the server adds.
    fn state(&self) -> Value {
        let get = |kind: &str, name: &str, field: &str| -> Value {
            let object: Value = serde_json::from_str(&self.kubectl(&["get", kind, name, "-n", "argocd", "-o", "json"])).expect("JSON");
            json!([object[field], object["metadata"]["labels"]["argocd.argoproj.io/secret-type"]])
        };
        json!([get("applications", "shop", "spec"), get("secrets", "repo-shop", "data"), get("configmaps", "argocd-cm", "data")])
    }
}

fn good(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

#[test]
fn the_role_is_enough_for_the_export_and_the_export_for_the_return() {
    let [Some(_), Some(_), Some(kubectl), Some(argocd)] = [part("etcd"), part("kube-apiserver"), part("kubectl"), part("argocd")] else {
        return;
    };
    let scratch = tempfile::tempdir().expect("a folder");
    let mut options = ControlPlaneOptions::new(None);
    options.guard.program = env!("CARGO_BIN_EXE_manifestgen").into();
    scratch.path().clone_into(&mut options.guard.scratch_parent);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let plane = runtime.block_on(ControlPlane::start(&options, &NoProgress)).expect("a control plane");
    let cluster = Cluster { kubectl, argocd, kubeconfig: plane.kubeconfig(), home: scratch.path() };
    let config = folder_with(
        "\
cluster: {name: lab}
argocd: {}
backup: {repository: 's3:https://s3.example.com/backups/lab'}
applications: [{name: shop, repoURL: 'https://git.example.com/shop.git', path: deploy, namespace: shop}]
",
    );
    Run::new(config.path(), &["apply", "--no-wait"]).env("KUBECONFIG", plane.kubeconfig()).run().good();
    cluster.kubectl(&[
        "create",
        "secret",
        "generic",
        "repo-shop",
        "-n",
        "argocd",
        "--from-literal=url=https://git.example.com/shop.git",
        "--from-literal=password=hunter2",
    ]);
    cluster.kubectl(&["label", "secret", "repo-shop", "-n", "argocd", "argocd.argoproj.io/secret-type=repository"]);
    let before = cluster.state();

    let file = scratch.path().join("argocd.yaml");
    let file = file.to_str().expect("UTF-8");
    good(&cluster.argocd(&["admin", "export", "--as", ACCOUNT, "--namespace", "argocd", "--out", file]));
    // Nobody else's account is enough, so that it is the role that was tried.
    let refused = cluster.argocd(&["admin", "export", "--as", "system:serviceaccount:argocd:default", "--namespace", "argocd"]);
    assert!(!refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("forbidden"));
    for secret in ["argocd/argocd-backup", "default/default"] {
        let (namespace, name) = secret.split_once('/').expect("both");
        let account = format!("system:serviceaccount:{namespace}:{name}");
        let output = Command::new(&cluster.kubectl)
            .env("KUBECONFIG", cluster.kubeconfig)
            .args(["auth", "can-i", "delete", "secrets", "-n", "argocd", "--as", &account])
            .output()
            .expect("kubectl runs");
        assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "no", "{account}");
    }

    cluster.kubectl(&["patch", "application", "shop", "-n", "argocd", "--type=merge", "-p", r#"{"metadata":{"finalizers":null}}"#]);
    cluster.kubectl(&["delete", "application", "shop", "-n", "argocd"]);
    cluster.kubectl(&["delete", "secret", "repo-shop", "-n", "argocd"]);
    cluster.kubectl(&["patch", "configmap", "argocd-cm", "-n", "argocd", "--type=merge", "-p", r#"{"data":{"lost":"yes"}}"#]);
    good(&cluster.argocd(&["admin", "import", "--namespace", "argocd", file]));
    assert_eq!(cluster.state(), before);
}
