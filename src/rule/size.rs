//! What is too big.

pub(super) mod annotation;
pub(super) mod content;
