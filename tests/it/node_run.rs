//! `node run` and `node config`. A stand-in for k3s writes down how it was called, and behaves as k3s does.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::parts::{noted, part};
use crate::process::eventually;

/// Tells that it is ready as k3s does (`sd_notify`), leaves an orphan behind, and ends when it is told to unless STUBBORN is set.
const STAND_IN: &str = r#"#!/usr/bin/env python3
import json, os, signal, socket, sys, time
here = os.environ["RECORD"]
with open(here + "/starts", "a") as file:
    file.write(json.dumps({"argv": sys.argv[1:], "pid": os.getpid(), "parent": os.getppid(), "token": os.environ.get("K3S_TOKEN")}) + "\n")
def told(number, frame):
    with open(here + "/signals", "a") as file:
        file.write(signal.Signals(number).name + "\n")
    if number == signal.SIGTERM and not os.environ.get("STUBBORN"):
        sys.exit(0)
for one in (signal.SIGTERM, signal.SIGHUP):
    signal.signal(one, told)
if os.fork() == 0:
    if os.fork() == 0:
        time.sleep(0.2)
    os._exit(0)
os.wait()
told_to = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
told_to.sendto(b"STATUS=up\nREADY=1\n", os.environ["NOTIFY_SOCKET"])
while True:
    time.sleep(60)
"#;

struct Place(tempfile::TempDir);

impl Place {
    fn new(config: &Value) -> Self {
        let place = Self(tempfile::tempdir().expect("a folder"));
        fs::write(place.at("k3s"), STAND_IN).expect("written");
        fs::set_permissions(place.at("k3s"), fs::Permissions::from_mode(0o755)).expect("executable");
        fs::write(place.at("config.yaml"), config.to_string()).expect("written");
        place
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn arguments(&self) -> Vec<String> {
        let path = |name: &str| self.at(name).display().to_string();
        let words = ["--config", &path("config.yaml"), "--binary", &path("k3s"), "--ready-file", &path("ready")].map(ToOwned::to_owned);
        ["node", "run", "agent"].map(ToOwned::to_owned).into_iter().chain(words).collect()
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("RECORD", self.0.path()).env("TMPDIR", self.0.path()).env("K3S_TOKEN", "secret").stdin(Stdio::null());
        command
    }

    fn start(&self, more: &[&str]) -> Child {
        let stderr = fs::File::create(self.at("stderr")).expect("a file");
        let mut command = self.command(env!("CARGO_BIN_EXE_manifestgen"));
        command.args(self.arguments()).args(more).stderr(stderr).spawn().expect("manifestgen starts")
    }

    fn starts(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.at("starts")).unwrap_or_default();
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    fn said(&self, name: &str) -> String {
        fs::read_to_string(self.at(name)).unwrap_or_default()
    }
}

fn send(signal: &str, pid: u64) {
    assert!(Command::new("kill").args(["-s", signal, &pid.to_string()]).status().expect("kill runs").success());
}

fn children_of(pid: u32) -> usize {
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).expect("children");
    children.split_whitespace().count()
}

#[test]
fn a_dry_run_says_why() {
    let place = Place::new(&json!({"node-name": "worker", "kubelet-arg": ["max-pods=50"]}));
    let mut command = place.command(env!("CARGO_BIN_EXE_manifestgen"));
    let output = command.args(place.arguments()).args(["--dry-run", "--format", "json", "--", "--debug"]).output().expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let plan: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let command: Vec<_> = plan["command"].as_array().expect("words").iter().map(|word| word.as_str().expect("text")).collect();
    assert_eq!(command[1..3], ["agent".to_owned(), format!("--config={}", place.at("config.yaml").display())]);
    assert_eq!(command.last(), Some(&"--debug"));
    let flags = plan["flags"].as_array().expect("flags");
    assert!(flags.iter().all(|flag| flag["why"].as_str().is_some_and(|why| why.len() > 10)));
    // What this machine is decides: control groups of version 1 need a flag, and then the list of the file is kept beside it.
    let old = plan["environment"]["cgroups"] == "v1";
    let swaps = plan["environment"]["swap"] == true;
    assert_eq!(command.contains(&"--kubelet-arg=fail-cgroupv1=false"), old);
    assert_eq!(command.contains(&"--kubelet-arg=max-pods=50"), old || swaps || plan["environment"]["userNamespace"] == true);
    assert!(place.starts().is_empty(), "a dry run starts nothing");
}

#[test]
fn it_starts_again_reaps_hands_signals_on_and_ends() {
    let place = Place::new(&json!({}));
    let mut run = place.start(&["--", "--node-label=a=b"]);
    eventually("it is ready", || place.at("ready").exists());
    let first = place.starts()[0].clone();
    assert_eq!(first["argv"][0], "agent");
    assert_eq!(first["argv"].as_array().and_then(|words| words.last()), Some(&json!("--node-label=a=b")));
    assert_eq!((&first["parent"], &first["token"]), (&json!(run.id()), &json!("secret")));
    eventually("the orphan is reaped", || children_of(run.id()) == 1);

    send("HUP", u64::from(run.id()));
    eventually("a signal is handed on", || place.said("signals").contains("SIGHUP"));

    send("KILL", first["pid"].as_u64().expect("a number"));
    eventually("it is not ready", || !place.at("ready").exists() || place.starts().len() == 2);
    eventually("it starts again", || place.starts().len() == 2);
    eventually("it is ready again", || place.at("ready").exists());
    assert!(place.said("stderr").contains("ended with signal 9; it starts again in 1 s"), "{}", place.said("stderr"));

    send("TERM", u64::from(run.id()));
    assert_eq!(run.wait().expect("it ends").code(), Some(0));
    assert!(place.said("signals").ends_with("SIGTERM\n"));
    assert!(!place.at("ready").exists());
    let left = fs::read_dir(place.0.path()).expect("a folder").flatten().filter(|entry| entry.path().is_dir()).count();
    assert_eq!(left, 0, "the socket's folder is gone");
}

