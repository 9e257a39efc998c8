//! Real Argo CD processes sync the tree that was rendered, from a real Git repository into a real API server.
//!
//! Everything that Argo CD needs in the cluster (definitions, settings, its account's Secret) comes out of the tree, installed by the tree's own
//! script. There is neither a kubelet nor a controller manager: Argo CD's processes run beside the API server with an administrator's kubeconfig,
//! the test writes into Argo CD's own Deployments the status that their controllers would, and a Deployment of a workload is what never becomes
//! healthy.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use manifestgen::diag::NoProgress;
use manifestgen::lab::{ControlPlane, ControlPlaneOptions};
use manifestgen::process::{Guard, GuardOptions, Process, Program};
use serde_json::{Value, json};

use crate::command::{Run, folder_with, free_port};
use crate::parts::part;
use crate::rule::module;

/// How long anything may take; nothing here takes a quarter of it.
const PATIENCE: Duration = Duration::from_mins(3);

struct Kubectl {
    program: PathBuf,
    kubeconfig: PathBuf,
}

impl Kubectl {
    fn run(&self, arguments: &[&str]) -> Result<String, String> {
        let output = Command::new(&self.program).env("KUBECONFIG", &self.kubeconfig).args(arguments).output().expect("kubectl runs");
        if output.status.success() {
            Ok(String::from_utf8(output.stdout).expect("text"))
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }

    /// Says of Argo CD's Deployments and StatefulSet what their controllers would say once the pods are ready.
    fn pods_are_ready(&self) {
        for kind in ["deployments.apps", "statefulsets.apps"] {
            let Ok(text) = self.run(&["get", kind, "-n", "argocd", "-o", "json"]) else { continue };
            let list: Value = serde_json::from_str(&text).expect("JSON");
            for item in list["items"].as_array().into_iter().flatten() {
                if item["status"]["observedGeneration"] == item["metadata"]["generation"] {
                    continue;
                }
                let replicas = item["spec"]["replicas"].as_i64().unwrap_or(1);
                let mut status = json!({
                    "observedGeneration": item["metadata"]["generation"], "replicas": replicas, "updatedReplicas": replicas,
                    "readyReplicas": replicas, "availableReplicas": replicas,
                });
                if kind == "statefulsets.apps" {
                    status["currentRevision"] = json!("1");
                    status["updateRevision"] = json!("1");
                } else {
                    let condition = |kind: &str, reason: &str| json!({"type": kind, "status": "True", "reason": reason});
                    status["conditions"] =
                        json!([condition("Available", "MinimumReplicasAvailable"), condition("Progressing", "NewReplicaSetAvailable")]);
                }
                let patch = json!({"status": status}).to_string();
                let name = item["metadata"]["name"].as_str().expect("a name");
                self.run(&["patch", kind, name, "-n", "argocd", "--subresource=status", "--type=merge", "-p", &patch]).expect("patched");
            }
        }
    }

    /// Does what the garbage collector would: what is deleted in the foreground and owns nothing goes.
    fn garbage_is_collected(&self) {
        for (kind, namespace) in [("applications.argoproj.io", "argocd"), ("appprojects.argoproj.io", "argocd"), ("configmaps", "shop")] {
            let Ok(text) = self.run(&["get", kind, "-n", namespace, "-o", "json"]) else { continue };
            let list: Value = serde_json::from_str(&text).expect("JSON");
            for item in list["items"].as_array().into_iter().flatten().filter(|item| item["metadata"]["deletionTimestamp"].is_string()) {
                let finalizers = item["metadata"]["finalizers"].as_array().cloned().unwrap_or_default();
                let others: Vec<_> = finalizers.iter().filter(|finalizer| *finalizer != "foregroundDeletion").collect();
                if others.len() < finalizers.len() {
                    // Only of what was read: Argo CD takes its own finalizer away at the same time.
                    let metadata = json!({"resourceVersion": item["metadata"]["resourceVersion"], "finalizers": others});
                    let name = item["metadata"]["name"].as_str().expect("a name");
                    // Who comes second tries again.
                    let _ =
                        self.run(&["patch", kind, name, "-n", namespace, "--type=merge", "-p", &json!({"metadata": metadata}).to_string()]);
                }
            }
        }
    }

    fn get(&self, kind: &str, namespace: &str, name: &str) -> Option<Value> {
        let text = self.run(&["get", kind, name, "-n", namespace, "-o", "json"]).ok()?;
        serde_json::from_str(&text).ok()
    }

    fn application(&self, name: &str) -> Option<Value> {
        self.get("applications.argoproj.io", "argocd", name)
    }

    /// Sync status and health.
    fn state(&self, name: &str) -> String {
        let Some(application) = self.application(name) else { return "not there".to_owned() };
        let text = |pointer: &str| application.pointer(pointer).and_then(Value::as_str).unwrap_or("-").to_owned();
        format!("{} {}", text("/status/sync/status"), text("/status/health/status"))
    }

    fn refresh(&self, name: &str) {
        self.run(&["annotate", "application", name, "-n", "argocd", "--overwrite", "argocd.argoproj.io/refresh=hard"]).expect("annotated");
    }

    /// Everything that Argo CD says, for a failure.
    fn applications(&self) -> String {
        self.run(&["get", "applications", "-n", "argocd", "-o", "json"])
            .ok()
            .and_then(|text| serde_json::from_str::<Value>(&text).ok())
            .map(|list| {
                let items = list["items"].as_array().cloned().unwrap_or_default();
                let lines = items.iter().map(|item| {
                    let status = &item["status"];
                    format!(
                        "{} {} {} {} {}\n",
                        item["metadata"]["name"],
                        status["sync"]["status"],
                        status["health"],
                        status["conditions"],
                        status["operationState"]["message"]
                    )
                });
                lines.collect()
            })
            .unwrap_or_default()
    }
}

fn until(what: &str, kubectl: &Kubectl, mut so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !so() {
        kubectl.pods_are_ready();
        assert!(start.elapsed() < PATIENCE, "{what}: not so\n{}", kubectl.applications());
        std::thread::sleep(Duration::from_millis(250));
    }
}

/// A Git repository, and what is committed to it.
struct Repository(PathBuf);

impl Repository {
    fn new(folder: PathBuf) -> Self {
        fs::create_dir_all(&folder).expect("a folder");
        let repository = Self(folder);
        repository.git(&["init", "-q", "-b", "main"]);
        repository
    }

