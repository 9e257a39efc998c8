//! What the repositories of Applications say: whether they answer, and have the revisions and charts that the config names.
//!
//! It asks as this machine: with Git's own credentials, the system's certificates and proxies, and never by a prompt. Argo CD may have others.

mod chart;
mod git;
mod range;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use crate::config::Cluster;
use crate::config::application::{RepositoryUse, has_parameters};
use crate::config::repositories::all_repositories;
use crate::config::repository_url::without_password;
use crate::diag::Finding;

use chart::Charts;
use git::References;

pub use range::satisfies;

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

/// Asks every repository that the cluster names once.
#[must_use]
pub fn check(cluster: &Cluster) -> Online {
    let mut all = all_repositories(cluster);
    // Those of this machine are looked at without being asked for, and what has parameters is known to Argo CD alone.
    all.retain(|used| !used.url.starts_with("file://") && !has_parameters(&used.url));
    let mut repositories: Vec<(&str, bool)> = all.iter().map(|used| (used.url.as_str(), used.has_charts)).collect();
    repositories.sort_unstable();
    repositories.dedup();
    let answers = ask(&repositories);
    let mut online = Online::default();
    for answer in &answers {
        if let ((url, _), Answer::NotAsked(why)) = answer {
            online.not_checked.push(format!("`{}`: {why}", without_password(url)));
        }
    }
    online.not_checked.extend(with_credentials(cluster, &repositories));
    for used in &all {
        let found = match &answers[&(used.url.as_str(), used.has_charts)] {
            Answer::NotAsked(_) => None,
            Answer::Git(Err(said)) => Some(unreachable(used, said, "Argo CD asks with credentials of its own: `git ls-remote` tells here")),
            Answer::Charts(Err(said)) => Some(unreachable(used, said, "a repository of charts has an `index.yaml` at its URL")),
            Answer::Git(Ok(references)) => references.judge(used),
            Answer::Charts(Ok(charts)) => charts.judge(used),
        };
        online.findings.extend(found);
    }
    online
}

/// Credentials are in Secrets, which nobody reads here.
fn with_credentials(cluster: &Cluster, asked: &[(&str, bool)]) -> Vec<String> {
    let repositories = cluster.argocd.iter().flat_map(|argocd| &argocd.repositories);
    repositories
        .filter(|repository| repository.credentials.is_some() && asked.iter().all(|(url, _)| *url != repository.url))
        .map(|repository| format!("`{}`: Argo CD asks it with credentials that are not used here", without_password(&repository.url)))
        .collect()
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

fn unreachable(used: &RepositoryUse, said: &str, hint: &str) -> Finding {
    Finding::error(REPOSITORY, format!("`{}` does not answer as it should: {said}", without_password(&used.url)))
        .with_hint(hint)
        .with_config_path(used.at_url())
}
