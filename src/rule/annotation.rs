//! What an object says to manifestgen.

pub(super) mod allow;
