//! The guard: one process between us and our children, so that none of them outlives us.
//!
//! It is this very program, run again with a hidden argument. It holds a pipe from its owner: when that ends, because the owner is
//! done or because it died in whatever way, the guard ends every process below it and removes their scratch folder. It is a child
//! subreaper, so that no descendant can escape by losing its parent, and its children ask the kernel to be killed when it dies itself.
//! What even that leaves behind (grandchildren after a `kill -9` of the guard) the next guard sweeps.

mod descendants;
mod exec;
mod owner;
mod protocol;
mod scratch;
mod serve;

use std::ffi::OsString;
use std::process::ExitCode;

pub use owner::{Guard, GuardOptions, Process, Program};

/// Runs the hidden commands `__guard` and `__exec`, if the arguments (the program's name left out) ask for one.
///
/// Every program that starts a [`Guard`] calls this first, before any thread and before its own arguments are parsed.
pub fn dispatch(arguments: impl IntoIterator<Item = OsString>) -> Option<ExitCode> {
    let mut arguments = arguments.into_iter();
    match arguments.next()?.to_str()? {
        serve::GUARD => Some(serve::serve(arguments)),
        exec::EXEC => Some(exec::exec(arguments)),
        _ => None,
    }
}
