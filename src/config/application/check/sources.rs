//! Sources that Argo CD would refuse, or that mean something else than they look like.

use std::collections::BTreeSet;

use super::entries;
use super::form::sources;
use crate::config::application::{ApplicationSetSpec, Source, generators, has_parameters, repositories};
use crate::config::argocd::Minor;
use crate::config::{Cluster, Problems};
use crate::diag::did_you_mean;
use crate::source::ConfigPath;

const RULE: &str = "config/application-source";

pub(super) fn check(cluster: &Cluster, problems: &mut Problems) {
    for (path, entry) in entries(cluster) {
        let sources = sources(&path, entry);
        let references: BTreeSet<&str> = sources.iter().filter_map(|(_, source)| source.reference.as_deref()).collect();
        for used in repositories(&path, entry) {
            repository(&used.at_url(), &used.url, problems);
            if !used.has_charts {
                scheme(&used.at_url(), &used.url, problems);
            }
            if let Some(folder) = &used.folder {
                inside(&used.path.key("path"), folder, problems);
            }
        }
        let is_whole = entry.application_set.as_ref().is_none_or(|set| set.template_patch.is_none() && !has_overlays(set));
        for (path, source) in &sources {
            kind(path, source, problems);
            artifact(cluster, path, source, problems);
            if is_whole {
                place(path, source, sources.len() > 1 || path.to_string().ends_with(']'), problems);
            }
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

/// Argo CD's own check is whether Git can list the repository; these are the slips that can be seen before.
fn repository(path: &ConfigPath, url: &str, problems: &mut Problems) {
    if has_parameters(url) {
        return;
    }
    let scheme = url.split_once("://").map(|(scheme, _)| scheme);
    if url.trim().is_empty() {
        problems.error(path.clone(), RULE, "the URL of the repository is empty", "");
    } else if scheme.is_some_and(|scheme| !matches!(scheme, "http" | "https" | "ssh" | "git" | "file" | "oci")) {
        let hint = "the schemes are `https`, `ssh`, `git`, `file`, `oci` and `http`";
        problems.error(path.clone(), RULE, format!("`{}` is no scheme of a repository", scheme.unwrap_or_default()), hint);
    } else if scheme.is_none() && url.starts_with(['.', '/', '~']) {
        let hint = "write `file:///…` with the path as Argo CD's repo-server sees it";
        problems.error(path.clone(), RULE, format!("`{url}` is a path, and Argo CD wants a URL"), hint);
    }
}

/// Without a scheme only `USER@HOST:PATH` is a URL to Git; a registry of charts has none.
fn scheme(path: &ConfigPath, url: &str, problems: &mut Problems) {
    let is_host = url.split('/').next().is_some_and(|host| host.contains('.') && !host.contains([':', '@']) && !host.starts_with('.'));
    if is_host && url.contains('/') && !has_parameters(url) && !url.contains(char::is_whitespace) {
        let message = format!("`{url}` has no scheme, and Git takes it for a folder");
        problems.error(path.clone(), RULE, message, format!("write `https://{url}`"));
    }
}

/// Argo CD refuses absolute paths and those that lead out of the repository.
fn inside(path: &ConfigPath, folder: &str, problems: &mut Problems) {
    if folder.starts_with('/') {
        let hint = format!("write `{}`", folder.trim_start_matches('/'));
        problems.error(path.clone(), RULE, format!("`{folder}` is absolute; it is a path in the repository"), hint);
    } else if leads_out(folder) {
        problems.error(path.clone(), RULE, format!("`{folder}` leads out of the repository"), "leave out `..`");
    }
}

fn leads_out(folder: &str) -> bool {
    let mut depth = 0_usize;
    folder.split('/').filter(|part| !matches!(*part, "" | ".")).any(|part| {
        let next = if part == ".." { depth.checked_sub(1) } else { Some(depth + 1) };
        depth = next.unwrap_or_default();
        next.is_none()
    })
}

fn has_overlays(set: &ApplicationSetSpec) -> bool {
    generators(&ConfigPath::root(), &set.generators).iter().any(|generator| !generator.templates.is_empty())
}

/// What `validateSourcePermissions` demands (argo-cd `util/argo/argo.go`): Argo CD says `InvalidSpecError` and syncs nothing.
fn place(path: &ConfigPath, source: &Source, is_one_of_several: bool, problems: &mut Problems) {
    let given = |text: &Option<String>| text.as_deref().is_some_and(|text| !text.is_empty());
    if given(&source.path) || given(&source.chart) || (is_one_of_several && given(&source.reference)) {
        return;
    }
    let (message, hint) = if is_one_of_several {
        ("Argo CD refuses a source without `path`, `chart` and `ref`", "write `path: .` for the root of the repository")
    } else {
        ("Argo CD refuses a source without `path` and `chart`", "write `path: .` for the root of the repository")
    };
    problems.error(path.clone(), RULE, message, hint).involving(path.key("repoURL"));
}

/// OCI artifacts, which Argo CD 2.13 does not know, and which are no charts.
fn artifact(cluster: &Cluster, path: &ConfigPath, source: &Source, problems: &mut Problems) {
    let Some(registry) = source.repo_url.strip_prefix("oci://") else { return };
    if source.chart.as_deref().is_some_and(|chart| !chart.is_empty()) {
        let message = "what begins with `oci://` is an artifact to Argo CD, which then ignores `chart`";
        let hint = format!("write `repoURL: {}`: a registry of charts has no scheme", registry.trim_end_matches('/'));
        problems.error(path.key("repoURL"), RULE, message, hint).involving(path.key("chart"));
    } else if let Some(argocd) = cluster.argocd.as_ref().filter(|argocd| argocd.minor() == Minor::V213) {
        let message = format!("Argo CD {} has no sources of OCI artifacts, which came with 3.1", argocd.version);
        let hint = "name the chart by `chart`, or set `argocd.version: 3.5.1`";
        problems.error(path.key("repoURL"), RULE, message, hint).involving(ConfigPath::of(["argocd", "version"]));
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
        // `$ARGOCD_APP_NAME` and the like are variables of Argo CD's build environment; in braces nothing else is meant (`Env.Envsubst`).
        let is_variable = name.starts_with("ARGOCD_") || name.starts_with("KUBE_") || name.starts_with('{');
        if references.contains(name) || is_variable || has_parameters(name) {
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::testing::said;

    /// They could not work: an artifact without `path`, a chart that is taken for an artifact, and both with 2.13.
    #[test]
    fn artifacts_and_charts_of_registries() {
        let full = |source: serde_json::Value| json!({"project": "p", "destination": {"name": "in-cluster"}, "source": source});
        let entries = json!([
            {"name": "artifact", "repoURL": "oci://registry.example.com/x", "targetRevision": "1.0.0"},
            {"name": "chart", "repoURL": "oci://registry.example.com/charts", "chart": "web", "targetRevision": "1.0.0"},
            {"name": "full", "spec": full(json!({"repoURL": "oci://registry.example.com/charts/", "chart": "web", "targetRevision": "1.0.0"}))},
            {"name": "nothing", "spec": full(json!({"repoURL": "https://git.example.com/a.git", "path": ""}))},
            {"name": "several", "sources": [{"repoURL": "https://git.example.com/a.git"}, {"repoURL": "https://git.example.com/a.git", "path": "."}]},
        ]);
        insta::assert_snapshot!(said(json!({"argocd": {}, "applications": entries})), @"
        error applications[2].spec.source.repoURL config/application-source: what begins with `oci://` is an artifact to Argo CD, which then ignores `chart`
          write `repoURL: registry.example.com/charts`: a registry of charts has no scheme
        error applications[3].spec.source config/application-source: Argo CD refuses a source without `path` and `chart`
          write `path: .` for the root of the repository
        error applications[4].sources[0] config/application-source: Argo CD refuses a source without `path`, `chart` and `ref`
          write `path: .` for the root of the repository
        ");
        let old = said(json!({"argocd": {"version": "2.13.2"}, "applications": entries}));
        insta::assert_snapshot!(old.lines().take(2).collect::<Vec<_>>().join("\n"), @"
        error applications[0].repoURL config/application-source: Argo CD 2.13.2 has no sources of OCI artifacts, which came with 3.1
          name the chart by `chart`, or set `argocd.version: 3.5.1`
        ");
    }

    #[test]
    fn what_stays_inside_and_what_is_a_variable_is_taken() {
        let helm = json!({"valueFiles": ["${ARGOCD_APP_NAME}.yaml", "$KUBE_VERSION/values.yaml", "$ARGOCD_APP_NAME.yaml"]});
        let entry = |path: &str| json!([{"name": "a", "repoURL": "https://git.example.com/a.git", "path": path, "helm": helm}]);
        assert_eq!(said(json!({"applications": entry("a/../b")})), "");
        insta::assert_snapshot!(said(json!({"applications": entry("a/../../b")})), @"
        error applications[0].path config/application-source: `a/../../b` leads out of the repository
          leave out `..`
        ");
    }
}
