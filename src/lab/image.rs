//! Images without a registry: what they are made of, where they are kept, and how nodes get them.

mod archive;
mod mirror;
mod name;
mod recipe;
mod store;

pub(super) use mirror::{MIRROR, mirror};
pub use recipe::{ImageFile, Recipe};
pub(super) use store::Store;
