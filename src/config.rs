//! `cluster.yaml`: its types, its layers, and what can be wrong with it.

mod check;
mod cluster;
mod describe;
mod explain;
mod file;
mod findings;
mod format;
pub mod headscale;
mod k3s;
mod layers;
mod load;
mod loaded;
mod mask;
mod merge;
mod node;
mod normalise;
mod problems;
mod profile;
mod repair;
mod schema;
mod set;
mod template;
mod validate;

pub use cluster::*;
pub use explain::{Explanation, explain};
pub use file::ConfigFile;
pub use format::*;
pub use headscale::Headscale;
pub use k3s::*;
pub use load::{LoadRequest, load};
pub use loaded::Loaded;
pub use node::*;
pub use problems::{Problem, Problems};
pub use profile::profiles;
pub use schema::schema;
pub use template::template;
