//! The forms a release is written in: a stream of objects, a folder of files, or the Git repository of a cluster.

mod file_name;
mod folder;
mod gitops;
mod stream;
mod tree;

pub use folder::{Stale, Written, check_file, check_folder, write_file, write_folder};
pub use gitops::{Environment, Facts, gitops};
pub use stream::{json, yaml};
pub use tree::{Entry, directory, k3s};
