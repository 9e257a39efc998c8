//! What the tests of these checks share.

use serde_json::{Value, json};

use crate::config::{Cluster, Problems};
use crate::diag::Severity;

/// A cluster of some nodes and the section `k3s`.
pub(super) fn cluster(k3s: Value, nodes: Value) -> Cluster {
    serde_json::from_value(json!({"cluster": {"name": "c"}, "k3s": k3s, "nodes": nodes})).expect("a cluster")
}

/// What one check says, `severity path rule: message`, line by line.
pub(super) fn said(check: fn(&Cluster, &mut Problems), cluster: &Cluster) -> String {
    let mut problems = Problems::new();
    check(cluster, &mut problems);
    let lines = problems.as_slice().iter().map(|problem| {
        let severity = if problem.severity == Severity::Error { "error" } else { "warning" };
        assert!(!problem.message.ends_with('.') && !problem.hint.ends_with('.'), "{problem:?}");
        format!("{severity} {} {}: {}\n", problem.path, problem.rule, problem.message)
    });
    lines.collect()
}
