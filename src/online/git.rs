//! Git repositories, asked by `git ls-remote`.

use crate::config::application::{RepositoryUse, has_parameters};
use crate::config::repository_url::without_password;
use crate::diag::{Finding, did_you_mean};
use crate::process::Exit;

use super::{REVISION, Range, version};

/// The branches and tags of a repository.
#[derive(Debug)]
pub(super) struct References {
    /// Whole names, `refs/heads/main`.
    names: Vec<String>,
}

/// What a Git said that ended.
pub(super) fn answer(exit: Exit, lines: &[String], url: &str) -> Result<References, String> {
    match exit {
        Exit::Code(0) => Ok(References { names: lines.iter().filter_map(|line| name(line)).collect() }),
        _ => Err(said(lines, url)),
    }
}

/// `4f3c…<TAB>refs/heads/main`; of an annotated tag there is a second line that ends in `^{}`.
fn name(line: &str) -> Option<String> {
    let (_, name) = line.split_once('\t')?;
    (!name.ends_with("^{}")).then(|| name.to_owned())
}

/// The line of Git's that tells, without the URL's password.
fn said(lines: &[String], url: &str) -> String {
    // SSH tells why before Git says that it did not work.
    let is_of_ssh = |line: &&String| {
        line.contains("Permission denied (") || line.starts_with("Host key verification failed") || line.starts_with("ssh: ")
    };
    let of_ssh = lines.iter().find(is_of_ssh);
    let of_git = || lines.iter().find_map(|line| line.strip_prefix("fatal: ").or_else(|| line.strip_prefix("ERROR: ")));
    let line = of_ssh.map(String::as_str).or_else(of_git).or_else(|| lines.first().map(String::as_str));
    line.unwrap_or("git fails without a word").trim().replace(url, &without_password(url))
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
        // `pull/1/head` is the short name of `refs/pull/1/head`.
        let short = |name: &str| {
            let rest = name.strip_prefix("refs/")?;
            Some(rest.strip_prefix("heads/").or_else(|| rest.strip_prefix("tags/")).unwrap_or(rest).to_owned())
        };
        let named = |name: &String| name == revision || short(name).is_some_and(|short| short == revision);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ssh_says_comes_before_what_git_makes_of_it() {
        let told = |lines: &[&str]| {
            let lines: Vec<String> = lines.iter().map(ToString::to_string).collect();
            answer(Exit::Code(128), &lines, "https://me:hunter2@git.example.com/a").expect_err("an error")
        };
        let end = "fatal: Could not read from remote repository.";
        let refused = "ssh: connect to host git.example.com port 22: Connection refused";
        assert_eq!(told(&[refused, end]), refused);
        assert_eq!(
            told(&["git@git.example.com: Permission denied (publickey).", end]),
            "git@git.example.com: Permission denied (publickey)."
        );
        assert_eq!(told(&["warning: x", end]), "Could not read from remote repository.");
        assert_eq!(told(&["fatal: no 'https://me:hunter2@git.example.com/a'"]), "no 'https://…@git.example.com/a'");
        assert_eq!(told(&[]), "git fails without a word");
    }

    #[test]
    fn references_have_short_names() {
        let lines = ["1\tHEAD", "1\trefs/heads/main", "2\trefs/tags/v3.1.4", "2\trefs/tags/v3.1.4^{}", "3\trefs/pull/1/head"]
            .map(ToOwned::to_owned);
        let references = answer(Exit::Code(0), &lines, "").expect("references");
        for (revision, is_there) in [
            ("HEAD", true),
            ("main", true),
            ("refs/heads/main", true),
            ("v3.1.4", true),
            ("3.1.4", false),
            ("3.1", false),
            (">=3.1", true),
            ("3.x", true),
            ("pull/1/head", true),
            ("abcdef1", true),
            ("mian", false),
        ] {
            assert_eq!(references.has(revision), is_there, "{revision}");
        }
    }
}
