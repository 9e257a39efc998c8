//! The API server that all tests of a run share.

use std::collections::HashSet;
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use manifestgen::diag::NoProgress;
use manifestgen::live::{Mode, client_of, define, validate_on_server};
use manifestgen::manifest::{Object, Release, ReleaseBuilder};
use serde_json::Value;

use crate::command::{Run, folder_with};
use crate::parts::part;

/// The kubeconfig of the shared server; none when its parts are not there (see [`part`]).
///
/// The run's setup script names one that is up already in `MANIFESTGEN_TEST_KUBECONFIG` (`.config/nextest.toml`). Without it this process
/// starts its own, which ends with it.
pub(crate) fn kubeconfig() -> Option<&'static Path> {
    static SERVER: OnceLock<PathBuf> = OnceLock::new();
    if part("etcd").is_none() | part("kube-apiserver").is_none() {
        return None;
    }
    let path = SERVER.get_or_init(|| {
        if let Some(given) = std::env::var_os("MANIFESTGEN_TEST_KUBECONFIG") {
            return given.into();
        }
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("kubeconfig-path");
        let server = start(&file, std::process::id(), None, &std::env::temp_dir());
        wait_for_path(&file, server)
    });
    Some(path)
}

/// What the shared server has against releases, each with a name, after these definitions are there; none without its parts.
///
/// Variants of a release share most of their objects. The server is asked about each once: again where the namespace around it is another one.
pub(crate) fn refusals(definitions: &[Value], releases: impl IntoIterator<Item = (String, Release)>) -> Option<Vec<String>> {
    let kubeconfig = serde_json::from_slice(&std::fs::read(kubeconfig()?).expect("a kubeconfig")).expect("JSON");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut refused = Vec::new();
    let mut asked = HashSet::new();
    runtime.block_on(async {
        let client = client_of(kubeconfig).await.expect("a client");
        define(&client, definitions).await.expect("defined");
        for (name, release) in releases {
            let release = without(&release, &mut asked);
            let report = validate_on_server(&release, &client, Mode::Ephemeral, &NoProgress).await.expect("an answer");
            assert_eq!(report.objects, release.objects().len(), "{name}");
            refused.extend(report.findings.into_iter().map(|finding| format!("{name}: {}: {}", finding.rule, finding.message)));
            refused.extend(report.not_checked.into_iter().map(|not| format!("{name}: not checked: {}", not.reason)));
        }
    });
    Some(refused)
}

/// The objects that were not asked about yet, and all namespaces.
fn without(release: &Release, asked: &mut HashSet<String>) -> Release {
    let namespace_of =
        |object: &Object| release.objects().iter().find(|other| is_namespace(other) && Some(other.name()) == object.namespace());
    let text = |object: &Object| serde_json::to_string(object).expect("JSON");
    let key = |object: &Object| namespace_of(object).map(text).unwrap_or_default() + &text(object);
    let objects = release.objects().iter().filter(|object| asked.insert(key(object)) || is_namespace(object)).cloned().collect();
    ReleaseBuilder { objects, ..ReleaseBuilder::default() }.finish(release.name())
}

fn is_namespace(object: &Object) -> bool {
    object.group().is_empty() && object.kind() == "Namespace"
}

/// What `validate` has against configs without a server, each with a name: all that is not `no findings`.
pub(crate) fn complaints<N: Display, C: Display>(configs: impl IntoIterator<Item = (N, C)>) -> Vec<String> {
    let complaint = |(name, config): (N, C)| {
        let folder = folder_with(&config.to_string());
        let ran = Run::new(folder.path(), &["validate"]).run();
        (ran.code != 0 || !ran.stderr.contains("no findings")).then(|| format!("{name}: {}", ran.stderr))
    };
    configs.into_iter().filter_map(complaint).collect()
}

/// Runs `__control-plane`, which ends when the process `owner` does, with scratch folders below `tmp`.
pub(crate) fn start(file: &Path, owner: u32, assets: Option<&Path>, tmp: &Path) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_manifestgen"));
    command.arg("__control-plane").arg(file).arg(owner.to_string()).args(assets).env("TMPDIR", tmp).stdin(Stdio::null());
    command.spawn().expect("manifestgen starts")
}

fn wait_for_path(file: &Path, mut server: Child) -> PathBuf {
    let deadline = Instant::now() + Duration::from_mins(2);
    while !file.exists() {
        assert!(server.try_wait().expect("a child").is_none(), "the control plane did not start; its error is above");
        assert!(Instant::now() < deadline, "the control plane is not ready after two minutes");
        std::thread::sleep(Duration::from_millis(50));
    }
    PathBuf::from(std::fs::read_to_string(file).expect("the path of a kubeconfig"))
}
