//! Which of the forms an entry has, and that it is whole.

use super::entries;
use crate::config::application::{Application, Source};
use crate::config::{Cluster, Problems};
use crate::source::ConfigPath;

const RULE: &str = "config/application";

pub(super) fn check(cluster: &Cluster, problems: &mut Problems) {
    for (path, entry) in entries(cluster) {
        if entry.is_short() {
            short(&path, entry, problems);
        } else {
            full(&path, entry, problems);
        }
    }
}

fn short(path: &ConfigPath, entry: &Application, problems: &mut Problems) {
    match (&entry.repo_url, entry.sources.is_empty()) {
        (None, true) => {
            let hint = "add `repoURL`, or write it in full with `spec` or `applicationSet`";
            problems.error(path.clone(), RULE, format!("Application `{}` has no source", entry.name), hint);
        }
        (Some(_), false) => {
            let message = format!("Application `{}` has both `repoURL` and `sources`", entry.name);
            problems.error(path.key("sources"), RULE, message, "make the first one an entry of `sources`").involving(path.key("repoURL"));
        }
        (None, false) => {
            for key in written_source_keys(entry) {
                let message = format!("`{key}` belongs to `repoURL`, and Application `{}` has `sources`", entry.name);
                problems.error(path.key(key), RULE, message, "move it into an entry of `sources`");
            }
        }
        (Some(_), true) => {}
    }
    if entry.cluster.is_some() && entry.clusters.is_some() {
        let message = format!("Application `{}` has both `cluster` and `clusters`", entry.name);
        problems.error(path.key("clusters"), RULE, message, "`cluster` is for one, `clusters` for many").involving(path.key("cluster"));
    }
    if entry.pod_security_standard.is_some() && entry.own_namespace().is_none() {
        let hint = "give its namespace the label by `syncPolicy.managedNamespaceMetadata`";
        let message = format!("the release makes no namespace for `{}`, so this has no effect", entry.name);
        problems.error(path.key("podSecurityStandard"), RULE, message, hint);
    }
    let policy = &entry.sync_policy;
    if policy.managed_namespace_metadata.is_some()
        && (entry.own_namespace().is_some() || policy.sync_options.create_namespace == Some(false))
    {
        let hint = "set `syncPolicy.syncOptions.createNamespace: true`, so that Argo CD makes the namespace";
        let message = "only a namespace that Argo CD makes gets these";
        problems.error(path.key("syncPolicy").key("managedNamespaceMetadata"), RULE, message, hint);
    }
}

fn written_source_keys(entry: &Application) -> Vec<&'static str> {
    [
        ("path", entry.path.is_some()),
        ("targetRevision", entry.target_revision.is_some()),
        ("chart", entry.chart.is_some()),
        ("helm", entry.helm.is_some()),
        ("kustomize", entry.kustomize.is_some()),
        ("directory", entry.directory.is_some()),
        ("plugin", entry.plugin.is_some()),
    ]
    .into_iter()
    .filter_map(|(key, is_written)| is_written.then_some(key))
    .collect()
}

