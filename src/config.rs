//! `cluster.yaml`: its types, its layers, and what can be wrong with it.

mod cluster;
mod format;
mod headscale;
mod node;

pub use cluster::*;
pub use format::*;
pub use headscale::*;
pub use node::*;
