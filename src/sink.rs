//! The forms a release is written in: a stream of objects, or a folder of files.

mod folder;
mod stream;
mod tree;

pub use folder::{Written, write_file, write_folder};
pub use stream::{json, yaml};
pub use tree::{Entry, directory, k3s};
