//! Labs with real nodes: pods run, and nothing stays, however they end.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::Duration;

use serde_json::{Value, json};

use crate::parts::part;
use crate::process::{eventually, processes_of};

const PARTS: [&str; 13] = [
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kubelet",
    "kube-proxy",
    "kubectl",
    "coredns",
    "pause",
    "containerd",
    "runc",
    "nft",
    "nsenter",
];

/// Whether labs with nodes can run here.
pub(crate) fn possible() -> bool {
    let root = rustix::process::geteuid().is_root();
    assert!(root || std::env::var_os("MANIFESTGEN_REQUIRE_PARTS").is_none(), "labs with nodes need root");
    // All are asked for, so that all that are missing are noted.
    PARTS.into_iter().filter(|name| part(name).is_none()).count() == 0 && root
}

/// A folder for scratch folders and for the entries of labs.
pub(crate) struct Place {
    folder: tempfile::TempDir,
    before: BTreeSet<String>,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::Builder::new().prefix("nodes").tempdir_in("/tmp").expect("a folder"), before: interfaces() }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_manifestgen"));
        command.args(arguments).env("TMPDIR", self.path()).env_remove("XDG_RUNTIME_DIR").env_remove("KUBEBUILDER_ASSETS");
        command.stdin(Stdio::null());
        command
    }

    #[track_caller]
    pub(crate) fn good(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().expect("manifestgen starts");
        assert!(output.status.success(), "{arguments:?}: {}", text(&output));
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    /// Processes and scratch folders, after a while in which they may go.
    fn leftovers(&self) -> Vec<String> {
        let left = || [processes_of(self.path()), scratch_folders(self.path())].concat();
        for _ in 0..300 {
            if left().is_empty() {
                break;
            }
            sleep(Duration::from_millis(100));
        }
        left()
    }

    /// No process, folder, control group, mount or interface.
    #[track_caller]
    pub(crate) fn is_clean(&self) {
        eventually("no process", || processes_of(self.path()).is_empty());
        eventually("no scratch folder", || scratch_folders(self.path()).is_empty());
        assert_eq!(groups(), Vec::<PathBuf>::new());
        let mounts = fs::read_to_string("/proc/self/mountinfo").expect("mounts");
        assert!(!mounts.contains(self.path().to_str().expect("UTF-8")), "{mounts}");
        assert_eq!(interfaces(), self.before);
    }
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn interfaces() -> BTreeSet<String> {
    fs::read_dir("/sys/class/net").expect("interfaces").flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

fn scratch_folders(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter(|name| name.starts_with("manifestgen-") && !name.starts_with("manifestgen-user-")).collect()
}

/// Control groups of labs whose scratch folder is nowhere. Other tests' labs may run beside this one.
fn groups() -> Vec<PathBuf> {
    let hierarchies = fs::read_dir("/sys/fs/cgroup").expect("control groups").flatten().map(|entry| entry.path());
    let candidates =
        hierarchies.flat_map(|path| fs::read_dir(&path).into_iter().flatten().flatten().map(|entry| entry.path()).chain([path]));
    candidates.filter(|path| path.is_dir() && path.file_name().is_some_and(|name| is_dead(&name.to_string_lossy()))).collect()
}

fn is_dead(name: &str) -> bool {
    let folders = || fs::read_dir("/tmp").expect("/tmp").flatten().map(|entry| entry.path().join(name));
    name.starts_with("manifestgen-") && !folders().any(|folder| folder.exists()) && !Path::new("/tmp").join(name).exists()
}

#[test]
fn nodes_run_pods_and_leave_nothing() {
    if !possible() {
        return;
    }
    let place = Place::new();
    let recipe = place.path().join("recipe");
    fs::create_dir(&recipe).expect("a folder");
    let image = json!({"image": "example.com/waiting:1", "entrypoint": ["/wait"], "files": {
        "/wait": {"program": "pause"}, "/etc/greeting": {"text": "hello\n"},
    }});
    fs::write(recipe.join("image.yaml"), image.to_string()).expect("a recipe");
    let up = ["lab", "up", "--engine", "kubernetes", "--workers", "1", "--for", "10m", "--image", recipe.to_str().expect("UTF-8")];
    place.good(&up);

    let status: Value = serde_json::from_str(&place.good(&["lab", "status", "--format", "json"])).expect("JSON");
    let names: Vec<_> = status["labs"][0]["nodes"].as_array().expect("nodes").iter().map(|node| node["name"].clone()).collect();
    assert_eq!(names, ["primer", "worker-1"]);
    let second = place.command(&["lab", "up", "--engine", "api"]).output().expect("manifestgen starts");
    assert_eq!(second.status.code(), Some(2), "{}", text(&second));
    assert!(text(&second).contains("a lab `lab` runs already"), "{}", text(&second));

    fs::write(place.path().join("kubeconfig"), place.good(&["lab", "kubeconfig"])).expect("written");
    let kubectl = |arguments: &[&str]| {
        let mut command = Command::new(part("kubectl").expect("seen before"));
        let output = command.args(arguments).env("KUBECONFIG", place.path().join("kubeconfig")).output().expect("kubectl runs");
        assert!(output.status.success(), "{arguments:?}: {}", text(&output));
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    // One on each node, with a claim of the default StorageClass.
    let pod = |node: &str| {
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": node, "namespace": "default"}, "spec": {
            "nodeSelector": {"kubernetes.io/hostname": node},
            "containers": [{"name": "waiting", "image": "example.com/waiting:1", "volumeMounts": [{"name": "data", "mountPath": "/data"}]}],
            "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": node}}],
        }})
    };
    let claim = |node: &str| {
        json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": node, "namespace": "default"}, "spec": {
            "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}},
        }})
    };
    let items = ["primer", "worker-1"].map(|node| [claim(node), pod(node)]).concat();
    let list = place.path().join("pods.json");
    fs::write(&list, json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string()).expect("written");
    kubectl(&["create", "-f", list.to_str().expect("UTF-8")]);
    kubectl(&["wait", "--for=condition=Ready", "--timeout=120s", "pod/primer", "pod/worker-1"]);

    // The API server reaches the kubelets, and each node the pods of the other and the Services.
    assert!(kubectl(&["--namespace=kube-system", "logs", "deployment/coredns"]).contains("CoreDNS"));
    for (node, other) in [("primer", "worker-1"), ("worker-1", "primer")] {
        let address = kubectl(&["get", "pod", other, "--output=jsonpath={.status.podIP}"]);
        place.good(&["lab", "exec", "--node", node, "--", "/bin/sh", "-c", &format!("ping -c 1 -W 5 {address} || ip route get {address}")]);
        place.good(&["lab", "exec", "--node", node, "--", "/bin/bash", "-c", "exec 3<>/dev/tcp/10.43.0.1/443"]);
        place.good(&["lab", "exec", "--node", node, "--", "/bin/bash", "-c", "exec 3<>/dev/tcp/10.43.0.10/53"]);
    }
    assert!(place.good(&["lab", "logs"]).contains("worker-1-kubelet\n"));
    place.good(&["lab", "down"]);
    place.is_clean();
    assert_eq!(fs::read_dir(place.path().join("manifestgen-user-0/labs")).expect("entries").count(), 0);
}

