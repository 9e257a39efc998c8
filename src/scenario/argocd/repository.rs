//! A Git server in the lab, and what is committed there.

use serde_json::{Value, json};

use super::images::{busybox, system, text};
use crate::diag::Result;
use crate::lab::{ImageFile, Recipe};
use crate::scenario::kubectl::Kubectl;
use crate::scenario::report::Seen;

/// Where Argo CD finds the repository.
pub(super) const URL: &str = "git://git.git.svc.cluster.local/hello";

/// What the ConfigMap in the repository says at first, and after the next commit.
pub(super) const FIRST: &str = "first";
pub(super) const SECOND: &str = "second";

const IMAGE: &str = "manifestgen.invalid/git:1";
const FOLDER: &str = "/srv/hello";

pub(super) fn image() -> Recipe {
    let mut files = busybox(&["sh", "cp", "sed", "mkdir"]);
    files.insert("/usr/bin/git".to_owned(), system("git"));
    files.insert("/usr/lib/git-core/git".to_owned(), ImageFile::Link { link: "/usr/bin/git".to_owned() });
    files.insert("/usr/lib/git-core/git-daemon".to_owned(), system("/usr/lib/git-core/git-daemon"));
    files.insert("/etc/passwd".to_owned(), text("git:x:65532:65532::/srv:/bin/sh\n"));
    files.insert("/content/hello.yaml".to_owned(), text(&manifests()));
    let variables = [("PATH", "/usr/bin:/bin"), ("HOME", "/srv"), ("GIT_AUTHOR_NAME", "lab"), ("GIT_AUTHOR_EMAIL", "lab@example.com")];
    let mut environment: std::collections::BTreeMap<_, _> =
        variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into_iter().collect();
    environment.insert("GIT_COMMITTER_NAME".to_owned(), "lab".to_owned());
    environment.insert("GIT_COMMITTER_EMAIL".to_owned(), "lab@example.com".to_owned());
    Recipe { image: IMAGE.to_owned(), files, entrypoint: vec!["/bin/sh".to_owned()], user: Some("65532:65532".to_owned()), environment }
}

/// JSON is YAML, too.
fn manifests() -> String {
    let labels = json!({"app": "hello"});
    let container = json!({
        "name": "hello",
        "image": crate::lab::PAUSE_IMAGE,
        "securityContext": {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}},
    });
    let pod = json!({
        "securityContext": {"runAsNonRoot": true, "runAsUser": 65532, "seccompProfile": {"type": "RuntimeDefault"}},
        "automountServiceAccountToken": false,
        "containers": [container],
    });
    let config = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "hello"}, "data": {"greeting": FIRST}});
    let deployment = json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "hello"},
        "spec": {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": pod}},
    });
    format!("{config}\n---\n{deployment}\n")
}

fn server() -> Value {
    let labels = json!({"app": "git"});
    let serve = format!(
        "mkdir -p {FOLDER} && cd {FOLDER} && git init -q -b main && cp /content/hello.yaml . && git add -A && git commit -q -m first && \
         exec git daemon --reuseaddr --base-path=/srv --export-all /srv"
    );
    let metadata = json!({"name": "git", "namespace": "git", "labels": labels});
    let container = json!({
        "name": "git",
        "image": IMAGE,
        "args": ["-c", serve],
        "readinessProbe": {"tcpSocket": {"port": 9418}, "periodSeconds": 1},
        "volumeMounts": [{"name": "repositories", "mountPath": "/srv"}],
    });
    let pod =
        json!({"containers": [container], "volumes": [{"name": "repositories", "emptyDir": {}}], "securityContext": {"fsGroup": 65532}});
    let service = json!({"selector": labels, "ports": [{"name": "git", "port": 9418}]});
    let items = [
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "git"}}),
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": pod}),
        json!({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": service}),
    ];
    json!({"apiVersion": "v1", "kind": "List", "items": items})
}

/// Starts it, and waits until it answers.
pub(super) async fn serve(kubectl: &Kubectl) -> Seen<()> {
    kubectl.create(&server()).await?;
    kubectl.run(&["--namespace=git", "wait", "--for=condition=Ready", "--timeout=100s", "pod/git"]).await?;
    Ok(((), Some(URL.to_owned())))
}

/// The ConfigMap says something else.
pub(super) async fn commit(kubectl: &Kubectl) -> Result<()> {
    let commit = format!("cd {FOLDER} && sed -i s/{FIRST}/{SECOND}/ hello.yaml && git commit -q -a -m second");
    kubectl.run(&["--namespace=git", "exec", "git", "--", "/bin/sh", "-c", &commit]).await.map(|_| ())
}
