//! What the repositories of Applications say: whether they answer, and have the revisions and charts that the config names.
//!
//! It asks as Argo CD does where the cluster file says how: with the credentials, certificates, host keys and proxies that Argo CD gets. All
//! others it asks as this machine: with Git's own credentials, the system's certificates and proxies. Nobody is asked by a prompt.

mod chart;
mod git;
mod git_settings;
mod range;
mod way;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use crate::config::Cluster;
use crate::config::application::{RepositoryUse, has_parameters};
use crate::config::repositories::all_repositories;
use crate::config::repository_url::{host, without_password};
use crate::diag::{Finding, Result};
use crate::secret::VolatileFolder;

use chart::Charts;
use git::References;
use git_settings::GitSettings;
use way::{Way, ways};

pub use range::{Range, version};
pub use way::Open;

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

/// A repository that is asked.
struct Question<'a> {
    url: &'a str,
    has_charts: bool,
    way: &'a Way,
    git: GitSettings,
}

/// Asks every repository that the cluster names once. `open` has the values of Secrets that the cluster file delivers.
///
/// # Errors
/// Environment, when credentials would have to be written to a disk to be used.
pub fn check(cluster: &Cluster, open: &Open<'_>) -> Result<Online> {
    let mut all = all_repositories(cluster);
    // Those of this machine are looked at without being asked for, and what has parameters is known to Argo CD alone.
    all.retain(|used| !used.url.starts_with("file://") && !has_parameters(&used.url));
    let repositories: BTreeSet<(&str, bool)> = all.iter().map(|used| (used.url.as_str(), used.has_charts)).collect();
    let ways = ways(cluster, repositories.iter().map(|(url, _)| *url), open);
    let folder = ways.values().any(Way::is_special).then(VolatileFolder::new).transpose()?;
    let mut questions = Vec::new();
    for (number, (url, has_charts)) in repositories.into_iter().enumerate() {
        let way = &ways[url];
        let git = match &folder {
            Some(folder) if !has_charts => GitSettings::new(url, way, folder, number)?,
            _ => GitSettings::default(),
        };
        questions.push(Question { url, has_charts, way, git });
    }
    let answers = ask(&questions);
    let mut online = Online::default();
    for answer in &answers {
        if let ((url, _), Answer::NotAsked(why)) = answer {
            online.not_checked.push(format!("`{}`: {why}", without_password(url)));
        }
    }
    let closed = ways.iter().filter_map(|(url, way)| Some((url, way.closed.as_ref()?)));
    online.not_checked.extend(closed.map(|(url, why)| format!("`{}`: {why}", without_password(url))));
    for used in &all {
        let way = &ways[used.url.as_str()];
        let found = match &answers[&(used.url.as_str(), used.has_charts)] {
            Answer::NotAsked(_) => None,
            Answer::Git(Err(said)) => unreachable(used, way, said, "Argo CD asks with credentials of its own: `git ls-remote` tells here"),
            Answer::Charts(Err(said)) => unreachable(used, way, said, "a repository of charts has an `index.yaml` at its URL"),
            Answer::Git(Ok(references)) => references.judge(used),
            Answer::Charts(Ok(charts)) => charts.judge(used),
        };
        online.findings.extend(found);
    }
    Ok(online)
}

fn ask<'a>(questions: &[Question<'a>]) -> BTreeMap<(&'a str, bool), Answer> {
    let (next, answers) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
    thread::scope(|scope| {
        for _ in 0..AT_ONCE.min(questions.len()) {
            scope.spawn(|| {
                while let Some(question) = questions.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let answer = question.ask();
                    if let Ok(mut answers) = answers.lock() {
                        answers.insert((question.url, question.has_charts), answer);
                    }
                }
            });
        }
    });
    answers.into_inner().unwrap_or_default()
}

impl Question<'_> {
    fn ask(&self) -> Answer {
        match (self.has_charts, self.url.split_once("://")) {
            (true, Some(("http" | "https", _))) => Answer::Charts(chart::charts(self.url, self.way)),
            // Argo CD takes a registry without a scheme.
            (true, Some(("oci", _)) | None) | (false, Some(("oci", _))) => Answer::NotAsked("a registry of OCI artifacts is not asked"),
            (true, Some(_)) => Answer::NotAsked("a repository of charts is asked over http and https only"),
            (false, _) => Answer::Git(git::references(self.url, &self.git)),
        }
    }
}

/// What cannot be reached; nothing where Argo CD has credentials that could not be tried, which is told anyway.
fn unreachable(used: &RepositoryUse, way: &Way, said: &str, hint: &str) -> Option<Finding> {
    if way.closed.is_some() {
        return None;
    }
    let url = without_password(&used.url);
    let (text, hint) = match &way.login {
        Some(_) if said.starts_with("Host key verification failed") => {
            let host = host(&used.url);
            let text = format!("`{url}` does not answer as it should: {said} Argo CD does not know `{host}`");
            (
                text,
                format!(
                    "add the lines of `ssh-keyscan {host}` to `argocd.sshKnownHosts`, and compare them with what the host's owner says"
                ),
            )
        }
        // Credentials do not help there.
        _ if said.contains("certificate") => {
            let text = format!("`{url}` does not answer as it should: {said}");
            (text, "`argocd.tlsCertificates` names the certificates by which Argo CD trusts a host".to_owned())
        }
        Some(login) => {
            let text = format!("`{url}` does not answer as it should with the credentials of Secret `{}`: {said}", login.secret);
            (text, format!("`manifestgen secret edit {}` changes the value", login.entry))
        }
        None => (format!("`{url}` does not answer as it should: {said}"), hint.to_owned()),
    };
    Some(Finding::error(REPOSITORY, text).with_hint(hint).with_config_path(used.at_url()))
}
