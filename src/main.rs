//! The entry point.

use std::env::args_os;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = || args_os().skip(1);
    manifestgen::process::guard::dispatch(arguments()).or_else(|| manifestgen::lab::dispatch(arguments())).unwrap_or_default()
}
