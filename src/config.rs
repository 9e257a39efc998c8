//! `cluster.yaml`: its types, its layers, and what can be wrong with it.

mod check;
mod cluster;
mod format;
pub mod headscale;
mod k3s;
mod node;
mod problems;

pub use cluster::*;
pub use format::*;
pub use headscale::Headscale;
pub use k3s::*;
pub use node::*;
pub use problems::{Problem, Problems};
