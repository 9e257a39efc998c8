//! Traps of the Gateway API.

pub(super) mod listener_port;
pub(super) mod reference_grant;
