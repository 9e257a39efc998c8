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
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::config::Cluster;
use crate::config::application::{RepositoryUse, has_parameters};
use crate::config::repositories::all_repositories;
use crate::config::repository_url::{host, port, without_password};
use crate::diag::{Finding, Result};
use crate::process::{Guard, GuardOptions, Places, Process, Program};
use crate::secret::memory;

use chart::Charts;
use git::References;
use git_settings::GitSettings;
use way::{Key, Login, Way, ways};

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

/// Asks every repository that the cluster names once. `open` has the values of Secrets that the cluster file delivers.
///
/// Whatever Git has to read of them lies in memory, below a guard that removes it and ends every Git, whatever happens to us.
///
/// # Errors
/// Environment, when the guard cannot be started.
pub async fn check(cluster: &Cluster, open: &Open<'_>) -> Result<Online> {
    let mut all = all_repositories(cluster);
    // Those of this machine are looked at without being asked for, and what has parameters is known to Argo CD alone.
    all.retain(|used| !used.url.starts_with("file://") && !has_parameters(&used.url));
    let keys: BTreeSet<Key<'_>> = all.iter().map(key).collect();
    let mut ways = ways(cluster, keys.iter().copied(), open);
    let memory = memory();
    if memory.is_none() {
        for way in ways.values_mut() {
            if let Some(secret) = way.login.as_ref().map(|login| login.secret.clone()) {
                way.close(&secret, "neither $XDG_RUNTIME_DIR nor /dev/shm is in memory");
            }
        }
    }
    let answers = ask(&ways, memory).await?;
    let mut online = Online::default();
    let mut not_checked: BTreeSet<String> = BTreeSet::new();
    for (key, answer) in &answers {
        if let Answer::NotAsked(why) = answer {
            not_checked.insert(format!("`{}`: {why}", without_password(key.url)));
        }
    }
    let closed = ways.iter().filter_map(|(key, way)| Some((key.url, way.closed.as_ref()?)));
    not_checked.extend(closed.map(|(url, why)| format!("`{}`: {why}", without_password(url))));
    online.not_checked.extend(not_checked);
    for used in &all {
        let way = &ways[&key(used)];
        let found = match &answers[&key(used)] {
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

fn key(used: &RepositoryUse) -> Key<'_> {
    Key { url: &used.url, has_charts: used.has_charts, project: used.project.as_deref() }
}

async fn ask<'a>(ways: &BTreeMap<Key<'a>, Way>, memory: Option<PathBuf>) -> Result<BTreeMap<Key<'a>, Answer>> {
    let git = Places { path: std::env::var_os("PATH"), ..Places::default() }.find("git");
    let mut guard = None;
    let mut answers = BTreeMap::new();
    let all: Vec<(usize, (&Key<'a>, &Way))> = ways.iter().enumerate().collect();
    for some in all.chunks(AT_ONCE) {
        let mut asked = Vec::new();
        for (number, (key, way)) in some {
            let question = match (key.has_charts, key.url.split_once("://")) {
                (true, Some(("http" | "https", _))) => Question::charts(key.url, way),
                // Argo CD takes a registry without a scheme.
                (true, Some(("oci", _)) | None) | (false, Some(("oci", _))) => {
                    Question::Answered(Answer::NotAsked("a registry of OCI artifacts is not asked"))
                }
                (true, Some(_)) => Question::Answered(Answer::NotAsked("a repository of charts is asked over http and https only")),
                (false, _) => match (&git, way.login.as_ref().and_then(Login::broken)) {
                    (None, _) => Question::Answered(Answer::NotAsked("there is no `git` in PATH to ask it with")),
                    (_, Some(key)) => Question::Answered(Answer::Git(Err(broken(key)))),
                    (Some(git), None) => {
                        let guard = match &mut guard {
                            Some(guard) => guard,
                            None => guard.insert(start(memory.clone()).await?),
                        };
                        let settings = GitSettings::new(key.url, way, guard.scratch(), *number)?;
                        let name = format!("git-{number}");
                        let (arguments, environment) = (settings.arguments, settings.environment);
                        Question::Git(guard.run(&Program { name, path: git.clone(), arguments, environment }).await?)
                    }
                },
            };
            asked.push(async move { (**key, question.answer(key.url).await) });
        }
        answers.extend(join_all(asked).await);
    }
    if let Some(guard) = guard {
        guard.stop().await?;
    }
    Ok(answers)
}

async fn start(memory: Option<PathBuf>) -> Result<Guard> {
    let mut options = GuardOptions::default();
    if let Some(memory) = memory {
        options.scratch_parent = memory;
    }
    Guard::start(&options).await
}

/// A question that is under way.
enum Question {
    Git(Process),
    Charts(oneshot::Receiver<Result<Charts, String>>),
    Answered(Answer),
}

impl Question {
    /// In a thread of its own, which nobody waits for when we are interrupted.
    fn charts(url: &str, way: &Way) -> Self {
        let (sender, receiver) = oneshot::channel();
        let (url, way) = (url.to_owned(), way.clone());
        // Whoever is gone does not want to know.
        thread::spawn(move || drop(sender.send(chart::charts(&url, &way))));
        Self::Charts(receiver)
    }

    async fn answer(self, url: &str) -> Answer {
        let silent = || format!("it said nothing for {} seconds", PATIENCE.as_secs());
        match self {
            Self::Answered(answer) => answer,
            Self::Charts(answer) => Answer::Charts(answer.await.unwrap_or_else(|_| Err("nobody asked it".to_owned()))),
            Self::Git(mut process) => match timeout(PATIENCE, process.ended()).await {
                Ok(exit) => Answer::Git(git::answer(exit, &process.last_lines(usize::MAX), url)),
                Err(_) => Answer::Git(Err(silent())),
            },
        }
    }
}

fn broken(key: &str) -> String {
    format!("its `{key}` has a line break, which Argo CD takes for a part of it")
}

/// What cannot be reached; nothing where Argo CD has credentials that could not be tried, which is told anyway.
fn unreachable(used: &RepositoryUse, way: &Way, said: &str, hint: &str) -> Option<Finding> {
    if way.closed.is_some() {
        return None;
    }
    let url = without_password(&used.url);
    let mut text = format!("`{url}` does not answer as it should: {said}");
    let has = |words: &[&str]| words.iter().any(|word| said.contains(word));
    let hint = match &way.login {
        Some(_) if said.starts_with("Host key verification failed") => {
            let (host, port) = (host(&used.url), port(&used.url).map_or_else(String::new, |port| format!("-p {port} ")));
            text = format!("{text} Argo CD does not know `{host}`");
            format!(
                "add the lines of `ssh-keyscan {port}{host}` to `argocd.sshKnownHosts`, and compare them with what the host's owner says"
            )
        }
        // Credentials do not help there.
        _ if has(&["certificate"]) => "`argocd.tlsCertificates` names the certificates by which Argo CD trusts a host".to_owned(),
        _ if has(&["error: 30"]) => "Argo CD follows no redirect: write the URL that it leads to".to_owned(),
        Some(_) if has(&["resolve", "connect", "refused", "timed out", "said nothing", "unreachable"]) => {
            "Argo CD has to reach it from where it runs".to_owned()
        }
        Some(login) => {
            text = format!("`{url}` does not answer as it should with the credentials of Secret `{}`: {said}", login.secret);
            format!("`manifestgen secret edit {}` changes the value", login.entry)
        }
        None => hint.to_owned(),
    };
    Some(Finding::error(REPOSITORY, text).with_hint(hint).with_config_path(used.at_url()))
}
