//! What several rules have to know.

pub(super) mod argocd;
pub(super) mod headscale;
pub(super) mod image;
pub(super) mod missing;
pub(super) mod pod_security;
pub(super) mod route;
pub(super) mod traefik;
