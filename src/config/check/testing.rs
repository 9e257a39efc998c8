//! What the tests of checks share.

use serde_json::Value;

use crate::config::{Cluster, Problems};
use crate::diag::Severity;

pub(in crate::config) fn cluster(config: Value) -> Cluster {
    serde_json::from_value(config).expect("a cluster")
}

/// What one check says, `severity path rule: message`, line by line.
pub(in crate::config) fn said(check: fn(&Cluster, &mut Problems), cluster: &Cluster) -> String {
    let mut problems = Problems::new();
    check(cluster, &mut problems);
    let lines = problems.as_slice().iter().map(|problem| {
        let severity = if problem.severity == Severity::Error { "error" } else { "warning" };
        assert!(!problem.message.ends_with('.') && !problem.hint.ends_with('.'), "{problem:?}");
        format!("{severity} {} {}: {}\n", problem.path, problem.rule, problem.message)
    });
    lines.collect()
}
