//! The guard's own program: `__guard`.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, WaitStatus, getpid, pidfd_open, set_child_subreaper, setsid};

use super::descendants::{Reaped, end_all, reap};
use super::exec::EXEC;
use super::protocol::{Event, Start, receive, send};
use super::scratch::{MARKER, Scratch, sweep};
use crate::process::Exit;

/// The hidden first argument; the folder for scratch folders and the grace period in milliseconds follow.
pub(super) const GUARD: &str = "__guard";

/// Orphans that a child left behind have no pidfd here; they are looked after this often.
const LOOK_AFTER_ORPHANS: Duration = Duration::from_secs(1);

/// Serves the owner on stdin and stdout until stdin ends, then ends every process and removes the scratch folder.
///
/// Single-threaded on purpose: the death signal of its children follows the thread that forked them.
pub(super) fn serve(mut arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let parent = arguments.next().map(PathBuf::from);
    let grace = arguments.next().and_then(|text| text.to_str()?.parse().ok()).map(Duration::from_millis);
    let (Some(parent), Some(grace)) = (parent, grace) else { return ExitCode::from(2) };
    match Served::new(&parent).and_then(|mut served| {
        let run = served.run();
        served.end(grace).and(run)
    }) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Stdout is the owner's; if it is gone too, there is nobody left to tell.
            let _ = send(&mut io::stdout(), &Event::Refused { message: error.to_string() });
            ExitCode::FAILURE
        }
    }
}

struct Served {
    requests: File,
    events: File,
    scratch: Scratch,
    children: HashMap<Pid, Child>,
}

struct Child {
    id: u32,
    handle: OwnedFd,
}

impl Served {
    fn new(parent: &Path) -> io::Result<Self> {
        // Out of the owner's session: Ctrl-C on its terminal is for the owner alone, which then ends us in order. It fails only for a
        // process that leads a group already, and that one is out of the terminal's reach too.
        let _ = setsid();
        set_child_subreaper(Some(getpid()))?;
        sweep(parent);
        let scratch = Scratch::create(parent, rustix::process::getppid().map_or(0, |pid| pid.as_raw_nonzero().get().cast_unsigned()))
            .map_err(|error| io::Error::new(error.kind(), format!("cannot make a scratch folder in {}: {error}", parent.display())))?;
        // Unbuffered copies: `poll` must see every byte that has not been read yet.
        let requests = File::from(io::stdin().as_fd().try_clone_to_owned()?);
        let events = File::from(io::stdout().as_fd().try_clone_to_owned()?);
        let mut served = Self { requests, events, scratch, children: HashMap::new() };
        served.tell(&Event::Ready { scratch: served.scratch.path().into() });
        Ok(served)
    }

    fn run(&mut self) -> io::Result<()> {
        while self.wait_for_something()? {
            let Some(start) = receive::<Start>(&mut self.requests)? else { break };
            let id = start.id;
            let event = match self.start(start) {
                Ok(pid) => Event::Started { id, pid },
                Err(error) => Event::NotStarted { id, message: error.to_string() },
            };
            self.tell(&event);
        }
        Ok(())
    }

    /// Reports ended children until the owner says something, or goes.
    fn wait_for_something(&mut self) -> io::Result<bool> {
        loop {
            let mut fds = vec![PollFd::new(&self.requests, PollFlags::IN)];
            fds.extend(self.children.values().map(|child| PollFd::new(&child.handle, PollFlags::IN)));
            let timeout = if self.children.is_empty() { None } else { Timespec::try_from(LOOK_AFTER_ORPHANS).ok() };
            match poll(&mut fds, timeout.as_ref()) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
            let spoken = !fds[0].revents().is_empty();
            while let Reaped::Child(pid, status) = reap() {
                if let Some(child) = self.children.remove(&pid) {
                    self.tell(&Event::Ended { id: child.id, exit: exit(status) });
                }
            }
            if spoken {
                return Ok(true);
            }
        }
    }

    fn start(&mut self, start: Start) -> io::Result<u32> {
        let log = File::options().create(true).append(true).open(Path::new(&start.log))?;
        let child = Command::new("/proc/self/exe")
            .arg(EXEC)
            .arg(getpid().as_raw_nonzero().to_string())
            .arg(start.program)
            .args(start.arguments)
            .env_clear()
            .envs(start.environment)
            .env(MARKER, self.scratch.path())
            .current_dir(self.scratch.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        let pid = Pid::from_raw(child.id().cast_signed()).ok_or_else(|| io::Error::other("a process without a number"))?;
        // Nobody but this thread reaps it, so the number is still its own.
        let handle = pidfd_open(pid, PidfdFlags::empty())?;
        self.children.insert(pid, Child { id: start.id, handle });
        Ok(child.id())
    }

    /// A dead owner cannot be told anything; its end is seen on `requests`.
    fn tell(&mut self, event: &Event) {
        let _ = send(&mut self.events, event).and_then(|()| self.events.flush());
    }

    fn end(self, grace: Duration) -> io::Result<()> {
        if !end_all(grace) {
            // Its lock is freed by our own end; the next run tries again.
            return Err(io::Error::other("a process does not end"));
        }
        self.scratch.remove()
    }
}

fn exit(status: WaitStatus) -> Exit {
    match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => Exit::Code(code),
        (None, Some(signal)) => Exit::Signal(signal),
        (None, None) => Exit::Unwatched,
    }
}
