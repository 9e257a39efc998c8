//! Repositories that are on this machine: whether they are there, and have what the config names.
//!
//! It asks Git itself, so it is part of `validate` alone: rendering does no I/O.

use std::path::Path;
use std::process::{Command, Output};

use crate::config::Cluster;
use crate::config::application::{RepositoryUse, has_parameters};
use crate::config::repositories::all_repositories;
use crate::diag::{Finding, did_you_mean};
use crate::online::{Range, version};

const RULE: &str = "application/local-repository";

/// What is wrong with repositories whose URL is `file://…`.
pub(super) fn check(cluster: &Cluster) -> Vec<Finding> {
    all_repositories(cluster).iter().filter_map(one).collect()
}

fn one(used: &RepositoryUse) -> Option<Finding> {
    let folder = used.url.strip_prefix("file://").filter(|folder| !has_parameters(folder))?;
    let folder = Path::new(folder.strip_prefix("localhost").unwrap_or(folder));
    if !folder.is_dir() {
        let text = format!("there is no repository `{}` on this machine", folder.display());
        let hint = "Argo CD looks for it where its repo-server runs, and has to find it there";
        return Some(Finding::warning(RULE, text).with_hint(hint).with_config_path(used.at_url()));
    }
    // Without Git on this machine nothing can be said.
    let asked = git(folder, &["rev-parse", "--git-dir"])?;
    if !asked.status.success() {
        return Some(unreadable(used, folder, &String::from_utf8_lossy(&asked.stderr)));
    }
    // Which revision a parameter becomes, and what it has then, Argo CD alone knows.
    let revision = used.revision.as_deref().filter(|revision| !has_parameters(revision))?;
    let tag =
        if has_commit(folder, revision)? { Some(revision.to_owned()) } else { newest(lines(&git(folder, &["tag", "--list"])?), revision) };
    let Some(revision) = tag.as_deref() else {
        let text = format!("`{}` has no revision `{revision}`", folder.display());
        let hint = "name a branch, tag or commit of it, or a range of versions that one of its tags is in";
        return Some(Finding::error(RULE, text).with_hint(hint).with_config_path(used.at_revision()));
    };
    let inside = used.folder.as_deref().filter(|folder| !has_parameters(folder))?;
    let inside = inside.split('/').filter(|part| !matches!(*part, "" | ".")).collect::<Vec<_>>().join("/");
    if inside.is_empty() {
        return None;
    }
    let kind = git(folder, &["cat-file", "-t", &format!("{revision}:{inside}")])?;
    if kind.status.success() && kind.stdout.starts_with(b"tree") {
        return None;
    }
    let listed = lines(&git(folder, &["ls-tree", "-d", "-r", "--name-only", revision])?);
    let hint = match did_you_mean(&inside, listed.iter().map(String::as_str)) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => "what is not committed is not seen by Argo CD".to_owned(),
    };
    let text = format!("`{}` has no folder `{inside}` at `{revision}`", folder.display());
    Some(Finding::error(RULE, text).with_hint(hint).with_config_path(used.path.key("path")))
}

fn git(folder: &Path, arguments: &[&str]) -> Option<Output> {
    Command::new("git").arg("-C").arg(folder).args(arguments).env("LC_ALL", "C").output().ok()
}

fn lines(output: &Output) -> Vec<String> {
    String::from_utf8_lossy(&output.stdout).lines().map(ToOwned::to_owned).collect()
}

/// Git refuses some repositories that are some, such as those of another user.
fn unreadable(used: &RepositoryUse, folder: &Path, said: &str) -> Finding {
    let said = said.lines().find_map(|line| line.strip_prefix("fatal: ")).unwrap_or_default();
    if said.is_empty() || said.starts_with("not a git repository") {
        let text = format!("`{}` is not a Git repository", folder.display());
        return Finding::error(RULE, text).with_hint("make it one with `git init`, and commit").with_config_path(used.at_url());
    }
    let text = format!("Git does not read `{}`: {said}", folder.display());
    let hint = if said.starts_with("detected dubious ownership") {
        format!("`git config --global --add safe.directory {}` lets it", folder.display())
    } else {
        "Argo CD's repo-server has to be able to read it".to_owned()
    };
    Finding::warning(RULE, text).with_hint(hint).with_config_path(used.at_url())
}

fn has_commit(folder: &Path, revision: &str) -> Option<bool> {
    // The end of options: a revision cannot become one.
    let commit = format!("{revision}^{{commit}}");
    Some(git(folder, &["rev-parse", "--verify", "--quiet", "--end-of-options", &commit])?.status.success())
}

/// The newest tag in a range; Argo CD takes ranges where charts have them.
fn newest(tags: Vec<String>, wanted: &str) -> Option<String> {
    let range = Range::of_tags(wanted)?;
    let versions = tags.into_iter().filter_map(|tag| Some((version(&tag)?, tag))).filter(|(version, _)| range.holds(version));
    versions.max().map(|(_, tag)| tag)
}
