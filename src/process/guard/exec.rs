//! `__exec`: the last step before a real part runs.

use std::ffi::OsString;
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use rustix::process::{Pid, Signal, getppid, set_parent_process_death_signal};

/// The hidden first argument; guard's pid, program and its arguments follow.
pub(super) const EXEC: &str = "__exec";

/// Becomes the program, after asking the kernel to kill it when the guard dies.
///
/// A step of its own because the request must be made in the child between fork and exec, which Rust offers only as unsafe code.
/// It survives exec. It follows the thread that forked, and the guard has only one.
pub(super) fn exec(mut arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let guard = arguments.next().and_then(|text| text.to_str()?.parse().ok()).and_then(Pid::from_raw);
    let Some(program) = arguments.next().filter(|_| guard.is_some()) else {
        return ExitCode::from(2);
    };
    if let Err(error) = set_parent_process_death_signal(Some(Signal::KILL)) {
        return report(&program, &error.into());
    }
    // The guard may have died before the request was made.
    if getppid() != guard {
        return ExitCode::from(1);
    }
    let error = Command::new(&program).args(arguments).exec();
    report(&program, &error)
}

/// Stderr is the program's log file here.
fn report(program: &OsString, error: &io::Error) -> ExitCode {
    // Without a log there is nobody left to tell.
    let _ = writeln!(io::stderr(), "cannot run {}: {error}", program.display());
    ExitCode::from(127)
}
