//! What a schema cannot say: values that must fit each other.
//!
//! One file per topic, each a function of the whole config. Values whose own form is wrong have been reported before; a check skips
//! what does not parse.

mod access;
mod extra_objects;
mod images;
mod network;
mod node;
mod node_port;
mod quota;
mod storage;
#[cfg(test)]
pub(super) mod testing;
mod version;

use super::{Cluster, Problems};

/// One topic.
type Check = fn(&Cluster, &mut Problems);

/// All topics.
const ALL: &[Check] = &[
    version::check,
    network::check,
    storage::check,
    access::check,
    quota::check,
    node::check,
    super::mesh::check,
    super::headscale::check,
    super::application::check,
    super::argocd::check,
    super::dagger::check,
    super::ingress::check,
    super::cert_manager::check,
    super::dashboard::check,
    super::operators::check,
    super::backup::check,
    super::system_upgrade::check,
    super::monitoring::check,
    node_port::check,
    images::check,
    extra_objects::check,
    super::secret::check,
];

/// Runs all of them.
pub(super) fn all(cluster: &Cluster, problems: &mut Problems) {
    for check in ALL {
        check(cluster, problems);
    }
}
