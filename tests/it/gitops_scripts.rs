//! The scripts of a GitOps tree, run: on a machine of their own with stand-ins for what k3s brings, with a stand-in for kubectl, and
//! against a real API server.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use manifestgen::diag::NoProgress;
use manifestgen::lab::{ControlPlane, ControlPlaneOptions};
use serde_json::Value;
use tempfile::TempDir;

use crate::command::{Ran, Run, folder_with};
use crate::parts::{noted, part};

const CLUSTER: &str = "\
cluster: {name: home}
argocd: {}
nodes: [{name: n1, role: server, address: 10.0.0.1}]
gitops: {repoURL: 'https://git.example.com/cluster.git'}
profiles:
  prod:
    cluster: {name: prod, version: '1.37'}
    argocd: {namespace: cd}
    nodes: [{name: n1, $patch: delete}, {name: p1, role: server, address: 10.0.1.1}]
  bare:
    k3s: {disable: [coredns], defaults: {withNodeId: true}}
";

/// `systemctl`, of a machine on which nothing runs and units are files.
const SYSTEMCTL: &str = r#"#!/bin/sh
echo "systemctl $*" >>"$MACHINE/calls"
case "$1" in
  is-active) exit 1 ;;
  cat) [ -e "/etc/systemd/system/$2" ] ;;
esac
"#;

/// What https://get.k3s.io stands for: it brings `k3s`, which answers as files say, and its way back.
const GET_K3S: &str = r#"
echo "get-k3s $INSTALL_K3S_CHANNEL $INSTALL_K3S_EXEC" >>"$MACHINE/calls"
echo 'the script of k3s was here'
cat >/usr/local/bin/k3s <<'K3S'
#!/bin/sh
shift
echo "kubectl $*" >>"$MACHINE/calls"
case "$*" in
  'get --raw /readyz') [ ! -e "$MACHINE/no-api" ] ;;
  'get nodes'*) cat "$MACHINE/nodes" ;;
  *coredns*) [ -e "$MACHINE/coredns" ] ;;
esac
K3S
printf '#!/bin/sh\necho uninstall >>"$MACHINE/calls"\nrm /usr/local/bin/k3s\n' >/usr/local/bin/k3s-uninstall.sh
chmod +x /usr/local/bin/k3s /usr/local/bin/k3s-uninstall.sh
[ ! -e "$MACHINE/no-script" ]
"#;

fn program(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().expect("a folder")).expect("made");
    fs::write(path, text).expect("written");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("executable");
}

fn tree(cluster: &str) -> TempDir {
    let folder = folder_with(cluster);
    Run::new(folder.path(), &["render", "--format", "gitops", "-o", "tree"]).run().good();
    folder
}

/// A machine with `/etc`, `/run` and `/usr/local/bin` of its own, all of them empty but for the token, and no network.
struct Machine {
    folder: TempDir,
}

impl Machine {
    fn new() -> Option<Self> {
        let (_, _) = (part("unshare")?, part("mount")?);
        let may = Command::new("unshare").args(["--mount", "--net", "true"]).output().is_ok_and(|output| output.status.success());
        if !noted("namespaces of one's own", may) {
            return None;
        }
        let machine = Self { folder: tree(CLUSTER) };
        program(&machine.folder.path().join("bin/systemctl"), SYSTEMCTL);
        machine.file("get-k3s", GET_K3S);
        Some(machine)
    }

