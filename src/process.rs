//! Real parts as child processes: finding them, starting them, and leaving none behind.

pub mod control_group;
mod exit;
mod find;
pub mod guard;
mod interrupt;

pub use exit::Exit;
pub use find::Places;
pub use guard::{Guard, GuardOptions, Process, Program};
pub use interrupt::interrupted;
