//! Container images without a registry: archives as they are, or made of a recipe.

mod archive;
mod recipe;

pub use recipe::{ImageFile, Recipe};

pub(super) use archive::write_archive;