    fn file(&self, name: &str, text: &str) {
        fs::write(self.folder.path().join(name), text).expect("written");
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join(name)).unwrap_or_default()
    }

    /// Runs the script, after the one that `prepare` is; its last lines on stdout are the files that it left. What became of the program k3s
    /// is in `k3s`.
    fn install(&self, arguments: &[&str]) -> Ran {
        for file in ["calls", "log", "k3s"] {
            // There is none before the first run.
            let _ = fs::remove_file(self.folder.path().join(file));
        }
        let inside = "set -e; for folder in /etc /run /usr/local/bin; do mount -t tmpfs tmpfs $folder; done; \
            mkdir /run/agenix; (umask 377; echo token >/run/agenix/k3s-token); rc=0; \
            [ ! -e \"$MACHINE/prepare\" ] || . \"$MACHINE/prepare\"; \
            bash \"$MACHINE/tree/bootstrap/scripts/install-k3s.sh\" \"$@\" || rc=$?; \
            [ ! -e /usr/local/bin/k3s ] || cp /usr/local/bin/k3s \"$MACHINE/k3s\"; \
            find /etc /usr/local/bin -type f | sort; exit $rc";
        let path = std::env::var("PATH").unwrap_or_default();
        let mut command = Command::new("unshare");
        command.args(["--mount", "--net", "--", "bash", "-c", inside, "machine"]).args(arguments);
        command.env("MACHINE", self.folder.path()).env("PATH", format!("{}/bin:{path}", self.folder.path().display()));
        command.env("INSTALL_LOG", self.folder.path().join("log")).env("INSTALL_K3S_SCRIPT", self.folder.path().join("get-k3s"));
        command.env("INSTALL_PATIENCE", "1").stdin(Stdio::null()).output().expect("unshare runs").into()
    }
}

fn stdout(ran: &Ran) -> String {
    String::from_utf8_lossy(&ran.stdout).into_owned()
}

const INSTALLED: &str = "/etc/rancher/k3s/config.yaml\n/usr/local/bin/k3s\n/usr/local/bin/k3s-uninstall.sh\n";

/// It uninstalled a good server: one without CoreDNS, and one whose node has an id in its name.
#[test]
fn a_server_that_answers_is_never_uninstalled() {
    let Some(machine) = Machine::new() else { return };
    machine.file("nodes", "n1=True\n");
    let ran = machine.install(&["--node", "n1"]);
    assert_eq!((ran.code, stdout(&ran).as_str()), (1, INSTALLED), "{}", ran.shown());
    assert!(ran.stderr.contains("the cluster has no DNS") && !machine.read("calls").contains("uninstall"), "{}", ran.shown());

    // This environment has no CoreDNS, and names with ids.
    let ran = machine.install(&["--node", "n1", "--environment", "bare"]);
    assert_eq!(ran.code, 1, "`n1` is another node: {}", ran.shown());
    machine.file("nodes", "n1-0badcafe=True\nn2=False\n");
    let ran = machine.install(&["--node", "n1", "--environment", "bare"]);
    assert_eq!((ran.code, stdout(&ran).as_str()), (0, INSTALLED), "{}", ran.shown());
    assert!(!machine.read("calls").contains("coredns"), "{}", machine.read("calls"));

    machine.file("nodes", "n1=False\n");
    machine.file("coredns", "");
    let ran = machine.install(&["--node", "n1"]);
    assert_eq!((ran.code, stdout(&ran).as_str()), (1, INSTALLED), "{}", ran.shown());
    assert!(ran.stderr.contains("the node n1 is not Ready; k3s stays as it is"), "{}", ran.shown());
}

/// The log had only what the script of k3s said.
#[test]
fn a_failed_installation_is_undone_and_its_log_tells_why() {
    let Some(machine) = Machine::new() else { return };
    machine.file("nodes", "n1=True\n");
    machine.file("coredns", "");
    for (obstacle, said) in [("no-script", "the script of k3s failed"), ("no-api", "the API server is not ready")] {
        machine.file(obstacle, "");
        let ran = machine.install(&["--node", "n1"]);
        fs::remove_file(machine.folder.path().join(obstacle)).expect("removed");
        assert_eq!((ran.code, stdout(&ran).as_str()), (1, "/usr/local/bin/k3s-uninstall.sh\n"), "{}", ran.shown());
        assert!(machine.read("calls").contains("uninstall"), "{}", machine.read("calls"));
        let log = machine.read("log");
        for line in ["preflight: n1 is fit", "writing the configuration", "the script of k3s was here", said, "going back"] {
            assert!(log.contains(line), "{line}: {log}");
        }
    }
    let ran = machine.install(&["--node", "n1"]);
    assert_eq!((ran.code, stdout(&ran).as_str()), (0, INSTALLED), "{}", ran.shown());
    assert!(machine.read("log").contains("n1 is up"), "{}", machine.read("log"));
    // Who only looks leaves nothing.
    let ran = machine.install(&["--node", "n1", "--preflight"]);
    assert_eq!((ran.code, stdout(&ran).as_str(), machine.read("log").as_str()), (0, "", ""), "{}", ran.shown());
}

