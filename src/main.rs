//! The `manifestgen` command: everything is in the library, this only turns its answer into an exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    manifestgen::cli::main()
}
