//! What the repositories of Applications say: whether they answer, and have the revisions and charts that the config names.
//!
//! It asks as this machine: with Git's own credentials, the system's certificates and proxies, and never by a prompt. Argo CD may have others.

mod chart;
mod git;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use crate::config::Cluster;
use crate::config::application::{Source, sources};
use crate::diag::Finding;
use crate::source::ConfigPath;

use chart::Charts;
use git::References;

const REPOSITORY: &str = "online/repository";
const REVISION: &str = "online/revision";
const CHART: &str = "online/chart";

/// How long one repository may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// Repositories that are asked at once.
const AT_ONCE: usize = 8;

/// What asking came to.
#[derive(Debug, Default)]
pub struct Online {
    /// What is wrong, each at its place in the config.
    pub findings: Vec<Finding>,
    /// What could not be asked, and why.
    pub not_checked: Vec<String>,
}

/// What one repository answered.
enum Answer {
    Git(Result<References, String>),
    Charts(Result<Charts, String>),
    /// Nobody here speaks its protocol.
    NotAsked(&'static str),
}

/// Asks every repository of the cluster's Applications once.
#[must_use]
pub fn check(cluster: &Cluster) -> Online {
    let entries = cluster.applications.iter().enumerate();
    let all: Vec<(ConfigPath, Source)> = entries
        .flat_map(|(number, entry)| sources(&ConfigPath::of(["applications"]).index(number), entry))
        .map(|(path, source)| (path, source.into_owned()))
        // Those of this machine are looked at without being asked for.
        .filter(|(_, source)| !source.repo_url.starts_with("file://"))
        .collect();
    let mut repositories: Vec<(&str, bool)> = all.iter().map(|(_, source)| repository(source)).collect();
    repositories.sort_unstable();
    repositories.dedup();
    let answers = ask(&repositories);
    let mut online = Online::default();
    for answer in &answers {
        if let ((url, _), Answer::NotAsked(why)) = answer {
            online.not_checked.push(format!("`{}`: {why}", without_password(url)));
        }
    }
    for (path, source) in &all {
        let found = match &answers[&repository(source)] {
            Answer::NotAsked(_) => None,
            Answer::Git(Err(said)) => {
                Some(unreachable(path, source, said, "Argo CD asks with credentials of its own: `git ls-remote` tells here"))
            }
            Answer::Charts(Err(said)) => Some(unreachable(path, source, said, "a repository of charts has an `index.yaml` at its URL")),
            Answer::Git(Ok(references)) => references.judge(path, source),
            Answer::Charts(Ok(charts)) => charts.judge(path, source),
        };
        online.findings.extend(found);
    }
    online
}

/// A repository, and whether it has charts.
fn repository(source: &Source) -> (&str, bool) {
    (&source.repo_url, source.chart.as_deref().is_some_and(|chart| !chart.is_empty()))
}

fn ask<'a>(repositories: &[(&'a str, bool)]) -> BTreeMap<(&'a str, bool), Answer> {
    let (next, answers) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
    thread::scope(|scope| {
        for _ in 0..AT_ONCE.min(repositories.len()) {
            scope.spawn(|| {
                while let Some((url, has_charts)) = repositories.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let answer = match (has_charts, url.split_once("://")) {
                        (true, Some(("http" | "https", _))) => Answer::Charts(chart::charts(url)),
                        // Argo CD takes a registry without a scheme.
                        (true, Some(("oci", _)) | None) | (false, Some(("oci", _))) => {
                            Answer::NotAsked("a registry of OCI artifacts is not asked")
                        }
                        (true, Some(_)) => Answer::NotAsked("a repository of charts is asked over http and https only"),
                        (false, _) => Answer::Git(git::references(url)),
                    };
                    if let Ok(mut answers) = answers.lock() {
                        answers.insert((*url, *has_charts), answer);
                    }
                }
            });
        }
    });
    answers.into_inner().unwrap_or_default()
}

fn unreachable(path: &ConfigPath, source: &Source, said: &str, hint: &str) -> Finding {
    Finding::error(REPOSITORY, format!("`{}` does not answer as it should: {said}", without_password(&source.repo_url)))
        .with_hint(hint)
        .with_config_path(path.key("repoURL"))
}

/// A URL as it may be shown.
fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    match rest.split_once('@') {
        Some((user, host)) if !user.contains('/') => format!("{scheme}://…@{host}"),
        _ => url.to_owned(),
    }
}
