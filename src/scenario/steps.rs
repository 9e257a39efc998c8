//! A story's steps and checks as one list, which the lab and the VM test of the same story both go through.
//!
//! The lists are the JSON files beside this one: Nix reads them without building anything (`tests/vm/story.nix`), and this program holds
//! them. What a step does is each side's own, in Rust here and in `tests/vm/scripts/` there, under the step's id. What must hold
//! afterwards is in the list: commands for bash on nodes, run with what the VM test's driver runs them with.

mod check;
mod list;
mod node;
mod play;

pub(super) use list::List;
pub(super) use play::{Action, Stage, play};
