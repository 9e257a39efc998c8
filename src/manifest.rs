//! Kubernetes objects, and the release that one render makes of them.

mod declared_secret;
mod file;
mod folder;
mod hex;
mod object;
mod order;
mod read;
mod release;
mod versions;

pub use declared_secret::DeclaredSecret;
pub use file::ReleaseFile;
pub use folder::{Folder, Part, folders};
pub use hex::hex;
pub use object::Object;
pub use order::rank;
pub use read::{Manifests, OTHER_CONTENT, Places};
pub use release::{Release, ReleaseBuilder};
pub use versions::Versions;