/// A binary that was supplied counted as k3s that had run: its unit was started again, with an empty folder of configuration.
#[test]
fn a_supplied_binary_is_kept_and_nothing_is_started() {
    let Some(machine) = Machine::new() else { return };
    machine.file("prepare", "echo supplied >/usr/local/bin/k3s; chmod +x /usr/local/bin/k3s\n");
    machine.file("no-script", "");
    let ran = machine.install(&["--node", "n1"]);
    let left = "/usr/local/bin/k3s\n/usr/local/bin/k3s-uninstall.sh\n";
    assert_eq!((ran.code, stdout(&ran).as_str(), machine.read("k3s").as_str()), (1, left, "supplied\n"), "{}", ran.shown());
    let calls = machine.read("calls");
    assert!(calls.contains("uninstall\n") && !calls.contains("restart"), "{calls}");
}

/// `k3s` was started first, whatever the machine had been.
#[test]
fn only_the_unit_that_was_there_is_started_again() {
    let Some(machine) = Machine::new() else { return };
    let prepare = "mkdir -p /etc/systemd/system /etc/rancher/k3s; echo unit >/etc/systemd/system/k3s-agent.service
echo 'former: true' >/etc/rancher/k3s/config.yaml\n";
    machine.file("prepare", prepare);
    machine.file("no-script", "");
    let ran = machine.install(&["--node", "n1"]);
    assert_eq!(ran.code, 1, "{}", ran.shown());
    let calls = machine.read("calls");
    let restarts: Vec<&str> = calls.lines().filter(|line| line.contains("restart")).collect();
    assert_eq!(restarts, ["systemctl restart k3s-agent"], "{calls}");
    assert!(!calls.contains("uninstall\n"), "{calls}");
}

/// `produciton` was taken for an environment in which no node is a server, and one file held the first environment's version for all.
#[test]
fn each_environment_has_its_own_version_nodes_and_namespace() {
    let Some(machine) = Machine::new() else { return };
    machine.file("nodes", "p1=True\n");
    machine.file("coredns", "");
    let ran = machine.install(&["--node", "n1", "--environment", "produciton"]);
    assert_eq!((ran.code, stdout(&ran).as_str(), machine.read("calls").as_str()), (2, "", ""), "{}", ran.shown());
    insta::assert_snapshot!(ran.stderr, @"
    there is no environment produciton; there are:
      default
      prod
      bare
    ");
    // The files of `n1` are there, but it is no node of `prod`.
    let ran = machine.install(&["--node", "n1", "--environment", "prod"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (2, "there is no node n1 in environment prod\n"));
    let ran = machine.install(&["--node", "p1", "--environment", "prod"]);
    assert_eq!(ran.code, 0, "{}", ran.shown());
    assert!(machine.read("calls").contains("get-k3s v1.37 server"), "{}", machine.read("calls"));
    let environments = machine.folder.path().join("tree/bootstrap/scripts/environments");
    insta::assert_snapshot!(fs::read_to_string(environments.join("prod.env")).expect("text"), @"
    # What the scripts know of this environment.
    cluster='prod'
    nodes=('p1')
    servers=('p1')
    k3s_channel='v1.37'
    k3s_version=''
    argocd_namespace='cd'
    repository='https://git.example.com/cluster.git'
    ");
    let of_default = fs::read_to_string(environments.join("default.env")).expect("text");
    assert!(of_default.contains("k3s_channel='v1.36'\n") && of_default.contains("argocd_namespace='argocd'\n"), "{of_default}");
}

/// kubectl against a cluster of files: a file `fail` with a number makes as many calls for Applications fail.
const KUBECTL: &str = r#"#!/bin/sh
echo "$*" >>"$MACHINE/calls"
case "$*" in
  *'get applications -o jsonpath'*)
    left=$(cat "$MACHINE/fail")
    if [ "$left" -gt 0 ]; then
      echo $((left - 1)) >"$MACHINE/fail"
      echo 'Unable to connect to the server' >&2
      exit 1
    fi
    cat "$MACHINE/applications"
    ;;
  *'get applications') echo 'a table' ;;
  *'get application root'*) printf Synced ;;
  *'get deployments,statefulsets -o name') cat "$MACHINE/workloads" ;;
