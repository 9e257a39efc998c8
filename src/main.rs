//! The `manifestgen` command: everything is in the library, this only turns its answer into an exit code.

use std::env::args_os;
use std::process::ExitCode;

use manifestgen::{cli, lab, process};

// Trees of many small pieces are made on several threads; the C library's allocator takes a third of that time
// (docs/BENCHMARKS.md).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // This binary is also the guard over its own children, and the keeper of a control plane that several processes share.
    let arguments = || args_os().skip(1);
    process::guard::dispatch(arguments()).or_else(|| lab::dispatch(arguments())).unwrap_or_else(cli::main)
}
