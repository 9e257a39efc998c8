//! What an API server would say to an object, found without one.

mod pointer;
mod unset;

pub use unset::unset_required;