/// Keys of the short form would silently have no effect.
fn full(path: &ConfigPath, entry: &Application, problems: &mut Problems) {
    let form = if entry.spec.is_some() { "spec" } else { "applicationSet" };
    if entry.spec.is_some() && entry.application_set.is_some() {
        let message = format!("`{}` has both `spec` and `applicationSet`", entry.name);
        problems.error(path.key("applicationSet"), RULE, message, "make two entries of it").involving(path.key("spec"));
    }
    let mut keys = written_source_keys(entry);
    let others = [
        ("repoURL", entry.repo_url.is_some()),
        ("sources", !entry.sources.is_empty()),
        ("project", entry.project.is_some()),
        ("namespace", entry.namespace.is_some()),
        ("podSecurityStandard", entry.pod_security_standard.is_some()),
        ("cluster", entry.cluster.is_some()),
        ("clusters", entry.clusters.is_some()),
        ("syncPolicy", entry.sync_policy != crate::config::application::SyncPolicyEntry::default()),
        ("ignoreDifferences", !entry.ignore_differences.is_empty()),
        ("info", !entry.info.is_empty()),
        ("revisionHistoryLimit", entry.revision_history_limit.is_some()),
    ];
    keys.extend(others.into_iter().filter_map(|(key, is_written)| is_written.then_some(key)));
    for key in keys {
        let message = format!("`{key}` has no effect beside `{form}`");
        problems.error(path.key(key), RULE, message, format!("write it into `{form}`, or leave `{form}` out"));
    }
    if let Some(spec) = &entry.spec {
        let path = path.key("spec");
        let count = [spec.source.is_some(), spec.sources.as_ref().is_some_and(|all| !all.is_empty()), spec.source_hydrator.is_some()];
        if !count.contains(&true) {
            let hint = "add `source`, `sources` or `sourceHydrator`";
            problems.error(path.clone(), RULE, format!("Application `{}` has no source", entry.name), hint);
        }
        // `GetSource` in argo-cd `pkg/apis/application/v1alpha1/types.go`.
        if count.iter().filter(|is_there| **is_there).count() > 1 {
            let message = format!("Application `{}` has more than one of `source`, `sources` and `sourceHydrator`", entry.name);
            let hint = "Argo CD looks at `sourceHydrator` first, then at `sources`: leave the others out";
            problems.warning(path.clone(), RULE, message, hint);
        }
        if let Some(hydrator) = &spec.source_hydrator {
            let path = path.key("sourceHydrator");
            let to = hydrator.hydrate_to.as_ref().map(|to| ("hydrateTo", &to.target_branch));
            for (key, branch) in [Some(("syncSource", &hydrator.sync_source.target_branch)), to].into_iter().flatten() {
                if branch.is_empty() {
                    problems.error(path.key(key).key("targetBranch"), RULE, "the hydrator has no branch to write to", "name one");
                }
            }
        }
        destination(&path.key("destination"), &spec.destination, problems);
    }
    if let Some(set) = &entry.application_set {
        let path = path.key("applicationSet");
        if set.generators.is_empty() {
            problems.error(path.key("generators"), RULE, "an ApplicationSet without generators makes no Application", "add one");
        }
        if set.template.metadata.name.as_deref().is_none_or(str::is_empty) {
            let hint = "give it one with parameters in it, so that each Application has a name of its own";
            problems.error(path.key("template").key("metadata"), RULE, "the template has no `name`", hint);
        }
    }
}

pub(super) fn destination(path: &ConfigPath, destination: &crate::config::application::Destination, problems: &mut Problems) {
    let given = |text: &Option<String>| text.as_deref().is_some_and(|text| !text.is_empty());
    match (given(&destination.server), given(&destination.name)) {
        (true, true) => {
            let message = "the destination has both `server` and `name`, which Argo CD refuses";
            problems.error(path.key("name"), RULE, message, "leave one of them out");
        }
        (false, false) => {
            let hint = "add `server: https://kubernetes.default.svc` for the cluster that Argo CD runs in";
            problems.error(path.clone(), RULE, "the destination names no cluster", hint);
        }
        _ => {}
    }
}

/// The sources of an entry with their places, whatever its form. `path` is the entry's own.
#[must_use]
pub fn sources<'a>(path: &ConfigPath, entry: &'a Application) -> Vec<(ConfigPath, std::borrow::Cow<'a, Source>)> {
    use std::borrow::Cow;
    let listed = |path: ConfigPath, all: &'a [Source]| {
        let places = all.iter().enumerate();
        places.map(move |(number, source)| (path.key("sources").index(number), Cow::Borrowed(source))).collect::<Vec<_>>()
    };
    let of_spec = |path: ConfigPath, spec: &'a crate::config::application::ApplicationSpec| {
        let mut all = listed(path.clone(), spec.sources.as_deref().unwrap_or_default());
        if all.is_empty() {
            all.extend(spec.source.iter().map(|source| (path.key("source"), Cow::Borrowed(source))));
        }
        all
    };
    if let Some(spec) = &entry.spec {
        return of_spec(path.key("spec"), spec);
    }
    if let Some(set) = &entry.application_set {
        return of_spec(path.key("applicationSet").key("template").key("spec"), &set.template.spec);
    }
    let place = |number: usize| if entry.repo_url.is_some() { path.clone() } else { path.key("sources").index(number) };
    entry.short_sources().into_iter().enumerate().map(|(number, source)| (place(number), Cow::Owned(source))).collect()
}
