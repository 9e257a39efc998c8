//! Traps of volumes.

pub(super) mod dagger_cache;
pub(super) mod shared_claim;
