//! Git repositories, asked by `git ls-remote`.

use std::io::Read;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::config::application::{RepositoryUse, has_parameters};
use crate::config::repository_url::without_password;
use crate::diag::{Finding, did_you_mean};

use super::{PATIENCE, REVISION, satisfies};

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
pub(super) fn references(url: &str) -> Result<References, String> {
    let mut command = Command::new("git");
    // `--`: a URL must not become an option. Nobody is there to answer a prompt.
    command.args(["ls-remote", "--", url]).env("GIT_TERMINAL_PROMPT", "0").env("GIT_ASKPASS", "true").env("LC_ALL", "C");
    if std::env::var_os("GIT_SSH_COMMAND").is_none() {
        command.env("GIT_SSH_COMMAND", "ssh -o BatchMode=yes -o ConnectTimeout=10");
    }
    let spawned = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = spawned.map_err(|cause| format!("git cannot be started: {cause}"))?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let (out, err) = thread::scope(|scope| {
        let out = scope.spawn(|| text(stdout));
        let err = scope.spawn(|| text(stderr));
        let started = Instant::now();
        while matches!(child.try_wait(), Ok(None)) && started.elapsed() < PATIENCE {
            thread::sleep(POLL);
        }
        // It may have ended just now.
        let _ = child.kill();
        (out.join().unwrap_or_default(), err.join().unwrap_or_default())
    });
    match child.wait() {
        Ok(status) if status.success() => Ok(References { names: out.lines().filter_map(name).collect() }),
        Ok(status) if status.code().is_none() => Err(format!("it said nothing for {} seconds", PATIENCE.as_secs())),
        Ok(_) => Err(said(&err, url)),
        Err(cause) => Err(cause.to_string()),
    }
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
    let telling = lines.iter().find_map(|line| line.strip_prefix("fatal: ").or_else(|| line.strip_prefix("ERROR: ")));
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
        let tags = self.names.iter().filter_map(|name| name.strip_prefix("refs/tags/"));
        is_commit && !self.names.is_empty() || satisfies(revision, tags) == Some(true)
    }
}

fn some_of(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(5).map(|name| format!("`{name}`")).collect();
    let more = names.len().saturating_sub(shown.len());
    if more == 0 { shown.join(", ") } else { format!("{} and {more} more", shown.join(", ")) }
}
