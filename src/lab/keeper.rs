//! Labs that outlive the command that started them: a process of their own keeps them until they are ended, or their time is over.

use std::ffi::OsString;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{ExitCode, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal, setsid};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::unix::pipe::Receiver;
use tokio::process::Command;

use super::nodes::{Distribution, Image, Lab, LabOptions};
use super::registry::{self, Entry, Held};
use super::{ControlPlane, ControlPlaneOptions, Recipe};
use crate::diag::{Error, ErrorKind, Progress, Result};
use crate::process::interrupted;

/// The hidden first argument.
pub(super) const KEEPER: &str = "__lab";

/// How long a lab may take to end.
const END: Duration = Duration::from_mins(1);

/// What kind of lab it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Engine {
    /// etcd and kube-apiserver; no root, no nodes, no controllers.
    Api,
    /// A whole control plane and real nodes; needs root.
    Kubernetes,
    /// The same nodes with k3s; needs root and a k3s.
    K3s,
}

impl Engine {
    /// Its name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Kubernetes => "kubernetes",
            Self::K3s => "k3s",
        }
    }
}

/// What `lab up` asks for.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpOptions {
    /// The lab's name.
    pub name: String,
    /// What kind it is.
    pub engine: Engine,
    /// Nodes beside the primer.
    pub workers: u8,
    /// Archives of images, and folders of recipes.
    pub images: Vec<PathBuf>,
    /// Where real parts are looked for first.
    pub assets: Option<PathBuf>,
    /// After how many seconds it ends by itself.
    pub seconds: u64,
}

/// What the keeper says to the command that started it, a line each.
#[derive(Debug, Serialize, Deserialize)]
enum Said {
    Step(String),
    Note(String),
    Ready(Box<Entry>),
    Failed { usage: bool, message: String, cause: Option<String>, hints: Vec<String> },
}

/// Starts a lab that stays when this returns.
///
/// # Errors
/// Those of [`ControlPlane::start`] and [`Lab::start`]; a usage error when a lab of this name runs; an interruption. Nothing is left then.
pub async fn up(options: &UpOptions, progress: &dyn Progress) -> Result<Entry> {
    let broken = || Error::internal("the lab's process ended without a word");
    let options = serde_json::to_string(options).map_err(|cause| broken().caused_by(cause))?;
    let mut keeper = Command::new("/proc/self/exe")
        .arg0("manifestgen")
        .args([KEEPER, &options])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|cause| Error::environment("cannot start the lab's process").caused_by(cause))?;
    let (Some(mut stdin), Some(stdout)) = (keeper.stdin.take(), keeper.stdout.take()) else { return Err(broken()) };
    let mut lines = BufReader::new(stdout).lines();
    let listening = async {
        while let Ok(Some(line)) = lines.next_line().await {
            match serde_json::from_str(&line) {
                Ok(Said::Step(text)) => progress.step(&text),
                Ok(Said::Note(text)) => progress.note(&text),
                Ok(Said::Ready(entry)) => return Ok(*entry),
                Ok(Said::Failed { usage, message, cause, hints }) => {
                    let mut error = if usage { Error::usage(message) } else { Error::environment(message) };
                    error.hints = hints;
                    return Err(match cause {
                        Some(cause) => error.caused_by(cause),
                        None => error,
                    });
                }
                Err(_) => break,
            }
        }
        Err(broken())
    };
    let result = tokio::select! {
        error = interrupted() => Err(error),
        result = listening => result,
    };
    let result = match result {
        Ok(entry) => match stdin.write_all(b"k").await {
            Ok(()) => return Ok(entry),
            Err(cause) => Err(broken().caused_by(cause)),
        },
        Err(error) => Err(error),
    };
    // The end of its input tells it to end.
    drop(stdin);
    let ended = tokio::time::timeout(END, keeper.wait()).await;
    // What is killed from outside, such as for want of memory, says nothing any more.
    let signal = ended.ok().and_then(io::Result::ok).and_then(|status| status.signal());
    match signal {
        Some(signal) if result.as_ref().is_err_and(|error| error.kind == ErrorKind::Internal) => {
            Err(Error::environment(format!("the lab's process was killed by signal {signal}")))
        }
        _ => result,
    }
}

/// Ends a lab and waits until its process is gone.
///
/// # Errors
/// An environment error when it does not end.
pub fn down(entry: &Entry) -> Result<()> {
    let Some(pid) = Pid::from_raw(entry.pid.cast_signed()) else { return Ok(()) };
    let Ok(handle) = pidfd_open(pid, PidfdFlags::empty()) else { return Ok(()) };
    // While the entry is locked, the number is still the keeper's.
    if registry::lab(&entry.name).is_ok_and(|now| now.pid == entry.pid) {
        let _ = pidfd_send_signal(&handle, Signal::TERM);
    }
    let ended = poll(&mut [PollFd::new(&handle, PollFlags::IN)], Timespec::try_from(END).ok().as_ref());
    if matches!(ended, Ok(1..)) { Ok(()) } else { Err(Error::environment(format!("the lab `{}` does not end", entry.name))) }
}

