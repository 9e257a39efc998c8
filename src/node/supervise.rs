//! Keeps one program running: starts it again when it ends, hands signals on, and reaps what others leave behind.

use std::io;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitOptions, WaitStatus, getpid, kill_process, kill_process_group, set_child_subreaper, wait};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{Instant, sleep_until};

use super::notify::{Listener, tell};
use crate::diag::{Error, Progress, Result};

/// What is kept running.
#[derive(Debug, Clone)]
pub struct Supervised {
    /// What it is called in what is said about it.
    pub name: String,
    /// Its file.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Where the socket is made by which it tells that it is ready. A relative path is shorter than a socket's may be (unix(7): 108 bytes).
    pub notify: PathBuf,
    /// Made when it is ready, and gone when it is not.
    pub ready_file: Option<PathBuf>,
    /// How long it may take to end when it is told to.
    pub grace: Duration,
}

/// After the first end; each further one doubles it.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// Whoever ran for so long begins anew with the shortest pause.
const STABLE: Duration = Duration::from_mins(1);

/// What is said of an end that was not asked for, before the seconds of the pause.
const STARTS_AGAIN: &str = "it starts again in";

/// How often it ended by itself, by the lines that were said while it was kept running.
#[must_use]
pub fn ends(said: &[String]) -> usize {
    said.iter().filter(|line| line.contains(STARTS_AGAIN)).count()
}

/// Runs it until this process is told to end (SIGTERM, SIGINT), which is handed on and waited for. Other signals are handed on only.
///
/// # Errors
/// Environment errors: it cannot be started at all, or does not end when it is told to.
pub async fn supervise(what: &Supervised, progress: &dyn Progress) -> Result<()> {
    let cannot = |cause: io::Error| Error::environment(format!("cannot watch over `{}`", what.name)).caused_by(cause);
    // Orphans come to process 1 anyway.
    if !getpid().is_init() {
        set_child_subreaper(Some(getpid())).map_err(|error| cannot(error.into()))?;
    }
    let mut watch = Watch::new().map_err(cannot)?;
    let outer = std::env::var_os("NOTIFY_SOCKET").map(PathBuf::from);
    let mut pause = FIRST_PAUSE;
    loop {
        let listener = Listener::open(&what.notify).map_err(cannot)?;
        let began = Instant::now();
        let child = start(what, &listener)?;
        let end = watch.run(child, what, &listener, outer.as_deref(), progress).await?;
        if let Some(file) = &what.ready_file {
            let _ = std::fs::remove_file(file);
        }
        let status = match end {
            End::Told => return Ok(()),
            End::ByItself(status) => status,
        };
        if began.elapsed() >= STABLE {
            pause = FIRST_PAUSE;
        }
        progress.note(&format!("`{}` ended with {status}; {STARTS_AGAIN} {} s", what.name, pause.as_secs()));
        if watch.rest(pause).await {
            return Ok(());
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Keeps a container without k3s: reaps what others leave behind, until this process is told to end.
///
/// # Errors
/// An environment error when signals cannot be watched for.
pub async fn idle() -> Result<()> {
    let mut watch = Watch::new().map_err(|cause| Error::environment("cannot watch for signals").caused_by(cause))?;
    while !watch.rest(LONGEST_PAUSE).await {}
    Ok(())
}

fn start(what: &Supervised, listener: &Listener) -> Result<Pid> {
    let child = Command::new(&what.program)
        .args(&what.arguments)
        .env("NOTIFY_SOCKET", listener.path())
        // A group of its own: Ctrl-C on the terminal is for us, who then end it in order.
        .process_group(0)
        .spawn()
        .map_err(|cause| Error::environment(format!("cannot start `{}`", what.program.display())).caused_by(cause))?;
    Pid::from_raw(child.id().cast_signed()).ok_or_else(|| Error::internal("a process without a number"))
}

enum End {
    /// Somebody told this process to end.
    Told,
    ByItself(String),
}

/// The signals that matter.
struct Watch {
    children: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
    hang_up: tokio::signal::unix::Signal,
    user: tokio::signal::unix::Signal,
}

impl Watch {
    fn new() -> io::Result<Self> {
        Ok(Self {
            children: signal(SignalKind::child())?,
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
            user: signal(SignalKind::user_defined1())?,
        })
    }

    async fn run(
        &mut self,
        child: Pid,
        what: &Supervised,
        listener: &Listener,
        outer: Option<&std::path::Path>,
        progress: &dyn Progress,
    ) -> Result<End> {
        let began = Instant::now();
        let mut is_ready = false;
        loop {
            // It may have ended before its signal was asked for.
            if let Some(status) = reap(child) {
                return Ok(End::ByItself(status));
            }
            tokio::select! {
                _ = self.children.recv() => {}
                _ = self.terminate.recv() => return self.end(child, what).await,
                _ = self.interrupt.recv() => return self.end(child, what).await,
                _ = self.hang_up.recv() => hand_on(child, Signal::HUP),
                _ = self.user.recv() => hand_on(child, Signal::USR1),
                ready = listener.ready(), if !is_ready => {
                    is_ready = true;
                    if ready.is_ok() {
                        progress.note(&format!("`{}` is ready after {:.1} s", what.name, began.elapsed().as_secs_f64()));
                        tell(outer);
                        if let Some(file) = &what.ready_file {
                            std::fs::write(file, "").map_err(|cause| {
                                Error::environment(format!("cannot write `{}`", file.display())).caused_by(cause)
                            })?;
                        }
                    }
                }
            }
        }
    }

    /// Ends it: first it is told to, and after the grace period it and its whole group are killed.
    async fn end(&mut self, child: Pid, what: &Supervised) -> Result<End> {
        hand_on(child, Signal::TERM);
        let deadline = Instant::now() + what.grace;
        while reap(child).is_none() {
            tokio::select! {
                _ = self.children.recv() => {}
                () = sleep_until(deadline) => {
                    let _ = kill_process_group(child, Signal::KILL);
                    while reap(child).is_none() {
                        self.children.recv().await;
                    }
                    let seconds = what.grace.as_secs();
                    return Err(Error::environment(format!("`{}` did not end within {seconds} s and was killed", what.name)));
                }
            }
        }
        Ok(End::Told)
    }

    /// Whether it was told to end while it waited.
    async fn rest(&mut self, pause: Duration) -> bool {
        let deadline = Instant::now() + pause;
        loop {
            tokio::select! {
                () = sleep_until(deadline) => return false,
                _ = self.terminate.recv() => return true,
                _ = self.interrupt.recv() => return true,
                _ = self.children.recv() => while let Ok(Some(_)) = wait(WaitOptions::NOHANG) {},
            }
        }
    }
}

/// It may be gone by now, and then needs no signal.
fn hand_on(child: Pid, signal: Signal) {
    let _ = kill_process(child, signal);
}

/// Reaps everything that has ended; the child's own end is told.
fn reap(child: Pid) -> Option<String> {
    let mut end = None;
    while let Ok(Some((pid, status))) = wait(WaitOptions::NOHANG) {
        if pid == child {
            end = Some(told(status));
        }
    }
    end
}

fn told(status: WaitStatus) -> String {
    match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => format!("code {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => "an unknown status".to_owned(),
    }
}
