//! Ctrl-C and its relatives.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::diag::{Error, ErrorKind, Result};

/// Waits for SIGINT, SIGTERM or SIGHUP, and returns the error that the command then ends with (exit code 130).
///
/// Meant for `tokio::select!` against the work; whatever must be cleaned up is cleaned up by the other branch's values being
/// dropped, or explicitly after the `select!`. When handlers cannot be installed, that error comes back at once.
pub async fn interrupted() -> Box<Error> {
    let (mut int, mut term, mut hup) = match handlers() {
        Ok(handlers) => handlers,
        Err(error) => return error,
    };
    let name = tokio::select! {
        _ = int.recv() => "SIGINT",
        _ = term.recv() => "SIGTERM",
        _ = hup.recv() => "SIGHUP",
    };
    Error::new(ErrorKind::Interrupted, format!("interrupted by {name}"))
}

fn handlers() -> Result<(Signal, Signal, Signal)> {
    let install = |kind| signal(kind).map_err(|cause| Error::environment("cannot listen for signals").caused_by(cause));
    Ok((install(SignalKind::interrupt())?, install(SignalKind::terminate())?, install(SignalKind::hangup())?))
}
