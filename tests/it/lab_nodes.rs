//! Labs with real nodes: pods run, and nothing stays, however they end.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::Duration;

use serde_json::{Value, json};

use crate::parts::{noted, part};
use crate::process::{eventually, processes_of};

const PARTS: [&str; 18] = [
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
    "busybox",
    "curl",
    "kube-router",
    "iptables",
    "ipset",
];

/// Whether labs with nodes can run here. What is missing is noted, as [`part`] does.
pub(crate) fn possible() -> bool {
    // All are asked for, so that all that are missing are noted.
    let missing = PARTS.into_iter().filter(|name| part(name).is_none()).count();
    noted("root and namespaces", may_make_namespaces()) && missing == 0
}

/// In a container root may not do so unless that is privileged.
pub(crate) fn may_make_namespaces() -> bool {
    let flags = ["--mount", "--net", "--pid", "--ipc", "--fork", "--mount-proc", "true"];
    rustix::process::geteuid().is_root() && Command::new("unshare").args(flags).output().is_ok_and(|output| output.status.success())
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

    /// A folder with the recipe of `example.com/web:1`: busybox to serve with, and curl to ask.
    pub(crate) fn web_recipe(&self) -> PathBuf {
        let recipe = self.path().join("recipe");
        fs::create_dir(&recipe).expect("a folder");
        let files = json!({"/bin/busybox": {"program": "busybox"}, "/bin/curl": {"system": "curl"}});
        let image = json!({"image": "example.com/web:1", "entrypoint": ["/bin/busybox"], "files": files});
        fs::write(recipe.join("image.yaml"), image.to_string()).expect("a recipe");
        recipe
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
        // Of another test's lab, which ends at this moment, the folder goes before the groups.
        eventually("no control group", || groups().is_empty());
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

/// kubectl on the lab of a place.
pub(crate) struct Kubectl<'a>(&'a Place);

impl<'a> Kubectl<'a> {
    pub(crate) fn new(place: &'a Place) -> Self {
        fs::write(place.path().join("kubeconfig"), place.good(&["lab", "kubeconfig"])).expect("written");
        Self(place)
    }

    #[track_caller]
    pub(crate) fn create(&self, object: &Value) {
        let file = self.0.path().join("objects.json");
        fs::write(&file, object.to_string()).expect("written");
        self.run(&["create", "-f", file.to_str().expect("UTF-8")]);
    }

    #[track_caller]
    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(part("kubectl").expect("seen before"));
        let output = command.args(arguments).env("KUBECONFIG", self.0.path().join("kubeconfig")).output().expect("kubectl runs");
        assert!(output.status.success(), "{arguments:?}: {}", text(&output));
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    pub(crate) fn field(&self, kind: &str, name: &str, path: &str) -> String {
        self.run(&["get", kind, name, &format!("--output=jsonpath={{{path}}}")])
    }

    /// What a server answers to a pod.
    #[track_caller]
    fn asked_from(&self, pod: &str, url: &str) -> String {
        self.run(&[&["exec", pod, "--"], &CURL[..], &[url]].concat())
    }

    /// How curl ends in a pod that has two seconds: 0 for an answer, 6 when there is no such name, 7 when it is refused.
    pub(crate) fn curl(&self, namespace: &str, pod: &str, url: &str) -> Option<i32> {
        let curl = ["-n", namespace, "exec", pod, "--", "curl", "-sf", "-m", "2", "-o", "/dev/null", url];
        let mut command = Command::new(part("kubectl").expect("seen before"));
        let output = command.args(curl).env("KUBECONFIG", self.0.path().join("kubeconfig")).output().expect("kubectl runs");
        output.status.code()
    }
}

const CURL: [&str; 4] = ["curl", "-sf", "-m", "20"];
const NODES: [&str; 2] = ["primer", "worker-1"];

/// On each node a pod with a claim of the default StorageClass, in which it has a word that nobody else knows, and a Service for it.
fn pods_with_words(words: &[String; 2]) -> Value {
    let serve = "echo $WORD > /data/index.html && exec /bin/busybox httpd -f -p 8080 -h /data";
    let items = NODES.iter().zip(words).flat_map(|(node, word)| {
        let metadata = json!({"name": node, "namespace": "default", "labels": {"app": node}});
        let claim = json!({"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}});
        let pod = json!({
            "nodeSelector": {"kubernetes.io/hostname": node},
            "containers": [{
                "name": "web", "image": "example.com/web:1", "args": ["sh", "-c", serve], "env": [{"name": "WORD", "value": word}],
                "readinessProbe": {"httpGet": {"path": "/", "port": 8080}, "periodSeconds": 1},
                "volumeMounts": [{"name": "data", "mountPath": "/data"}],
            }],
            "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": node}}],
        });
        let service = json!({"type": "NodePort", "selector": {"app": node}, "ports": [{"port": 80, "targetPort": 8080}]});
        [
            json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": claim}),
            json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": pod}),
            json!({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": service}),
        ]
    });
    json!({"apiVersion": "v1", "kind": "List", "items": items.collect::<Vec<_>>()})
}

/// Every way to the pod of a node: its own address, its Service by address and by name, and its NodePort at either node.
fn ways_to(kubectl: &Kubectl<'_>, node: &str) -> Vec<String> {
    let (pod, service) = (kubectl.field("pod", node, ".status.podIP"), kubectl.field("service", node, ".spec.clusterIP"));
    let port = kubectl.field("service", node, ".spec.ports[0].nodePort");
    vec![
        format!("http://{pod}:8080/"),
        format!("http://{service}/"),
        format!("http://{node}.default.svc.cluster.local/"),
        format!("http://10.77.0.1:{port}/"),
        format!("http://10.77.0.2:{port}/"),
    ]
}

#[test]
fn nodes_run_pods_that_reach_each_other_and_leave_nothing() {
    if !possible() {
        return;
    }
    let place = Place::new();
    let recipe = place.web_recipe();
    let up = ["lab", "up", "--engine", "kubernetes", "--workers", "1", "--for", "10m", "--image", recipe.to_str().expect("UTF-8")];
    place.good(&up);

    let status: Value = serde_json::from_str(&place.good(&["lab", "status", "--format", "json"])).expect("JSON");
    let names: Vec<_> = status["labs"][0]["nodes"].as_array().expect("nodes").iter().map(|node| node["name"].clone()).collect();
    assert_eq!(names, NODES);
    let second = place.command(&["lab", "up", "--engine", "api"]).output().expect("manifestgen starts");
    assert_eq!(second.status.code(), Some(2), "{}", text(&second));
    assert!(text(&second).contains("a lab `lab` runs already"), "{}", text(&second));

    let kubectl = Kubectl::new(&place);
    let words = [(); 2].map(|()| format!("word-{}", random(u64::MAX)));
    kubectl.create(&pods_with_words(&words));
    kubectl.run(&["wait", "--for=condition=Ready", "--timeout=120s", "pod/primer", "pod/worker-1"]);
    // The API server reaches the kubelets.
    assert!(kubectl.run(&["--namespace=kube-system", "logs", "deployment/coredns"]).contains("CoreDNS"));

    for (node, word) in NODES.iter().zip(&words) {
        let ways = ways_to(&kubectl, node);
        for from in NODES {
            for way in &ways {
                assert_eq!(kubectl.asked_from(from, way).trim(), word, "from the pod on {from} to {way}");
                // Names of Services are for pods alone.
                if !way.contains(".svc.") {
                    let curl = [&["lab", "exec", "--node", from, "--"], &CURL[..], &[way]].concat();
                    assert_eq!(place.good(&curl).trim(), word, "from the node {from} to {way}");
                }
            }
        }
        // From the machine, through the way in.
        let target = ways[3].trim_start_matches("http://").trim_end_matches('/');
        assert_eq!(through_port_forward(&place, target), *word);
    }
    kubelet_starts_again(&place, &kubectl);
    assert!(place.good(&["lab", "logs"]).contains("worker-1-kubelet\n"));
    place.good(&["lab", "down"]);
    place.is_clean();
    assert_eq!(fs::read_dir(place.path().join("manifestgen-user-0/labs")).expect("entries").count(), 0);
}

/// What keeps a node's kubelet running is what `node run` keeps k3s running with.
fn kubelet_starts_again(place: &Place, kubectl: &Kubectl<'_>) {
    // In the node's own process namespace there is no other.
    let pid = || {
        String::from_utf8(
            place.command(&["lab", "exec", "--node", "worker-1", "--", "pgrep", "-x", "kubelet"]).output().expect("it runs").stdout,
        )
        .expect("UTF-8")
    };
    let before = pid();
    assert_eq!(before.lines().count(), 1, "{before}");
    place.good(&["lab", "exec", "--node", "worker-1", "--", "kill", "-KILL", before.trim()]);
    eventually("another kubelet", || !["", &before].contains(&pid().as_str()));
    eventually("it is ready", || place.good(&["lab", "logs", "worker-1-kubelet"]).matches("`kubelet` is ready after").count() == 2);
    assert!(place.good(&["lab", "logs", "worker-1-kubelet"]).contains("`kubelet` ended with signal 9; it starts again in 1 s"));
    kubectl.run(&["wait", "--for=condition=Ready", "--timeout=60s", "node/worker-1", "pod/worker-1"]);
}

fn through_port_forward(place: &Place, target: &str) -> String {
    let mut forward = place.command(&["lab", "port-forward", target]).stdout(Stdio::piped()).spawn().expect("manifestgen starts");
    let mut address = String::new();
    BufReader::new(forward.stdout.take().expect("a pipe")).read_line(&mut address).expect("an address");
    let answer = Command::new(CURL[0]).args(&CURL[1..]).arg(format!("http://{}/", address.trim())).output();
    let _ = Command::new("kill").args(["-s", "INT", &forward.id().to_string()]).status();
    assert_eq!(forward.wait().expect("it ends").code(), Some(130));
    text(&answer.expect("curl runs")).trim().to_owned()
}

/// Both have the same names and addresses, and neither knows of the other.
#[test]
fn two_labs_run_side_by_side() {
    if !possible() {
        return;
    }
    let place = Place::new();
    let names = ["one", "two"];
    let up = |name: &&str| place.command(&["lab", "up", "--engine", "kubernetes", "--name", name, "--for", "10m"]);
    let ups = names.each_ref().map(|name| up(name).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("manifestgen starts"));
    for child in ups {
        let output = child.wait_with_output().expect("it ends");
        assert!(output.status.success(), "{}", text(&output));
    }
    let status: Value = serde_json::from_str(&place.good(&["lab", "status", "--format", "json"])).expect("JSON");
    let labs = status["labs"].as_array().expect("labs");
    let addresses: BTreeSet<&str> = labs.iter().filter_map(|lab| lab["nodes"][0]["address"].as_str()).collect();
    assert_eq!((labs.len(), addresses.len()), (2, 1), "{status}");
    let ask = |name: &str, arguments: &[&str]| {
        let file = place.path().join(name);
        fs::write(&file, place.good(&["lab", "kubeconfig", "--name", name])).expect("written");
        let mut command = Command::new(part("kubectl").expect("seen before"));
        text(&command.args(arguments).env("KUBECONFIG", file).output().expect("kubectl runs"))
    };
    for name in names {
        assert!(ask(name, &["create", "configmap", name]).contains("created"));
    }
    for (name, other) in [("one", "two"), ("two", "one")] {
        let maps = ask(name, &["get", "configmaps", "--output=name"]);
        assert!(maps.contains(&format!("configmap/{name}")) && !maps.contains(&format!("configmap/{other}")), "{maps}");
    }
    place.good(&["lab", "down", "--name", "one"]);
    assert!(ask("two", &["wait", "--for=condition=Ready", "--timeout=10s", "node/primer"]).contains("condition met"));
    place.good(&["lab", "exec", "--name", "two", "--", "ip", "address", "show", "lan"]);
    place.good(&["lab", "down", "--all"]);
    place.is_clean();
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
        let up = start(&place);
        sleep(Duration::from_millis(milliseconds));
        // The command, the lab's own process, or the guard over its children.
        let victim = ["lab up", "__lab", "__guard"][round % 3];
        let pids = if victim == "lab up" { vec![up.id()] } else { running(&place, victim) };
        for pid in &pids {
            let _ = Command::new("kill").args(["-s", "KILL", &pid.to_string()]).status();
        }
        let said = text(&up.wait_with_output().expect("it ends"));
        assert!(!said.contains("bug of manifestgen"), "{victim} killed after {milliseconds} ms: {said}");
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
    command.stdout(Stdio::null()).stderr(Stdio::piped()).process_group(0).spawn().expect("manifestgen starts")
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
