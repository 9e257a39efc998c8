//! The API server that all tests of a run share.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

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
