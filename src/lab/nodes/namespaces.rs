//! The namespaces of a node.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use super::init::{INIT, PREPARED};
use super::programs::Base;
use crate::diag::{Error, Result};
use crate::lab::parts::{ready, with_log};
use crate::process::{Exit, Guard, Process, Program};

/// Process, mount and network namespaces, which live as long as their first process.
pub(super) struct Namespaces {
    first: Process,
    /// The node's folder, in which its programs run.
    pub folder: PathBuf,
    /// Which of containerd's snapshotters works there.
    pub snapshotter: String,
    nsenter: PathBuf,
    search: OsString,
}

impl Namespaces {
    /// Makes namespaces below the guard. The node's folder is `name` in the scratch folder; of `own`, folders below `/etc`, it has its own.
    pub(super) async fn start(guard: &mut Guard, base: &Base, name: &str, own: &[&str]) -> Result<Self> {
        let folder = guard.scratch().join(name);
        std::fs::create_dir(&folder).map_err(|cause| Error::environment(format!("cannot make `{}`", folder.display())).caused_by(cause))?;
        let flags = ["--mount", "--net", "--pid", "--ipc", "--fork", "--kill-child=KILL", "--mount-proc", "--propagation=private", "--"];
        let mut arguments: Vec<OsString> = flags.map(OsString::from).to_vec();
        arguments.extend([base.manifestgen.clone().into_os_string(), INIT.into(), folder.clone().into_os_string()]);
        arguments.extend(own.iter().map(OsString::from));
        let program = Program {
            name: format!("{name}-init"),
            path: base.unshare.clone(),
            arguments,
            environment: vec![("PATH".into(), base.search.clone())],
        };
        let first = guard.run(&program).await?;
        let log = first.clone();
        let said = || log.last_lines(1).first().and_then(|line| Some(line.strip_prefix(PREPARED)?.trim().to_owned()));
        ready(&mut [&mut first.clone()], async || said().is_some()).await.map_err(|error| {
            error
                .hint("this machine has to let root make namespaces and mounts; a container has to be privileged for that")
                .hint("`--engine api` needs neither, and has everything but nodes")
        })?;
        let snapshotter = said().unwrap_or_default();
        Ok(Self { first, folder, snapshotter, nsenter: base.nsenter.clone(), search: base.search.clone() })
    }

    /// The process whose `/proc/PID/ns` names them.
    pub(super) fn pid(&self) -> u32 {
        self.first.pid()
    }

    /// Ends all that runs there, as a power failure does.
    pub(super) async fn kill(&mut self) -> Result<()> {
        let cannot = |cause: rustix::io::Errno| Error::environment("cannot end a node").caused_by(std::io::Error::from(cause));
        let pid = i32::try_from(self.pid()).ok().and_then(Pid::from_raw).ok_or_else(|| Error::internal("a node without a process"))?;
        let handle = pidfd_open(pid, PidfdFlags::empty()).map_err(cannot)?;
        // The kernel kills the node's first process with the one that made it, and all others with that.
        pidfd_send_signal(&handle, Signal::KILL).map_err(cannot)?;
        self.first.ended().await;
        Ok(())
    }

    /// The arguments of `nsenter` that lead there.
    pub(super) fn enter(&self) -> Vec<OsString> {
        enter(self.pid(), &self.folder)
    }

    /// A program that runs on the node.
    pub(super) fn program<T: Into<OsString>>(&self, name: &str, path: &Path, arguments: impl IntoIterator<Item = T>) -> Program {
        self.entered(name, path, arguments, &self.enter())
    }

    /// A program that has only the node's network.
    pub(super) fn network_program<T: Into<OsString>>(&self, name: &str, path: &Path, arguments: impl IntoIterator<Item = T>) -> Program {
        self.entered(name, path, arguments, &[format!("--net=/proc/{}/ns/net", self.pid()).into(), "--".into()])
    }

    /// A command there, which is killed when it is dropped.
    pub(super) fn command(&self, program: &Path) -> tokio::process::Command {
        let mut command = tokio::process::Command::new(&self.nsenter);
        command.args(self.enter()).arg(program).env_clear().env("PATH", &self.search).stdin(Stdio::null()).kill_on_drop(true);
        command
    }

    fn entered<T: Into<OsString>>(&self, name: &str, path: &Path, arguments: impl IntoIterator<Item = T>, flags: &[OsString]) -> Program {
        let mut all = flags.to_vec();
        all.push(path.as_os_str().to_owned());
        all.extend(arguments.into_iter().map(Into::into));
        let environment = vec![("PATH".into(), self.search.clone())];
        Program { name: name.to_owned(), path: self.nsenter.clone(), arguments: all, environment }
    }
}

/// The arguments of `nsenter` that lead into a node, whose first process has this number, and to a folder there.
pub(super) fn enter(pid: u32, folder: &Path) -> Vec<OsString> {
    let mut wanted = OsString::from("--wdns=");
    wanted.push(folder);
    vec![
        format!("--net=/proc/{pid}/ns/net").into(),
        format!("--ipc=/proc/{pid}/ns/ipc").into(),
        format!("--mount=/proc/{pid}/ns/mnt").into(),
        format!("--pid=/proc/{pid}/ns/pid_for_children").into(),
        wanted,
        "--".into(),
    ]
}

/// Runs a program that has something to do and ends.
pub(super) async fn run_to_end(guard: &mut Guard, program: &Program) -> Result<()> {
    let mut process = guard.run(program).await?;
    match process.ended().await {
        Exit::Code(0) => Ok(()),
        exit => Err(with_log(Error::environment(format!("`{}` ended with {exit}", program.name)), &process)),
    }
}
