//! What keeps pods out.

pub(super) mod pod_security;