#[test]
fn it_waits_for_the_token_and_kills_what_does_not_end() {
    let token = tempfile::tempdir().expect("a folder");
    let file = token.path().join("token");
    let place = Place::new(&json!({"token-file": file}));
    let stderr = fs::File::create(place.at("stderr")).expect("a file");
    let mut command = place.command(env!("CARGO_BIN_EXE_manifestgen"));
    let mut run = command.args(place.arguments()).args(["--grace", "1s"]).env("STUBBORN", "1").stderr(stderr).spawn().expect("it starts");
    eventually("it waits", || place.said("stderr").contains("waiting: "));
    assert!(place.starts().is_empty());
    fs::write(&file, "t").expect("written");
    eventually("it is ready", || place.at("ready").exists());
    send("TERM", u64::from(run.id()));
    assert_eq!(run.wait().expect("it ends").code(), Some(3));
    assert!(place.said("stderr").contains("did not end within 1 s and was killed"), "{}", place.said("stderr"));
    let pid = place.starts()[0]["pid"].clone();
    assert!(!Path::new(&format!("/proc/{pid}")).exists());
}

#[test]
fn it_is_the_first_process_of_a_container() {
    let flags = ["--mount", "--pid", "--fork", "--mount-proc", "--kill-child=KILL"];
    let may = Command::new("unshare").args(flags).arg("true").output().is_ok_and(|output| output.status.success());
    if !noted("root and namespaces", may) {
        return;
    }
    let place = Place::new(&json!({}));
    let stderr = fs::File::create(place.at("stderr")).expect("a file");
    let mut command = place.command("unshare");
    command.args(flags).arg(env!("CARGO_BIN_EXE_manifestgen")).args(place.arguments());
    let mut run = command.stderr(stderr).spawn().expect("unshare runs");
    eventually("it is ready", || place.at("ready").exists());
    assert_eq!(place.starts()[0]["parent"], 1, "its parent is the first process");
    let children = fs::read_to_string(format!("/proc/{0}/task/{0}/children", run.id())).expect("children");
    let init: u32 = children.trim().parse().expect("one child");
    eventually("the orphan is reaped", || children_of(init) == 1);
    send("TERM", u64::from(init));
    assert_eq!(run.wait().expect("it ends").code(), Some(0), "{}", place.said("stderr"));
    assert_eq!(place.said("signals"), "SIGTERM\n");
}

#[test]
fn without_k3s_it_is_said_or_only_reaps() {
    let place = Place::new(&json!({}));
    let mut command = place.command(env!("CARGO_BIN_EXE_manifestgen"));
    let output = command.args(["node", "run", "agent", "--binary", "/no/k3s"]).output().expect("it runs");
    assert_eq!(output.status.code(), Some(2));
    let mut run = place
        .command(env!("CARGO_BIN_EXE_manifestgen"))
        .args(["node", "run", "agent", "--without-k3s", "--quiet"])
        .spawn()
        .expect("it runs");
    eventually("it watches for signals", || {
        let status = fs::read_to_string(format!("/proc/{}/status", run.id())).unwrap_or_default();
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap_or_default().trim().to_owned();
        // SIGTERM is bit 14.
        u64::from_str_radix(&caught, 16).is_ok_and(|caught| caught >> 14 & 1 == 1)
    });
    send("TERM", u64::from(run.id()));
    assert_eq!(run.wait().expect("it ends").code(), Some(0));
}

const CLUSTER: &str = "\
cluster: {name: home}
nodes:
- {name: primer, role: server, address: 10.0.0.1}
- {name: worker, address: 10.0.0.2}
";

fn node_config(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_manifestgen"));
    let output = command.current_dir(folder).args(["node", "config"]).args(arguments).output().expect("it runs");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn a_node_gets_its_files_and_a_way_to_start() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("cluster.yaml"), CLUSTER).expect("written");
    assert_eq!(node_config(folder.path(), &["worker", "-o", "worker"]).0, Some(0));
    let read = |path: &str| fs::read_to_string(folder.path().join(path)).expect("a file");
    assert!(read("worker/etc/rancher/k3s/config.yaml").contains("server: https://10.0.0.1:6443"));
    let unit = read("worker/etc/systemd/system/k3s-agent.service");
    assert!(unit.contains("ExecStart=/usr/local/bin/k3s agent\n"));
    if let Some(analyze) = part("systemd-analyze") {
        let file = folder.path().join("worker/etc/systemd/system/k3s-agent.service");
        let output = Command::new(analyze).args(["verify", "--man=no"]).arg(file).output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr);
        // Neither k3s nor modprobe has to be on this machine.
        let wrong: Vec<_> =
            said.lines().filter(|line| line.contains("k3s-agent.service:") && !line.contains("is not executable")).collect();
        assert!(wrong.is_empty(), "{said}");
    }

    assert_eq!(node_config(folder.path(), &["primer", "--form", "container", "-o", "primer"]).0, Some(0));
    assert!(read("primer/Containerfile").contains(r#""node", "run", "server""#));
    assert!(!folder.path().join("primer/etc/systemd").exists());

    let (code, said) = node_config(folder.path(), &["other", "-o", "other"]);
    assert_eq!(code, Some(2));
    assert!(said.contains("the cluster file has no node `other`") && said.contains("`primer`, `worker`"), "{said}");
}
