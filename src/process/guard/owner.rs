//! The owner's side of a guard.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::{oneshot, watch};
use tokio::time::timeout;

use super::protocol::{Event, Start, encode, length};
use super::serve::GUARD;
use crate::diag::{Error, Result};
use crate::process::Exit;

/// How long [`Guard::stop`] waits: longer than the guard itself waits for processes that do not go.
const PATIENCE: Duration = Duration::from_secs(30);

/// How a guard is started.
#[derive(Debug, Clone)]
pub struct GuardOptions {
    /// A program whose `main` begins with [`super::dispatch`]; by default this one.
    pub program: PathBuf,
    /// Where the scratch folder is made; by default TMPDIR, or `/tmp`.
    pub scratch_parent: PathBuf,
    /// How long processes may take to end after SIGTERM before they are killed; by default they are killed at once.
    pub grace: Duration,
}

impl Default for GuardOptions {
    fn default() -> Self {
        Self { program: "/proc/self/exe".into(), scratch_parent: std::env::temp_dir(), grace: Duration::ZERO }
    }
}

/// A program to run below a guard, in its scratch folder.
#[derive(Debug, Clone)]
pub struct Program {
    /// What messages call it; also names its log file.
    pub name: String,
    /// The executable.
    pub path: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// Its whole environment; nothing is inherited.
    pub environment: Vec<(OsString, OsString)>,
}

/// A running guard. Dropping it ends its processes and removes its scratch folder a moment later; [`Guard::stop`] waits for that.
#[derive(Debug)]
pub struct Guard {
    child: Child,
    requests: ChildStdin,
    watchers: Watchers,
    scratch: PathBuf,
    last_id: u32,
}

/// None once the guard is gone: whoever came later would wait for ever. (A request can still be written then, as a dying process
/// may close the pipe that it writes to before the one that it reads.)
type Watchers = Arc<Mutex<Option<HashMap<u32, Watcher>>>>;

#[derive(Debug)]
struct Watcher {
    started: Option<oneshot::Sender<std::result::Result<u32, String>>>,
    ended: watch::Sender<Option<Exit>>,
}

/// A process below a guard.
#[derive(Debug, Clone)]
pub struct Process {
    name: String,
    pid: u32,
    log: PathBuf,
    ended: watch::Receiver<Option<Exit>>,
}

impl Guard {
    /// Starts a guard and waits for its scratch folder. Folders that dead guards left behind are swept first.
    pub async fn start(options: &GuardOptions) -> Result<Self> {
        let mut child = Command::new(&options.program)
            .arg0("manifestgen")
            .arg(GUARD)
            .arg(&options.scratch_parent)
            .arg(options.grace.as_millis().to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|cause| Error::environment("cannot start a guard process").caused_by(cause))?;
        let (Some(requests), Some(mut events)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(Error::internal("a guard process without pipes"));
        };
        let scratch = match next(&mut events).await {
            Some(Event::Ready { scratch }) => PathBuf::from(scratch),
            Some(Event::Refused { message }) => {
                return Err(Error::environment(message).hint("set TMPDIR to a folder on a local disk that can be written"));
            }
            _ => return Err(Error::environment("the guard process ended before it was ready")),
        };
        let watchers = Watchers::new(Mutex::new(Some(HashMap::new())));
        tokio::spawn(listen(events, Arc::clone(&watchers)));
        Ok(Self { child, requests, watchers, scratch, last_id: 0 })
    }

    /// The scratch folder, mode 0700, in which all programs run.
    #[must_use]
    pub fn scratch(&self) -> &Path {
        &self.scratch
    }