    fn git(&self, arguments: &[&str]) {
        let settings = ["-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false"];
        let output = Command::new("git").current_dir(&self.0).args(settings).args(arguments).output().expect("git runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    fn url(&self) -> String {
        format!("file://{}", self.0.display())
    }

    fn write(&self, path: &str, text: &str) {
        let file = self.0.join(path);
        fs::create_dir_all(file.parent().expect("a folder")).expect("made");
        fs::write(file, text).expect("written");
    }

    fn commit(&self) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", "change"]);
    }
}

fn config_map(name: &str, value: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {{value: '{value}'}}\n")
}

/// A Deployment whose pods nobody starts.
const NEVER_HEALTHY: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: slow}
spec:
  selector: {matchLabels: {app: slow}}
  template:
    metadata: {labels: {app: slow}}
    spec: {containers: [{name: slow, image: 'example.com/slow:1'}]}
";

/// The processes of Argo CD, below a guard of their own.
struct ArgoCd {
    guard: Guard,
    processes: Vec<Process>,
}

impl ArgoCd {
    async fn start(binary: &Path, redis: &Path, wrapper: &Path, kubeconfig: &Path, options: &GuardOptions) -> Self {
        let mut guard = Guard::start(options).await.expect("a guard");
        let scratch = guard.scratch().to_owned();
        let own = scratch.join("bin");
        for folder in ["bin", "ssh", "tls", "gpg", "plugins", "tmp"] {
            fs::create_dir(scratch.join(folder)).expect("made");
        }
        // Debian's package of tools has the server under another name, which it looks at to know what it is.
        symlink(redis, own.join("redis-server")).expect("linked");
        let verify = own.join("git-verify-wrapper.sh");
        fs::copy(wrapper, &verify).expect("copied");
        fs::set_permissions(&verify, fs::Permissions::from_mode(0o755)).expect("executable");
        let kustomize = part("kustomize").expect("asked for before");
        let path = format!("{}:{}:/usr/bin:/bin", own.display(), kustomize.parent().expect("a folder").display());
        let [redis_port, repo, repo_metrics, controller_metrics, set_metrics, set_probe, server, server_metrics] =
            std::array::from_fn(|_| free_port());
        let environment = |role: &str| -> Vec<(std::ffi::OsString, std::ffi::OsString)> {
            let in_scratch = |folder: &str| scratch.join(folder).display().to_string();
            [
                ("ARGOCD_BINARY_NAME", format!("argocd-{role}")),
                // The cluster that Argo CD runs in is the one of this kubeconfig.
                ("ARGOCD_FAKE_IN_CLUSTER", "true".to_owned()),
                ("ARGOCD_GPG_ENABLED", "false".to_owned()),
                ("ARGOCD_SSH_DATA_PATH", in_scratch("ssh")),
                ("ARGOCD_TLS_DATA_PATH", in_scratch("tls")),
                ("ARGOCD_GNUPGHOME", in_scratch("gpg")),
                ("ARGOCD_PLUGINSOCKFILEPATH", in_scratch("plugins")),
                ("HOME", in_scratch("tmp")),
                ("KUBECONFIG", kubeconfig.display().to_string()),
                ("PATH", path.clone()),
                ("TMPDIR", in_scratch("tmp")),
            ]
            .map(|(key, value)| (key.into(), value.into()))
            .into()
        };
        let redis_address = format!("127.0.0.1:{redis_port}");
        let repo_address = format!("127.0.0.1:{repo}");
        let cluster = format!("--kubeconfig={} --namespace=argocd", kubeconfig.display());
        let roles = [
            (
                "repo-server",
                format!(
                    "--redis={redis_address} --address=127.0.0.1 --port={repo} --metrics-address=127.0.0.1 --metrics-port={repo_metrics} --disable-tls --client-ca-path="
                ),
            ),
            (
                "application-controller",
                format!(
                    "{cluster} --redis={redis_address} --repo-server={repo_address} --repo-server-plaintext --metrics-port={controller_metrics} --app-resync=10"
                ),
            ),
            (
                "applicationset-controller",
                format!(
                    "{cluster} --argocd-repo-server={repo_address} --repo-server-plaintext --metrics-addr=127.0.0.1:{set_metrics} --probe-addr=127.0.0.1:{set_probe}"
                ),
            ),
            (
                "server",
                format!(
                    "{cluster} --insecure --disable-auth --redis={redis_address} --repo-server={repo_address} --repo-server-plaintext --dex-server=http://127.0.0.1:1 --address=127.0.0.1 --port={server} --metrics-address=127.0.0.1 --metrics-port={server_metrics}"
                ),
            ),
        ];
        let words = |text: &str| text.split(' ').map(Into::into).collect::<Vec<std::ffi::OsString>>();
        let redis_arguments = format!("--port {redis_port} --bind 127.0.0.1 --appendonly no --save");
        let mut arguments = words(&redis_arguments);
        arguments.push("".into());
        let redis =
            Program { name: "redis-server".to_owned(), path: own.join("redis-server"), arguments, environment: environment("redis") };
        let mut processes = vec![guard.run(&redis).await.expect("redis-server starts")];
        for (role, arguments) in roles {
            let program =
                Program { name: role.to_owned(), path: binary.to_owned(), arguments: words(&arguments), environment: environment(role) };
            processes.push(guard.run(&program).await.expect("Argo CD starts"));
        }
        Self { guard, processes }
    }

