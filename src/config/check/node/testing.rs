//! What the tests of these checks share.

use serde_json::{Value, json};

use super::super::testing;
pub(super) use super::super::testing::said;
use crate::config::Cluster;

/// A cluster of some nodes and the section `k3s`.
pub(super) fn cluster(k3s: Value, nodes: Value) -> Cluster {
    testing::cluster(json!({"cluster": {"name": "c"}, "k3s": k3s, "nodes": nodes}))
}
