//! Ending every process below this one.

use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, WaitOptions, WaitStatus, getpid, pidfd_open, pidfd_send_signal, wait};

/// How long a killed process may take to go; only one that hangs in the kernel takes longer.
const PATIENCE: Duration = Duration::from_secs(10);

/// What one look for ended children found.
pub(super) enum Reaped {
    /// This child ended.
    Child(Pid, WaitStatus),
    /// Children are there, none of them has ended.
    Running,
    /// There are no children, and so no descendants: this process adopts their orphans.
    None,
}

/// Takes one ended child's status, without waiting for one.
pub(super) fn reap() -> Reaped {
    loop {
        match wait(WaitOptions::NOHANG) {
            Ok(Some((pid, status))) => return Reaped::Child(pid, status),
            Ok(None) => return Reaped::Running,
            Err(Errno::INTR) => {}
            Err(_) => return Reaped::None,
        }
    }
}

/// Ends every descendant: asks, waits for `grace`, then kills. False when one of them does not go.
///
/// Must run in a process that is a child subreaper, so that nothing below it escapes by losing its parent.
pub(super) fn end_all(grace: Duration) -> bool {
    if !grace.is_zero() {
        signal_all(Signal::TERM);
        if gone_within(grace) {
            return true;
        }
    }
    let deadline = Instant::now() + PATIENCE;
    // Again and again, because a descendant may fork between the look and the kill.
    while Instant::now() < deadline {
        signal_all(Signal::KILL);
        if gone_within(Duration::from_millis(100)) {
            return true;
        }
    }
    false
}

fn gone_within(time: Duration) -> bool {
    let deadline = Instant::now() + time;
    loop {
        match reap() {
            Reaped::None => return true,
            Reaped::Child(..) => {}
            Reaped::Running if Instant::now() >= deadline => return false,
            Reaped::Running => sleep(Duration::from_millis(2)),
        }
    }
}

fn signal_all(signal: Signal) {
    let all = ProcessTable::read();
    for entry in all.below(getpid()) {
        // The number may have passed on to another process since the table was read; a pidfd may not.
        let Ok(handle) = pidfd_open(entry.pid, PidfdFlags::empty()) else { continue };
        if stat(entry.pid).is_some_and(|now| now.started == entry.started) {
            // It may have ended by itself, which is as good.
            let _ = pidfd_send_signal(&handle, signal);
        }
    }
}

/// One line of /proc.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub pid: Pid,
    parent: i32,
    /// In clock ticks since boot: with the pid, it names a process for good.
    started: u64,
}

/// All processes that can be seen.
pub(super) struct ProcessTable(Vec<Entry>);

impl ProcessTable {
    pub(super) fn read() -> Self {
        let Ok(folder) = std::fs::read_dir("/proc") else { return Self(Vec::new()) };
        let pids = folder.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
        Self(pids.filter_map(Pid::from_raw).filter_map(stat).collect())
    }

    pub(super) fn all(&self) -> &[Entry] {
        &self.0
    }

    /// The descendants of a process, without itself.
    fn below(&self, root: Pid) -> Vec<Entry> {
        let mut found: Vec<Entry> = Vec::new();
        let mut parents = vec![root.as_raw_nonzero().get()];
        while let Some(parent) = parents.pop() {
            for entry in self.0.iter().filter(|entry| entry.parent == parent) {
                parents.push(entry.pid.as_raw_nonzero().get());
                found.push(*entry);
            }
        }
        found
    }
}

/// Reads `/proc/PID/stat`, whose second field, the name, may itself hold spaces and parentheses (proc(5)).
fn stat(pid: Pid) -> Option<Entry> {
    let text = std::fs::read(format!("/proc/{}/stat", pid.as_raw_nonzero())).ok()?;
    let text = String::from_utf8_lossy(&text);
    let mut fields = text[text.rfind(')')? + 1..].split_ascii_whitespace();
    let parent = fields.nth(1)?.parse().ok()?;
    let started = fields.nth(17)?.parse().ok()?;
    Some(Entry { pid, parent, started })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_below_its_parent_and_keeps_its_start() {
        let table = ProcessTable::read();
        let parent = rustix::process::getppid().expect("a parent");
        let own = table.below(parent).into_iter().find(|entry| entry.pid == getpid()).expect("this process");
        assert_eq!(stat(own.pid).map(|now| now.started), Some(own.started));
        assert!(own.started > 0);
    }
}