    fn log(&self) -> String {
        let logs = self.processes.iter().map(|process| format!("--- {}\n{}", process.name(), process.last_lines(6).join("\n")));
        logs.collect::<Vec<_>>().join("\n")
    }
}

#[test]
fn the_tree_is_synced_in_order_followed_and_healed() {
    let found =
        [part("etcd"), part("kube-apiserver"), part("kubectl"), part("kustomize"), part("argocd"), part("git"), part("redis-check-rdb")];
    let [Some(_), Some(_), Some(kubectl), Some(_), Some(argocd), Some(_), Some(redis)] = found else { return };
    let Some(module) = module("github.com/argoproj/argo-cd/v3@v3.5.1") else { return };
    let scratch = tempfile::tempdir().expect("a folder");
    let mut options = ControlPlaneOptions::new(None);
    options.guard.program = env!("CARGO_BIN_EXE_manifestgen").into();
    scratch.path().clone_into(&mut options.guard.scratch_parent);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let plane = runtime.block_on(ControlPlane::start(&options, &NoProgress)).expect("a control plane");
    let kubectl = Kubectl { program: kubectl, kubeconfig: plane.kubeconfig().to_owned() };

    let tree = Repository::new(scratch.path().join("repositories/tree"));
    let apps = Repository::new(scratch.path().join("repositories/apps"));
    apps.write("first/map.yaml", &config_map("first", "1"));
    apps.write("first/slow.yaml", NEVER_HEALTHY);
    apps.write("second/map.yaml", &config_map("second", "1"));
    apps.write("third/map.yaml", &config_map("third", "1"));
    apps.commit();

    let url = apps.url();
    let config = folder_with(&format!(
        "\
cluster: {{name: lab}}
argocd: {{}}
gitops: {{repoURL: '{}'}}
applications:
- name: first
  repoURL: '{url}'
  path: first
  namespace: shop
  # Without a garbage collector nothing that is deleted in the foreground ever goes.
  syncPolicy: {{syncOptions: {{prunePropagationPolicy: background}}}}
- {{name: second, repoURL: '{url}', path: second, namespace: shop, dependsOn: [first]}}
- {{name: third, repoURL: '{url}', path: third, namespace: shop, dependsOn: [second]}}
",
        tree.url()
    ));
    let output = tree.0.display().to_string();
    Run::new(config.path(), &["render", "--format", "gitops", "-o", &output]).run().good();
    tree.commit();

    // Phase 2 by the very script that the tree has. Argo CD starts once what its pods would read is there.
    let path = format!("{}:{}", kubectl.program.parent().expect("a folder").display(), std::env::var("PATH").unwrap_or_default());
    let log = scratch.path().join("post-install.log");
    let mut script = Command::new("bash")
        .arg(tree.0.join("bootstrap/scripts/post-install.sh"))
        .arg("--no-wait")
        .env("KUBECONFIG", &kubectl.kubeconfig)
        .env("PATH", path)
        .env("INSTALL_PATIENCE", PATIENCE.as_secs().to_string())
        .stderr(fs::File::create(&log).expect("a file"))
        .spawn()
        .expect("bash runs");
    let said = || fs::read_to_string(&log).unwrap_or_default();
    until("the root application is there", &kubectl, || {
        assert!(script.try_wait().expect("a child").is_none(), "{}", said());
        kubectl.application("root").is_some()
    });
    let wrapper = module.join("hack/git-verify-wrapper.sh");
    let argo = runtime.block_on(ArgoCd::start(&argocd, &redis, &wrapper, plane.kubeconfig(), &options.guard));
    let mut ended = None;
    until("the script ends", &kubectl, || {
        ended = script.try_wait().expect("a child");
        ended.is_some()
    });
    assert!(ended.is_some_and(|status| status.success()), "{}\n{}\n{}", said(), kubectl.applications(), argo.log());

    // Waves: `second` waits for `first`, which has a Deployment that nobody starts.
    until("first is synced and not yet healthy", &kubectl, || kubectl.state("first") == "Synced Progressing");
    assert_eq!(kubectl.state("infrastructure"), "Synced Healthy");
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!((kubectl.state("second"), kubectl.state("third")), ("not there".to_owned(), "not there".to_owned()));

    // A commit is followed, and what held the others back is gone with it.
    fs::remove_file(apps.0.join("first/slow.yaml")).expect("removed");
    apps.write("first/map.yaml", &config_map("first", "2"));
    apps.commit();
    kubectl.refresh("first");
    for name in ["first", "second", "third", "infrastructure", "workloads", "argocd", "root"] {
        until(&format!("{name} is synced"), &kubectl, || kubectl.state(name) == "Synced Healthy");
    }
    let value = |name: &str| kubectl.get("configmap", "shop", name).map_or_else(String::new, |map| map["data"]["value"].to_string());
    assert_eq!((value("first"), value("third")), ("\"2\"".to_owned(), "\"1\"".to_owned()));
    assert_eq!(kubectl.get("deployment", "shop", "slow"), None);

    // What somebody changes in the cluster is undone.
    kubectl.run(&["patch", "configmap", "first", "-n", "shop", "--type=merge", "-p", r#"{"data": {"value": "drift"}}"#]).expect("patched");
    until("drift is undone", &kubectl, || value("first") == "\"2\"");

    // A broken commit is said with its cause, and breaks nothing that runs.
    apps.write("third/map.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: third, labels: [broken\n");
    apps.commit();
    kubectl.refresh("third");
    let conditions =
        || kubectl.application("third").map_or_else(String::new, |application| application["status"]["conditions"].to_string());
    until("the broken one is reported", &kubectl, || conditions().contains("ComparisonError") && conditions().contains("map.yaml"));
    assert_eq!(value("third"), "\"1\"");
    let status = Run::new(config.path(), &["status"]).env("KUBECONFIG", plane.kubeconfig()).run();
    assert_eq!(status.code, 1, "{}", status.shown());
    let shown = status.shown();
    // What holds it has not settled either; the others have.
    let line =
        |name: &str| shown.lines().find(|line| line.contains(&format!("Application argocd/{name}"))).unwrap_or_else(|| panic!("{shown}"));
    assert!(["argocd", "first", "infrastructure", "second"].iter().all(|name| line(name).starts_with("ok")), "{shown}");
    assert!(line("root").contains("sync Synced"), "{shown}");
    let third = line("third");
    assert!(third.starts_with("in progress") && third.contains("sync Unknown") && third.contains("map.yaml"), "{third}");

    // The tree itself changes: a further Application comes.
    apps.write("fourth/map.yaml", &config_map("fourth", "1"));
    apps.commit();
    let text = fs::read_to_string(config.path().join("cluster.yaml")).expect("text");
    let fourth = format!("- {{name: fourth, repoURL: '{url}', path: fourth, namespace: shop, dependsOn: [first]}}\n");
    fs::write(config.path().join("cluster.yaml"), text + &fourth).expect("written");
    Run::new(config.path(), &["render", "--format", "gitops", "-o", &output]).run().good();
    tree.commit();
    kubectl.refresh("workloads");
    until("the new one is synced", &kubectl, || kubectl.state("fourth") == "Synced Healthy");

    // The last entry goes, and the part with it: no Application stays behind, nor what it brought. Their project waits for them, although it
    // is deleted first. (The script applied it, not Argo CD, which does not count it among what it has to delete.)
    let text = fs::read_to_string(config.path().join("cluster.yaml")).expect("text");
    let (head, _) = text.split_once("applications:\n").expect("the section");
    // There is nobody who would take a namespace away.
    let head = head.replace("{name: lab}", "{name: lab, namespaces: [{name: shop}]}");
    fs::write(config.path().join("cluster.yaml"), head).expect("written");
    Run::new(config.path(), &["render", "--format", "gitops", "-o", &output]).run().good();
    tree.commit();
    kubectl.run(&["delete", "appproject", "workloads", "-n", "argocd", "--wait=false"]).expect("deleted");
    kubectl.refresh("root");
    until("the applications are gone", &kubectl, || {
        kubectl.garbage_is_collected();
        let gone = |name: &str| kubectl.application(name).is_none();
        ["first", "second", "third", "fourth", "workloads"].into_iter().all(gone)
            && kubectl.get("appproject", "argocd", "workloads").is_none()
    });
    let left =
        ["first", "second", "fourth"].into_iter().filter(|name| kubectl.get("configmap", "shop", name).is_some()).collect::<Vec<_>>();
    assert_eq!(left, [""; 0], "{}", kubectl.applications());
    for name in ["infrastructure", "argocd", "root"] {
        until(&format!("{name} is synced without them"), &kubectl, || kubectl.state(name) == "Synced Healthy");
    }

    runtime.block_on(argo.guard.stop()).expect("cleaned up");
    runtime.block_on(plane.stop()).expect("cleaned up");
}
