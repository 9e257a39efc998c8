//! Traps of Homepage, the dashboard.

pub(super) mod allowed_hosts;
pub(super) mod route_href;
