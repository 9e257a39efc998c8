//! Traps of Traefik.

pub(super) mod entry_point;
pub(super) mod host_sni;