    /// Starts a program. Its output goes to `NAME.log` in the scratch folder, behind what an earlier one of that name wrote.
    pub async fn run(&mut self, program: &Program) -> Result<Process> {
        self.last_id += 1;
        let log = self.scratch.join(format!("{}.log", program.name));
        let start = Start {
            id: self.last_id,
            program: program.path.clone().into(),
            arguments: program.arguments.clone(),
            environment: program.environment.clone(),
            log: log.clone().into(),
        };
        let (started, answer) = oneshot::channel();
        let (ended, watching) = watch::channel(None);
        let not_started = |message: String| Error::environment(format!("cannot start `{}`: {message}", program.path.display()));
        match lock(&self.watchers).as_mut() {
            Some(watchers) => watchers.insert(self.last_id, Watcher { started: Some(started), ended }),
            None => return Err(not_started("the guard process is gone".to_owned())),
        };
        let frame = encode(&start).map_err(|error| not_started(error.to_string()))?;
        self.requests.write_all(&frame).await.map_err(|error| not_started(format!("the guard process is gone ({error})")))?;
        match answer.await {
            Ok(Ok(pid)) => Ok(Process { name: program.name.clone(), pid, log, ended: watching }),
            Ok(Err(message)) => Err(not_started(message)),
            Err(_) => Err(not_started("the guard process is gone".to_owned())),
        }
    }

    /// Ends all processes, removes the scratch folder and waits for both.
    pub async fn stop(self) -> Result<()> {
        let Self { mut child, requests, scratch, .. } = self;
        drop(requests);
        match timeout(PATIENCE, child.wait()).await {
            Ok(Ok(status)) if status.success() => Ok(()),
            _ => Err(Error::environment(format!("cannot clean up `{}`", scratch.display()))
                .hint("the next run tries again; until then a process may still run")),
        }
    }
}

impl Process {
    /// What messages call it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its process id.
    #[must_use]
    pub const fn pid(&self) -> u32 {
        self.pid
    }

    /// Waits until it has ended.
    pub async fn ended(&mut self) -> Exit {
        match self.ended.wait_for(Option::is_some).await {
            Ok(exit) => exit.unwrap_or(Exit::Unwatched),
            Err(_) => Exit::Unwatched,
        }
    }

    /// The last lines that it wrote, oldest first; none when there is no log to read.
    #[must_use]
    pub fn last_lines(&self, count: usize) -> Vec<String> {
        let log = std::fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&log);
        let lines: Vec<_> = text.lines().filter(|line| !line.trim().is_empty()).collect();
        lines[lines.len().saturating_sub(count)..].iter().map(|line| (*line).to_owned()).collect()
    }
}

/// Reads one event; none at the end of the stream or when the other side talks nonsense.
async fn next(events: &mut ChildStdout) -> Option<Event> {
    let mut prefix = [0; 4];
    events.read_exact(&mut prefix).await.ok()?;
    let mut body = vec![0; length(prefix).ok()?];
    events.read_exact(&mut body).await.ok()?;
    serde_json::from_slice(&body).ok()
}

/// Hands events on until the guard is gone; whoever still waits then learns that from the closed channels.
async fn listen(mut events: ChildStdout, watchers: Watchers) {
    while let Some(event) = next(&mut events).await {
        let mut watchers = lock(&watchers);
        let Some(watchers) = watchers.as_mut() else { return };
        // A receiver that is gone does not want to know.
        match event {
            Event::Started { id, pid } => {
                let _ = watchers.get_mut(&id).and_then(|watcher| watcher.started.take()).map(|started| started.send(Ok(pid)));
            }
            Event::NotStarted { id, message } => {
                let _ = watchers.remove(&id).and_then(|watcher| watcher.started).map(|started| started.send(Err(message)));
            }
            Event::Ended { id, exit } => {
                let _ = watchers.remove(&id).map(|watcher| watcher.ended.send(Some(exit)));
            }
            Event::Ready { .. } | Event::Refused { .. } => {}
        }
    }
    *lock(&watchers) = None;
}

fn lock(watchers: &Watchers) -> std::sync::MutexGuard<'_, Option<HashMap<u32, Watcher>>> {
    watchers.lock().unwrap_or_else(PoisonError::into_inner)
}
