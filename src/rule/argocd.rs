//! Traps of Argo CD.

pub(super) mod server_insecure;
pub(super) mod waves;
