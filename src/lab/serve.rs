//! The hidden command `__control-plane`: keeps a control plane until somebody else's process ends.
//!
//! A test runner runs each test in a process of its own; this lets all of them share one server.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, pidfd_open};

use super::{ControlPlane, ControlPlaneOptions};
use crate::diag::{Error, NoProgress, Result};
use crate::process::interrupted;

/// The hidden first argument; where to write the path of the kubeconfig, a process, and the folder of the parts follow.
pub(super) const CONTROL_PLANE: &str = "__control-plane";

/// Runs `__control-plane KUBECONFIG PID [ASSETS]`.
///
/// Writes the path of the server's kubeconfig to the file KUBECONFIG once the server is ready, and ends it when the process PID ends.
pub(super) fn control_plane(mut arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let (Some(file), Some(pid)) = (arguments.next(), arguments.next()) else { return ExitCode::from(2) };
    let assets = arguments.next().map(PathBuf::from);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|cause| Error::environment("cannot start the async runtime").caused_by(cause));
    let done = runtime.and_then(|runtime| runtime.block_on(serve(Path::new(&file), &pid, assets)));
    done.map_or_else(
        |error| {
            // Nobody may be reading.
            let _ = writeln!(io::stderr(), "{error}{}", error.source.as_ref().map(|cause| format!(": {cause}")).unwrap_or_default());
            ExitCode::from(error.kind.exit_code())
        },
        |()| ExitCode::SUCCESS,
    )
}

async fn serve(file: &Path, pid: &OsString, assets: Option<PathBuf>) -> Result<()> {
    let no_process = || Error::usage(format!("no process `{}`", pid.display()));
    let owner = pid.to_str().and_then(|text| Pid::from_raw(text.parse().ok()?)).ok_or_else(no_process)?;
    let owner = pidfd_open(owner, PidfdFlags::empty()).map_err(|_| no_process())?;
    let (gone, owner_gone) = tokio::sync::oneshot::channel();
    // A pidfd becomes readable when its process ends (pidfd_open(2)). The thread is not waited for.
    std::thread::spawn(move || {
        while matches!(poll(&mut [PollFd::new(&owner, PollFlags::IN)], None), Err(Errno::INTR)) {}
        let _ = gone.send(());
    });
    tokio::select! {
        _ = owner_gone => Ok(()),
        error = interrupted() => Err(error),
        result = keep(file, assets) => result,
    }
}

async fn keep(file: &Path, assets: Option<PathBuf>) -> Result<()> {
    let plane = ControlPlane::start(&ControlPlaneOptions::new(assets), &NoProgress).await?;
    // Whole or not at all: somebody waits for it to appear.
    let aside = file.with_extension("new");
    std::fs::write(&aside, plane.kubeconfig().as_os_str().as_encoded_bytes())
        .and_then(|()| std::fs::rename(&aside, file))
        .map_err(|cause| Error::environment(format!("cannot write `{}`", file.display())).caused_by(cause))?;
    std::future::pending().await
}
