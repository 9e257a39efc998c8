//! Nodes, and the settings of k3s on them.

mod address;
mod argument;
mod datastore;
mod disable;
mod flag;
mod flannel;
mod label;
mod registry;
mod role;
mod snapshot;
#[cfg(test)]
mod testing;
mod vpn;

use super::super::{Cluster, NodeFlags, Problems};
use crate::source::ConfigPath;

/// Everything about nodes.
pub(super) fn check(cluster: &Cluster, problems: &mut Problems) {
    role::check(cluster, problems);
    datastore::check(cluster, problems);
    address::check(cluster, problems);
    flannel::check(cluster, problems);
    vpn::check(cluster, problems);
    label::check(cluster, problems);
    flag::check(cluster, problems);
    argument::check(cluster, problems);
    snapshot::check(cluster, problems);
    disable::check(cluster, problems);
    registry::check(cluster, problems);
}

/// The path of a node.
fn node(at: usize) -> ConfigPath {
    ConfigPath::of(["nodes"]).index(at)
}

/// A path in the section `k3s`.
fn k3s(key: &str) -> ConfigPath {
    ConfigPath::of(["k3s"]).key(key)
}

/// Every place that holds settings of nodes, with its path: the defaults, then each node's own.
fn settings(cluster: &Cluster) -> impl Iterator<Item = (ConfigPath, &NodeFlags)> {
    let own = cluster.nodes.iter().enumerate().map(|(at, entry)| (node(at).key("k3s"), &entry.k3s));
    std::iter::once((k3s("defaults"), &cluster.k3s.defaults)).chain(own)
}
