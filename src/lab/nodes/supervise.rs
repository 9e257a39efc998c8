//! The hidden command `__supervise`: what `node run` does for k3s, for a program of a lab's node.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use crate::diag::Progress;
use crate::node::{Supervised, supervise as keep};

/// The hidden first argument; a name, the program and its arguments follow.
pub(in crate::lab) const SUPERVISE: &str = "__supervise";

const GRACE: Duration = Duration::from_secs(10);

pub(in crate::lab) fn supervise(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let mut arguments = arguments.map(|argument| argument.into_string().unwrap_or_default());
    let (Some(name), Some(program)) = (arguments.next(), arguments.next()) else { return ExitCode::from(2) };
    let supervised = Supervised {
        // In the node's folder, in which its programs run.
        notify: PathBuf::from(format!("{name}.notify")),
        name,
        program: program.into(),
        arguments: arguments.collect(),
        ready_file: None,
        grace: GRACE,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let kept = runtime.map(|runtime| runtime.block_on(keep(&supervised, &Log)));
    match kept {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(error)) => {
            Log.note(&error.to_string());
            ExitCode::FAILURE
        }
        Err(_) => ExitCode::FAILURE,
    }
}

/// Stdout is the log file that the lab shows.
struct Log;

impl Progress for Log {
    fn step(&self, text: &str) {
        self.note(text);
    }

    fn count(&self, _done: usize, _total: usize) {}

    fn note(&self, text: &str) {
        let _ = writeln!(io::stdout(), "{text}");
    }
}
