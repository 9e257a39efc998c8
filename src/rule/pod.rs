//! What the API server accepts in a pod and nobody means.

pub(super) mod autoscaled_requests;
pub(super) mod duplicate_env;
pub(super) mod duplicate_port;
pub(super) mod image_tag;
pub(super) mod requests;
