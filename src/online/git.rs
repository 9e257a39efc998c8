//! Git repositories, asked by `git ls-remote`.

use std::io::Read;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use crate::config::application::{RepositoryUse, has_parameters};
use crate::config::repository_url::without_password;
use crate::diag::{Finding, did_you_mean};

use super::git_settings::GitSettings;
use super::{PATIENCE, REVISION, Range, version};

const POLL: Duration = Duration::from_millis(20);
/// A repository with a hundred thousand branches answers with less.
const LONGEST: u64 = 64 << 20;

/// The branches and tags of a repository.
#[derive(Debug)]
pub(super) struct References {
    /// Whole names, `refs/heads/main`.
    names: Vec<String>,
}

/// Asks a repository.
pub(super) fn references(url: &str, settings: &GitSettings) -> Result<References, String> {
    let mut command = Command::new("git");
    settings.apply(&mut command);
    // `--`: a URL must not become an option. Nobody is there to answer a prompt.
    command.args(["ls-remote", "--", url]).env("GIT_TERMINAL_PROMPT", "0").env("GIT_ASKPASS", "true").env("LC_ALL", "C");
    // Git has children of its own, and the one that waits for the server is one of them.
    command.process_group(0);
    let spawned = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = spawned.map_err(|cause| format!("git cannot be started: {cause}"))?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let (out, err) = thread::scope(|scope| {
        let out = scope.spawn(|| text(stdout));
        let err = scope.spawn(|| text(stderr));
        let started = Instant::now();
        while !has_ended(&child) && started.elapsed() < PATIENCE {
            thread::sleep(POLL);
        }
        // What it left behind holds the pipes. Until Git was waited for, nobody else has its id.
        let _ = kill_process_group(Pid::from_child(&child), Signal::KILL);
        (out.join().unwrap_or_default(), err.join().unwrap_or_default())
    });
    match child.wait() {
        Ok(status) if status.success() => Ok(References { names: out.lines().filter_map(name).collect() }),
        Ok(status) if status.code().is_none() => Err(format!("it said nothing for {} seconds", PATIENCE.as_secs())),
        Ok(_) => Err(said(&err, url)),
        Err(cause) => Err(cause.to_string()),
    }
}

/// Whether a child has ended; it is not waited for yet.
fn has_ended(child: &Child) -> bool {
    let only_look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    !matches!(waitid(WaitId::Pid(Pid::from_child(child)), only_look), Ok(None))
}

fn text(pipe: Option<impl Read>) -> String {
    let mut bytes = Vec::new();
    // What was read before a failure is what there is.
    let _ = pipe.map(|pipe| pipe.take(LONGEST).read_to_end(&mut bytes));
    String::from_utf8_lossy(&bytes).into_owned()
}

/// `4f3c…<TAB>refs/heads/main`; of an annotated tag there is a second line that ends in `^{}`.
fn name(line: &str) -> Option<String> {
    let (_, name) = line.split_once('\t')?;
    (!name.ends_with("^{}")).then(|| name.to_owned())
}

/// The line of Git's that tells, without the URL's password.
fn said(text: &str, url: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    // SSH tells why before Git says that it did not work.
    let of_ssh = lines.iter().find(|line| line.contains("Permission denied (") || line.starts_with("Host key verification failed"));
    let of_git = || lines.iter().find_map(|line| line.strip_prefix("fatal: ").or_else(|| line.strip_prefix("ERROR: ")));
    let telling = of_ssh.copied().or_else(of_git);
    let line = telling.or_else(|| lines.first().copied()).unwrap_or("git fails without a word");
    line.replace(url, &without_password(url))
}

impl References {
    /// What is wrong with what is wanted of this repository. Whether a folder is there only a copy of the repository would tell.
    pub(super) fn judge(&self, wanted: &RepositoryUse) -> Option<Finding> {
        let revision = wanted.revision.as_deref().filter(|revision| !has_parameters(revision))?;
        if self.has(revision) {
            return None;
        }
        let short = |name: &'_ str| name.strip_prefix("refs/heads/").or_else(|| name.strip_prefix("refs/tags/")).map(ToOwned::to_owned);
        let known: Vec<String> = self.names.iter().filter_map(|name| short(name)).collect();
        let url = without_password(&wanted.url);
        let (text, hint) = if self.names.is_empty() {
            (format!("`{url}` has no commit yet"), "commit something to it".to_owned())
        } else {
            let hint = match did_you_mean(revision, known.iter().map(String::as_str)) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("it has {}", some_of(&known)),
            };
            (format!("`{url}` has no branch or tag `{revision}`"), hint)
        };
        Some(Finding::error(REVISION, text).with_hint(hint).with_config_path(wanted.at_revision()))
    }

    fn has(&self, revision: &str) -> bool {
        let named = |name: &String| name == revision || [format!("refs/heads/{revision}"), format!("refs/tags/{revision}")].contains(name);
        if self.names.iter().any(named) {
            return true;
        }
        // A commit that no branch ends in is not listed.
        let is_commit = (7..=40).contains(&revision.len()) && revision.bytes().all(|byte| byte.is_ascii_hexdigit());
        let mut tags = self.names.iter().filter_map(|name| version(name.strip_prefix("refs/tags/")?));
        is_commit && !self.names.is_empty() || Range::of_tags(revision).is_some_and(|range| tags.any(|tag| range.holds(&tag)))
    }
}

fn some_of(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(5).map(|name| format!("`{name}`")).collect();
    let more = names.len().saturating_sub(shown.len());
    if more == 0 { shown.join(", ") } else { format!("{} and {more} more", shown.join(", ")) }
}