esac
"#;

fn post_install(folder: &Path, arguments: &[&str]) -> Ran {
    let path = std::env::var("PATH").unwrap_or_default();
    let mut command = Command::new("bash");
    command.arg(folder.join("tree/bootstrap/scripts/post-install.sh")).args(arguments).env("MACHINE", folder);
    command.env("PATH", format!("{}/bin:{path}", folder.display())).env("INSTALL_PATIENCE", "3").stdin(Stdio::null());
    command.output().expect("bash runs").into()
}

/// A call that failed counted as an answer without any Application that is not well.
#[test]
fn a_failed_call_of_kubectl_is_no_success() {
    let folder = tree(CLUSTER);
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("written");
    program(&folder.path().join("bin/kubectl"), KUBECTL);
    write("workloads", "deployment.apps/argocd-server\n");
    write("fail", "1");
    write("applications", "root Synced/Healthy {}\nshop OutOfSync/Missing {}\n");
    let ran = post_install(folder.path(), &["--check"]);
    assert_eq!(ran.code, 1, "{}", ran.shown());
    assert!(ran.stderr.contains("1 applications are not synced and healthy: shop (OutOfSync/Missing), after 3 s"), "{}", ran.shown());

    write("fail", "1");
    write("applications", "root Synced/Healthy {}\nshop Synced/Healthy {}\n");
    let ran = post_install(folder.path(), &["--check", "--environment", "prod"]);
    assert_eq!(ran.code, 0, "{}", ran.shown());
    assert!(fs::read_to_string(folder.path().join("calls")).expect("text").contains("-n cd get applications"));

    write("fail", "99");
    let ran = post_install(folder.path(), &["--check"]);
    assert_eq!(ran.code, 1, "{}", ran.shown());
    assert!(ran.stderr.contains("the API server does not answer, after 3 s"), "{}", ran.shown());

    // Nothing is not healthy.
    write("fail", "0");
    for empty in ["applications", "workloads"] {
        write(empty, "");
        let ran = post_install(folder.path(), &["--check"]);
        assert_eq!(ran.code, 1, "{empty}: {}", ran.shown());
    }
}