/// Runs `__lab OPTIONS`.
pub(super) fn keep(mut arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let options = arguments.next().and_then(|text| serde_json::from_str::<UpOptions>(text.to_str()?).ok());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let (Some(options), Ok(runtime)) = (options, runtime) else { return ExitCode::from(2) };
    // Ctrl-C on the terminal is for the command that started us.
    let _ = setsid();
    match runtime.block_on(run(&options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&Said::Failed {
                usage: error.kind == ErrorKind::Usage,
                message: error.message.clone(),
                cause: error.source.as_ref().map(ToString::to_string),
                hints: error.hints.clone(),
            });
            ExitCode::FAILURE
        }
    }
}

/// A starter that is gone is noticed elsewhere.
fn say(what: &Said) {
    if let Ok(line) = serde_json::to_string(what) {
        let _ = writeln!(io::stdout(), "{line}");
    }
}

struct Telling;

impl Progress for Telling {
    fn step(&self, text: &str) {
        say(&Said::Step(text.to_owned()));
    }

    fn count(&self, _done: usize, _total: usize) {}

    fn note(&self, text: &str) {
        say(&Said::Note(text.to_owned()));
    }
}

async fn run(options: &UpOptions) -> Result<()> {
    let mut held = Held::take(&options.name)?;
    let time_is_over = tokio::time::sleep(Duration::from_secs(options.seconds));
    let deadline = SystemTime::now() + Duration::from_secs(options.seconds);
    let mut entry = Entry {
        name: options.name.clone(),
        engine: options.engine.name().to_owned(),
        version: String::new(),
        pid: std::process::id(),
        kubeconfig: PathBuf::new(),
        scratch: PathBuf::new(),
        deadline: deadline.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs(),
        nodes: Vec::new(),
    };
    let mut running = tokio::select! {
        running = start(options) => running?,
        () = abandoned() => return Ok(()),
        error = interrupted() => return Err(error),
    };
    running.describe(&mut entry);
    held.write(&entry)?;
    say(&Said::Ready(Box::new(entry)));
    let result = tokio::select! {
        () = abandoned() => Ok(()),
        () = time_is_over => Ok(()),
        _ = interrupted() => Ok(()),
        error = running.broken() => Err(error),
    };
    running.stop().await?;
    result
}

/// The starter writes a byte once it knows that the lab is ready; its end before that is the order to end, too.
async fn abandoned() {
    let stdin = io::stdin().as_fd().try_clone_to_owned().and_then(Receiver::from_owned_fd);
    let mut byte = [0];
    if let Ok(mut stdin) = stdin
        && matches!(stdin.read(&mut byte).await, Ok(1))
    {
        std::future::pending::<()>().await;
    }
}

enum Running {
    Api(Box<ControlPlane>),
    Nodes(Box<Lab>),
}

async fn start(options: &UpOptions) -> Result<Running> {
    let distribution = match options.engine {
        Engine::Api => {
            let options = ControlPlaneOptions::new(options.assets.clone());
            return Ok(Running::Api(Box::new(ControlPlane::start(&options, &Telling).await?)));
        }
        Engine::Kubernetes => Distribution::Upstream,
        Engine::K3s => Distribution::K3s,
    };
    let images = options.images.iter().map(|path| {
        let is_recipe = path.is_dir();
        if is_recipe { Recipe::read(path).map(Image::Recipe) } else { Ok(Image::Archive(path.clone())) }
    });
    let images = images.collect::<Result<_>>()?;
    let options = LabOptions { distribution, workers: options.workers, images, ..LabOptions::new(options.assets.clone()) };
    Ok(Running::Nodes(Box::new(Lab::start(&options, &Telling).await?)))
}

impl Running {
    fn describe(&self, entry: &mut Entry) {
        let (version, kubeconfig, scratch, nodes) = match self {
            Self::Api(plane) => (plane.version(), plane.kubeconfig(), plane.scratch(), Vec::new()),
            Self::Nodes(lab) => (lab.version(), lab.kubeconfig(), lab.scratch(), lab.nodes()),
        };
        version.clone_into(&mut entry.version);
        kubeconfig.clone_into(&mut entry.kubeconfig);
        scratch.clone_into(&mut entry.scratch);
        entry.nodes = nodes;
    }

    async fn broken(&mut self) -> Box<Error> {
        match self {
            Self::Api(_) => std::future::pending().await,
            Self::Nodes(lab) => lab.broken().await,
        }
    }

    async fn stop(self) -> Result<()> {
        match self {
            Self::Api(plane) => plane.stop().await,
            Self::Nodes(lab) => lab.stop().await,
        }
    }
}
