//! Starting real parts: what all engines have in common.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use kube::Client;
use tokio::time::{sleep, timeout};

use crate::diag::{Error, Result};
use crate::live;
use crate::process::{Process, Program};

/// How long a part may take to become ready; on an idle machine it takes one to three seconds.
const PATIENCE: Duration = Duration::from_secs(90);
const POLL: Duration = Duration::from_millis(20);

pub(super) fn program(name: &str, path: PathBuf, arguments: Vec<String>) -> Program {
    let arguments = arguments.into_iter().map(OsString::from).collect();
    // etcd takes options from ETCD_*, Go programs proxies from HTTP_PROXY: none of the user's may reach them.
    Program { name: name.to_owned(), path, arguments, environment: Vec::new() }
}

/// Relative to the scratch folder, in which all parts run: an absolute path may be longer than a socket's may be (unix(7): 108 bytes).
pub(super) const ETCD_SOCKET: &str = "etcd.sock";

/// etcd listens on sockets in the scratch folder only: no port to choose, and nobody else can reach it.
pub(super) fn etcd_arguments() -> Vec<String> {
    // It wants a port in the names of URLs that it advertises, and connects to none of them while it is alone.
    let peer = "unix://peer.sock:1";
    [
        "--name=lab".to_owned(),
        "--data-dir=etcd".to_owned(),
        format!("--listen-client-urls=unix://{ETCD_SOCKET}"),
        "--advertise-client-urls=http://localhost:1".to_owned(),
        format!("--listen-peer-urls={peer}"),
        format!("--initial-advertise-peer-urls={peer}"),
        format!("--initial-cluster=lab={peer}"),
        // Nothing here has to survive a power failure.
        "--unsafe-no-fsync".to_owned(),
        "--log-level=warn".to_owned(),
    ]
    .to_vec()
}

pub(super) fn write_private(path: &Path, content: &str) -> Result<()> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(content.as_bytes()))
        .map_err(|cause| Error::environment(format!("cannot write `{}`", path.display())).caused_by(cause))
}

/// Serving also means that the namespace `default` is there: it is made after `/readyz` is good.
pub(super) async fn serves(client: &Client) -> bool {
    live::exists(client, "/readyz").await && live::exists(client, "/api/v1/namespaces/default").await
}

/// Asks again and again until it is so; gives up when one of the processes ends.
pub(super) async fn ready<F: Future<Output = bool>>(processes: &mut [&mut Process], asked: impl FnMut() -> F) -> Result<()> {
    ready_within(PATIENCE, processes, asked).await
}

/// The same, for what may take another time.
pub(super) async fn ready_within<F: Future<Output = bool>>(
    patience: Duration,
    processes: &mut [&mut Process],
    mut asked: impl FnMut() -> F,
) -> Result<()> {
    let asking = async {
        while !asked().await {
            sleep(POLL).await;
        }
    };
    let waiting = timeout(patience, asking);
    let name = processes[0].name().to_owned();
    let lines = processes[0].clone();
    let ended =
        futures_util::future::select_all(processes.iter_mut().map(|process| Box::pin(async { (process.ended().await, process.clone()) })));
    tokio::select! {
        ready = waiting => ready.map_err(|_| {
            with_log(Error::environment(format!("`{name}` is not ready after {} s", patience.as_secs())), &lines)
        }),
        ((exit, process), ..) = ended => {
            Err(with_log(Error::environment(format!("`{}` ended with {exit} before it was ready", process.name())), &process))
        }
    }
}

pub(super) fn with_log(error: Box<Error>, process: &Process) -> Box<Error> {
    let lines = process.last_lines(5);
    if lines.is_empty() { error } else { error.caused_by(format!("the last lines of its log:\n{}", lines.join("\n"))) }
}
