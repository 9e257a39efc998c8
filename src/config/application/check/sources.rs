//! Sources that Argo CD would refuse, or that mean something else than they look like.

use std::collections::BTreeSet;

use super::entries;
use super::form::sources;
use crate::config::application::Source;
use crate::config::{Cluster, Problems};
use crate::diag::did_you_mean;
use crate::source::ConfigPath;

const RULE: &str = "config/application-source";

pub(super) fn check(cluster: &Cluster, problems: &mut Problems) {
    for (path, entry) in entries(cluster) {
        let sources = sources(&path, entry);
        let references: BTreeSet<&str> = sources.iter().filter_map(|(_, source)| source.reference.as_deref()).collect();
        for (path, source) in &sources {
            url(path, source, problems);
            kind(path, source, problems);
            value_files(path, source, &references, problems);
        }
    }
    if let Some(gitops) = &cluster.gitops {
        let path = ConfigPath::of(["gitops"]);
        repository(&path.key("repoURL"), &gitops.repo_url, problems);
        if let Some(folder) = &gitops.path {
            inside(&path.key("path"), folder, problems);
        }
    }
}

/// Whether a text has parameters of an ApplicationSet, whose values nobody knows yet.
pub(super) fn has_parameters(text: &str) -> bool {
    text.contains("{{")
}

fn url(path: &ConfigPath, source: &Source, problems: &mut Problems) {
    repository(&path.key("repoURL"), &source.repo_url, problems);
    if let Some(folder) = &source.path {
        inside(&path.key("path"), folder, problems);
    }
}

/// Argo CD's own check is whether Git can list the repository; these are the slips that can be seen before.
fn repository(path: &ConfigPath, url: &str, problems: &mut Problems) {
    if has_parameters(url) {
        return;
    }
    let authority = url.split_once("://").map_or("", |(_, rest)| rest.split('/').next().unwrap_or_default());
    let scheme = url.split_once("://").map(|(scheme, _)| scheme);
    if url.trim().is_empty() {
        problems.error(path.clone(), RULE, "the URL of the repository is empty", "");
    } else if authority.rsplit_once('@').is_some_and(|(user, _)| user.contains(':')) {
        let hint = "give credentials in a Secret that Argo CD knows (`argocd.repositories`)";
        problems.error(path.clone(), RULE, "a password in the URL would be readable by everyone", hint);
    } else if scheme.is_some_and(|scheme| !matches!(scheme, "http" | "https" | "ssh" | "git" | "file" | "oci")) {
        let hint = "the schemes are `https`, `ssh`, `git`, `file`, `oci` and `http`";
        problems.error(path.clone(), RULE, format!("`{}` is no scheme of a repository", scheme.unwrap_or_default()), hint);
    } else if scheme.is_none() && url.starts_with(['.', '/', '~']) {
        let hint = "write `file:///…` with the path as Argo CD's repo-server sees it";
        problems.error(path.clone(), RULE, format!("`{url}` is a path, and Argo CD wants a URL"), hint);
    }
}

/// Argo CD refuses absolute paths and those that lead out of the repository.
fn inside(path: &ConfigPath, folder: &str, problems: &mut Problems) {
    if folder.starts_with('/') {
        let hint = format!("write `{}`", folder.trim_start_matches('/'));
        problems.error(path.clone(), RULE, format!("`{folder}` is absolute; it is a path in the repository"), hint);
    } else if folder.split('/').any(|part| part == "..") {
        problems.error(path.clone(), RULE, format!("`{folder}` leads out of the repository"), "leave out `..`");
    }
}

fn kind(path: &ConfigPath, source: &Source, problems: &mut Problems) {
    let has_path = source.path.as_deref().is_some_and(|folder| !folder.is_empty());
    if source.chart.is_some() && has_path {
        let message = "a source has a `chart` of a Helm repository or a `path` in a Git repository, not both";
        problems.error(path.key("path"), RULE, message, "leave one of them out").involving(path.key("chart"));
    }
    if source.chart.is_some() && source.target_revision.as_deref().is_none_or(|revision| matches!(revision, "" | "HEAD")) {
        let hint = "write the chart's version as `targetRevision`";
        problems.error(path.key("targetRevision"), RULE, "a chart has no `HEAD`: its version is missing", hint);
    }
    let tools = [
        ("helm", source.helm.is_some()),
        ("kustomize", source.kustomize.is_some()),
        ("directory", source.directory.is_some()),
        ("plugin", source.plugin.is_some()),
    ];
    let mut written = tools.into_iter().filter_map(|(key, is_written)| is_written.then_some(key));
    if let (Some(first), Some(second)) = (written.next(), written.next()) {
        let message = format!("a source is rendered by one tool: `{first}` and `{second}` exclude each other");
        problems.error(path.key(second), RULE, message, "leave one of them out").involving(path.key(first));
    } else if source.chart.is_some()
        && let Some(other) = tools.iter().find(|(key, is_written)| *is_written && *key != "helm" && *key != "plugin")
    {
        problems.error(path.key(other.0), RULE, format!("a chart is rendered by Helm; `{}` has no effect", other.0), "use `helm`");
    }
}

/// `$name/file` names another source by its `ref`.
fn value_files(path: &ConfigPath, source: &Source, references: &BTreeSet<&str>, problems: &mut Problems) {
    let Some(files) = source.helm.as_ref().and_then(|helm| helm.value_files.as_ref()) else { return };
    for (number, file) in files.iter().enumerate() {
        let Some(name) = file.strip_prefix('$').map(|rest| rest.split('/').next().unwrap_or_default()) else { continue };
        // `$ARGOCD_APP_NAME` and the like are variables of Argo CD's build environment.
        if references.contains(name) || name.starts_with("ARGOCD_") || has_parameters(name) {
            continue;
        }
        let hint = match did_you_mean(name, references.iter().copied()) {
            Some(meant) => format!("did you mean `${meant}`?"),
            None => format!("add a source with `ref: {name}`"),
        };
        let path = path.key("helm").key("valueFiles").index(number);
        problems.error(path, RULE, format!("no source has the `ref` that `{file}` names"), hint);
    }
}
