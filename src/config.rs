//! `cluster.yaml`: its types, its layers, and what can be wrong with it.

mod check;
mod cluster;
mod format;
mod headscale;
mod node;
mod problems;

pub use cluster::*;
pub use format::*;
pub use headscale::*;
pub use node::*;
pub use problems::{Problem, Problems};
