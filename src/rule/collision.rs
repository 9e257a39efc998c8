//! What only one can have, and two want.

pub(super) mod default_class;
pub(super) mod disruption_budget;
pub(super) mod host_port;
pub(super) mod ingress_path;
pub(super) mod name;
pub(super) mod node_port;
pub(super) mod scale_target;
pub(super) mod traefik_match;
