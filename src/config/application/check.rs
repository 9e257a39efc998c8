//! What a schema cannot say about Applications: values that must fit each other, and Argo CD's own conditions.

mod depends_on;
mod form;
mod generator;
mod go_template;
mod names;
mod password;
mod permission;
mod project;
mod set;
mod sources;
mod sync;
mod text;
mod value;

pub use form::sources;

use super::Application;
use crate::config::{Cluster, Problems};
use crate::source::ConfigPath;

/// Checks the sections `applications`, `projects` and `gitops`.
pub fn check(cluster: &Cluster, problems: &mut Problems) {
    let topics = [
        form::check,
        password::check,
        sources::check,
        value::check,
        set::check,
        sync::check,
        names::check,
        depends_on::check,
        permission::check,
        project::check,
    ];
    for topic in topics {
        topic(cluster, problems);
    }
}

/// The path of an entry.
fn at(number: usize) -> ConfigPath {
    ConfigPath::of(["applications"]).index(number)
}

fn entries(cluster: &Cluster) -> impl Iterator<Item = (ConfigPath, &Application)> {
    cluster.applications.iter().enumerate().map(|(number, entry)| (at(number), entry))
}

#[cfg(test)]
mod testing {
    use serde_json::Value;

    use super::check;
    use crate::config::{Cluster, Problem, Problems};
    use crate::diag::Severity;

    /// What the checks say about a config, a line each with its hint.
    pub(super) fn said(mut config: Value) -> String {
        config["cluster"] = serde_json::json!({"name": "c"});
        let cluster: Cluster = serde_json::from_value(config).expect("a cluster");
        let mut problems = Problems::new();
        check(&cluster, &mut problems);
        let line = |problem: &Problem| {
            let severity = if problem.severity == Severity::Error { "error" } else { "warning" };
            assert!(!problem.message.ends_with('.') && !problem.hint.ends_with('.'), "{problem:?}");
            format!("{severity} {} {}: {}\n  {}\n", problem.path, problem.rule, problem.message, problem.hint)
        };
        problems.as_slice().iter().map(line).collect()
    }
}
