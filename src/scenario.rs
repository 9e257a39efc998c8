//! Whole stories on a throw-away control plane.

mod rehearse;

pub use rehearse::{Rehearsal, rehearse};
