//! Repositories of Applications that are on this machine: whether they are there, and have what the Applications name.
//!
//! It asks Git itself, so it is part of `validate` alone: rendering does no I/O.

use std::path::Path;
use std::process::Command;

use crate::config::Cluster;
use crate::config::application::{Source, sources};
use crate::diag::{Finding, did_you_mean};
use crate::source::ConfigPath;

const RULE: &str = "application/local-repository";

/// What is wrong with repositories whose URL is `file://…`.
pub(super) fn check(cluster: &Cluster) -> Vec<Finding> {
    let entries = cluster.applications.iter().enumerate();
    let sources = entries.flat_map(|(number, entry)| sources(&ConfigPath::of(["applications"]).index(number), entry));
    sources.filter_map(|(path, source)| check_source(&path, &source)).collect()
}

fn check_source(path: &ConfigPath, source: &Source) -> Option<Finding> {
    let folder = Path::new(source.repo_url.strip_prefix("file://")?);
    let at_url = path.key("repoURL");
    if !folder.is_dir() {
        let text = format!("there is no repository `{}` on this machine", folder.display());
        let hint = "Argo CD looks for it where its repo-server runs, and has to find it there";
        return Some(Finding::warning(RULE, text).with_hint(hint).with_config_path(at_url));
    }
    let git = |arguments: &[&str]| Command::new("git").arg("-C").arg(folder).args(arguments).output().ok();
    let revision = source.target_revision.as_deref().filter(|revision| !revision.is_empty()).unwrap_or("HEAD");
    // Without Git on this machine nothing can be said.
    if !git(&["rev-parse", "--git-dir"])?.status.success() {
        let text = format!("`{}` is not a Git repository", folder.display());
        return Some(Finding::error(RULE, text).with_hint("make it one with `git init`, and commit").with_config_path(at_url));
    }
    // The end of options: a revision cannot become one.
    if !git(&["rev-parse", "--verify", "--quiet", "--end-of-options", &format!("{revision}^{{commit}}")])?.status.success() {
        let text = format!("`{}` has no revision `{revision}`", folder.display());
        return Some(
            Finding::error(RULE, text).with_hint("name a branch, tag or commit of it").with_config_path(path.key("targetRevision")),
        );
    }
    let inside = source.path.as_deref().map(|path| path.trim_matches('/')).filter(|path| !matches!(*path, "" | "."))?;
    let kind = git(&["cat-file", "-t", &format!("{revision}:{inside}")])?;
    if kind.status.success() && kind.stdout.starts_with(b"tree") {
        return None;
    }
    let listed = git(&["ls-tree", "-d", "-r", "--name-only", revision])?;
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    let hint = match did_you_mean(inside, listed.lines()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => "what is not committed is not seen by Argo CD".to_owned(),
    };
    let text = format!("`{}` has no folder `{inside}` at `{revision}`", folder.display());
    Some(Finding::error(RULE, text).with_hint(hint).with_config_path(path.key("path")))
}