/// It waited the full time for what only a person does.
#[test]
fn an_application_that_is_synced_by_hand_is_named_and_not_waited_for() {
    let folder = tree(CLUSTER);
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("written");
    program(&folder.path().join("bin/kubectl"), KUBECTL);
    write("workloads", "deployment.apps/argocd-server\n");
    write("fail", "0");
    let by_hand = "done Synced/Healthy \noff OutOfSync/Missing {\"enabled\":false,\"prune\":true}\nnone OutOfSync/Healthy \n";
    write("applications", &format!("root Synced/Healthy {{\"prune\":true}}\n{by_hand}"));
    let ran = post_install(folder.path(), &["--check"]);
    assert_eq!(ran.code, 0, "{}", ran.shown());
    assert!(ran.stderr.contains("to be synced by hand: off (OutOfSync/Missing), none (OutOfSync/Healthy)\n"), "{}", ran.shown());
    let calls = fs::read_to_string(folder.path().join("calls")).expect("text");
    assert!(calls.contains("{.spec.syncPolicy.automated}"), "{calls}");

    // `automated: {}` is on.
    write("applications", &format!("root Synced/Healthy {{}}\nnew / {{}}\n{by_hand}"));
    let ran = post_install(folder.path(), &["--check"]);
    assert_eq!(ran.code, 1, "{}", ran.shown());
    assert!(ran.stderr.contains("1 applications are not synced and healthy: new (nobody has looked at it), after 3 s"), "{}", ran.shown());
    assert!(ran.stderr.contains("to be synced by hand: off"), "{}", ran.shown());
}

/// `manifestgen` that only notes how it was called.
const MANIFESTGEN: &str = "#!/bin/sh\necho \"$*\" >>\"$MACHINE/calls\"\nexec \"$REAL\" \"$@\"\n";

fn ci_check(folder: &Path) -> Ran {
    let path = std::env::var("PATH").unwrap_or_default();
    let mut command = Command::new("bash");
    command.arg(folder.join("tree/ci/check.sh")).env("MACHINE", folder).env("REAL", env!("CARGO_BIN_EXE_manifestgen"));
    command.env("CLUSTER_FILE", folder.join("cluster.yaml")).env("PATH", format!("{}/bin:{path}", folder.display()));
    command.stdin(Stdio::null()).output().expect("bash runs").into()
}

