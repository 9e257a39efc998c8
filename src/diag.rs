//! What the library has to say: findings about an input, errors that stop a command, and progress.
//!
//! Nothing here prints; `ui/` does.

mod error;
mod finding;
mod progress;
mod suggest;

pub use error::{Error, ErrorKind, Result};
pub use finding::{Finding, ObjectRef, Origin, Severity};
pub use progress::{NoProgress, Progress};
pub use suggest::did_you_mean;
