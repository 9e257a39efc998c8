//! What a schema cannot say about the section: the version, values that must fit each other, and secrets in the wrong place.

mod login;
mod notification;
mod policy;
mod program;
mod repository;
mod resource;
mod setting;

use super::{ArgoCd, Minor};
use crate::config::{Cluster, Problem, Problems};
use crate::source::ConfigPath;

const VERSION: &str = "config/argocd-version";

/// Checks the section, where there is one.
pub fn check(cluster: &Cluster, problems: &mut Problems) {
    let Some(argocd) = &cluster.argocd else { return };
    let mut check = Check { cluster, argocd, problems };
    let topics: [fn(&mut Check<'_>); 7] =
        [program::check, login::check, policy::check, notification::check, repository::check, resource::check, setting::check];
    for topic in topics {
        topic(&mut check);
    }
}

/// What the topics work on.
struct Check<'a> {
    cluster: &'a Cluster,
    argocd: &'a ArgoCd,
    problems: &'a mut Problems,
}

impl Check<'_> {
    fn error(&mut self, path: ConfigPath, rule: &'static str, message: impl Into<String>, hint: impl Into<String>) -> &mut Problem {
        self.problems.error(path, rule, message, hint)
    }

    fn warning(&mut self, path: ConfigPath, rule: &'static str, message: impl Into<String>, hint: impl Into<String>) -> &mut Problem {
        self.problems.warning(path, rule, message, hint)
    }

    /// Refuses what only 3.5 has.
    fn only_new(&mut self, is_used: bool, path: ConfigPath) {
        if is_used && self.argocd.minor() != Minor::V35 {
            let message = format!("`{path}` is something that Argo CD 3.5 has and {} has not", self.argocd.version);
            self.error(path, VERSION, message, "remove it, or set `argocd.version: 3.5.1`");
        }
    }
}

/// The path of a value in the section.
fn at<'a>(keys: impl IntoIterator<Item = &'a str>) -> ConfigPath {
    keys.into_iter().fold(ConfigPath::of(["argocd"]), |path, key| path.key(key))
}

#[cfg(test)]
mod testing {
    use serde_json::{Value, json};

    use super::check;
    use crate::config::{Cluster, Problems};
    use crate::diag::Severity;

    /// What the checks say about a section, a line each with its hint.
    pub(super) fn said(section: Value) -> String {
        said_of_cluster(json!({"argocd": section}))
    }

    /// The same, with what else the cluster has.
    pub(super) fn said_of_cluster(mut cluster: Value) -> String {
        cluster["cluster"] = json!({"name": "c"});
        let cluster: Cluster = serde_json::from_value(cluster).expect("a cluster");
        let mut problems = Problems::new();
        check(&cluster, &mut problems);
        let line = |problem: &crate::config::Problem| {
            let severity = if problem.severity == Severity::Error { "error" } else { "warning" };
            assert!(!problem.message.ends_with('.') && !problem.hint.ends_with('.'), "{problem:?}");
            format!("{severity} {} {}: {}\n  {}\n", problem.path, problem.rule, problem.message, problem.hint)
        };
        problems.as_slice().iter().map(line).collect()
    }
}
