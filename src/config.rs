//! `cluster.yaml`: its types, its layers, and what can be wrong with it.

mod cluster;
mod format;
mod node;
mod headscale;

pub use cluster::*;
pub use format::*;
pub use node::*;
pub use headscale::*;