#[test]
fn killed_at_any_moment_a_lab_leaves_nothing() {
    if !possible() {
        return;
    }
    let place = Place::new();
    let moments = if std::env::var_os("MANIFESTGEN_SOAK").is_some() { 20 } else { 2 };
    for round in 0..moments {
        let milliseconds = random(16_000);
        let mut up = start(&place);
        sleep(Duration::from_millis(milliseconds));
        // The command, the lab's own process, or the guard over its children.
        let victim = ["lab up", "__lab", "__guard"][round % 3];
        let pids = if victim == "lab up" { vec![up.id()] } else { running(&place, victim) };
        for pid in &pids {
            let _ = Command::new("kill").args(["-s", "KILL", &pid.to_string()]).status();
        }
        let _ = up.wait();
        if victim == "__guard" {
            // What lost its guard is swept by the next one.
            for pid in running(&place, "__lab") {
                let _ = Command::new("kill").args(["-s", "KILL", &pid.to_string()]).status();
            }
            eventually("no process", || processes_of(place.path()).is_empty());
            place.good(&["lab", "up", "--engine", "api", "--for", "1m"]);
        }
        place.command(&["lab", "down", "--all"]).status().expect("manifestgen starts");
        assert!(place.leftovers().is_empty(), "{victim} {pids:?} killed after {milliseconds} ms: {:?}", place.leftovers());
        place.is_clean();
    }
}

fn start(place: &Place) -> Child {
    let mut command = place.command(&["lab", "up", "--engine", "kubernetes", "--for", "5m", "--quiet"]);
    command.stdout(Stdio::null()).process_group(0).spawn().expect("manifestgen starts")
}

/// Processes of ours that work for this place.
fn running(place: &Place, word: &str) -> Vec<u32> {
    let is_ours = |pid: u32| {
        let read = |file: &str| fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
        let environment = format!("TMPDIR={}", place.path().display());
        read("environ").split(|byte| *byte == 0).any(|variable| variable == environment.as_bytes())
            && read("cmdline").split(|byte| *byte == 0).any(|argument| argument == word.as_bytes())
    };
    let all = fs::read_dir("/proc").expect("/proc").flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    all.filter(|pid| is_ours(*pid)).collect()
}

fn random(below: u64) -> u64 {
    use std::hash::{BuildHasher, Hasher, RandomState};
    RandomState::new().build_hasher().finish() % below
}