/// Only the file without a profile was validated.
#[test]
fn ci_validates_every_environment() {
    let bad = CLUSTER.replace(
        "    argocd: {namespace: cd}\n",
        "    argocd: {namespace: cd}\n    extraObjects:\n    - {apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: nowhere}}\n",
    );
    assert_ne!(bad, CLUSTER);
    for (config, code) in [(CLUSTER, 0), (bad.as_str(), 1)] {
        let folder = tree(config);
        program(&folder.path().join("bin/manifestgen"), MANIFESTGEN);
        let ran = ci_check(folder.path());
        assert_eq!(ran.code, code, "{}", ran.shown());
        let calls = fs::read_to_string(folder.path().join("calls")).expect("text").replace(&folder.path().display().to_string(), "…");
        insta::allow_duplicates! {
            insta::assert_snapshot!(calls, @"
            validate -c …/cluster.yaml
            validate -c …/cluster.yaml --profile prod
            validate -c …/cluster.yaml --profile bare
            render -c …/cluster.yaml --format gitops -o . --check
            ");
        }
    }
}

/// A tree of one profile, or with values from the command line, was always stale to its own check.
#[test]
fn ci_knows_how_the_tree_was_rendered() {
    let folder = folder_with(CLUSTER);
    let set = "applications=[{name: a, repoURL: https://x.example.com/a, namespace: a, info: [{name: note, value: it's}]}]";
    let arguments = ["render", "--format", "gitops", "-o", "tree", "--profile", "prod", "--set", set];
    Run::new(folder.path(), &arguments).run().good();
    program(&folder.path().join("bin/manifestgen"), MANIFESTGEN);
    let ran = ci_check(folder.path());
    assert_eq!(ran.code, 0, "{}", ran.shown());
    assert!(ran.stderr.contains("up to date"), "{}", ran.shown());
    let page = fs::read_to_string(folder.path().join("tree/README.md")).expect("text");
    assert!(page.contains("`manifestgen render --format gitops -o . --profile prod --set 'applications=["), "{page}");
    let version = format!("cargo install --locked --version {} manifestgen", env!("CARGO_PKG_VERSION"));
    let workflow = fs::read_to_string(folder.path().join("tree/.github/workflows/cluster.yaml")).expect("text");
    assert!(workflow.contains(&version), "{workflow}");
    // GitHub would not find a workflow in a folder.
    let inside = ["render", "--format", "gitops", "-o", "inside", "--set", "gitops.path=clusters/home"];
    Run::new(folder.path(), &inside).run().good();
    let workflow = fs::read_to_string(folder.path().join("inside/ci/workflow.yaml")).expect("text");
    assert!(workflow.contains("'clusters/home/ci/check.sh'"), "{workflow}");
    assert!(!folder.path().join("inside/.github").exists());
}

/// What an installation made that failed half-way stayed there.
#[test]
fn a_partial_installation_of_argo_cd_is_undone() {
    let found = [part("etcd"), part("kube-apiserver"), part("kubectl"), part("kustomize")];
    let [Some(_), Some(_), Some(kubectl), Some(_)] = found else { return };
    let folder = tree(CLUSTER);
    let mut options = ControlPlaneOptions::new(None);
    options.guard.program = env!("CARGO_BIN_EXE_manifestgen").into();
    folder.path().clone_into(&mut options.guard.scratch_parent);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let plane = runtime.block_on(ControlPlane::start(&options, &NoProgress)).expect("a control plane");
    let kubectl_says = |arguments: &[&str]| -> Ran {
        Command::new(&kubectl).env("KUBECONFIG", plane.kubeconfig()).args(arguments).output().expect("kubectl runs").into()
    };
    // A person has brought these before.
    kubectl_says(&["create", "namespace", "argocd"]).good();
    kubectl_says(&["create", "secret", "generic", "repo-shop", "-n", "argocd"]).good();
    kubectl_says(&["create", "configmap", "argocd-ssh-known-hosts-cm", "-n", "argocd"]).good();
    // What the server refuses, and only in its second round does the script give up.
    let broken = folder.path().join("tree/argocd/configs/configmap-argocd-cm.yaml");
    let good = fs::read_to_string(&broken).expect("text");
    fs::write(&broken, good.replacen("\ndata:\n", "\ndata:\n  not.text: 1\n", 1)).expect("written");

    let log = folder.path().join("log");
    let path = format!("{}:{}", kubectl.parent().expect("a folder").display(), std::env::var("PATH").unwrap_or_default());
    let ran: Ran = {
        let mut command = Command::new("bash");
        command.arg(folder.path().join("tree/bootstrap/scripts/post-install.sh")).arg("--no-wait").env("INSTALL_LOG", &log);
        command.env("KUBECONFIG", plane.kubeconfig()).env("PATH", &path).env("INSTALL_PATIENCE", "1").stdin(Stdio::null());
        // Its list of kinds is its own: another test's could know the definitions already.
        command.env("KUBECACHEDIR", folder.path().join("cache")).output().expect("bash runs").into()
    };
    assert_eq!(ran.code, 1, "{}", ran.shown());
    assert!(ran.stderr.contains("deleting what it made") && !ran.stderr.contains("not everything"), "{}", ran.shown());
    let said = fs::read_to_string(&log).expect("a log");
    assert!(said.contains("serverside-applied") && said.contains("deleted"), "{said}");
    let names = |kind: &str| -> Vec<String> {
        let list: Value = serde_json::from_str(&kubectl_says(&["get", kind, "-n", "argocd", "-o", "json"]).good()).expect("JSON");
        let items = list["items"].as_array().expect("items").iter().filter(|item| item["metadata"]["deletionTimestamp"].is_null());
        items.map(|item| item["metadata"]["name"].as_str().unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(names("secrets"), ["repo-shop"]);
    assert!(names("configmaps").contains(&"argocd-ssh-known-hosts-cm".to_owned()));
    assert!(names("deployments").is_empty() && names("roles").is_empty());
    assert!(names("namespaces").contains(&"argocd".to_owned()));
    // The server takes a definition away in its own time.
    assert_eq!(names("customresourcedefinitions"), [""; 0]);
    runtime.block_on(plane.stop()).expect("cleaned up");
}
