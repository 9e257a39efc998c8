//! Sync options, durations and schedules of what is written in full.

use super::entries;
use crate::config::application::{ApplicationSpec, Confirmation, Project, SyncPolicyEntry, has_parameters};
use crate::config::argocd::{ArgoCdVersion, Minor};
use crate::config::format;
use crate::config::{Cluster, Problems};
use crate::diag::did_you_mean;
use crate::source::ConfigPath;

const RULE: &str = "config/sync-policy";

/// Options of a whole Application and the values that they know (argo-cd `docs/user-guide/sync-options.md`).
const OPTIONS: [(&str, &[&str]); 14] = [
    ("ApplyOutOfSyncOnly", &["true", "false"]),
    ("ClientSideApplyMigration", &["true", "false"]),
    ("CreateNamespace", &["true", "false"]),
    ("Delete", &["true", "false", "confirm"]),
    ("FailOnSharedResource", &["true", "false"]),
    ("Force", &["true", "false"]),
    ("Prune", &["true", "false", "confirm"]),
    ("PruneLast", &["true", "false"]),
    ("PrunePropagationPolicy", &["foreground", "background", "orphan"]),
    ("Replace", &["true", "false"]),
    ("RespectIgnoreDifferences", &["true", "false"]),
    ("ServerSideApply", &["true", "false"]),
    ("SkipDryRunOnMissingResource", &["true", "false"]),
    ("Validate", &["true", "false"]),
];

pub(super) fn check(cluster: &Cluster, problems: &mut Problems) {
    for (path, entry) in entries(cluster) {
        short(cluster, &path, &entry.sync_policy, problems);
        if let Some(spec) = &entry.spec {
            full(cluster, &path.key("spec"), spec, problems);
        }
        if let Some(set) = &entry.application_set {
            full(cluster, &path.key("applicationSet").key("template").key("spec"), &set.template.spec, problems);
        }
    }
    for (number, project) in cluster.projects.iter().enumerate() {
        windows(&ConfigPath::of(["projects"]).index(number), project, problems);
    }
}

/// The version of Argo CD, where it is one that does not know all options.
fn old(cluster: &Cluster) -> Option<ArgoCdVersion> {
    cluster.argocd.as_ref().filter(|argocd| argocd.minor() == Minor::V213).map(|argocd| argocd.version)
}

fn too_new(path: ConfigPath, what: &str, version: ArgoCdVersion, problems: &mut Problems) {
    let hint = "remove it, or set `argocd.version: 3.5.1`";
    problems
        .error(path, RULE, format!("{what} is newer than Argo CD {version}, which ignores it without a word"), hint)
        .involving(ConfigPath::of(["argocd", "version"]));
}

fn short(cluster: &Cluster, path: &ConfigPath, policy: &SyncPolicyEntry, problems: &mut Problems) {
    let (path, options) = (path.key("syncPolicy"), &policy.sync_options);
    let at_options = path.key("syncOptions");
    if let Some(version) = old(cluster) {
        for (key, is_used) in [
            ("clientSideApplyMigration", options.client_side_apply_migration.is_some()),
            ("prune", options.prune == Some(Confirmation::Confirm)),
            ("delete", options.delete == Some(Confirmation::Confirm)),
        ] {
            if is_used {
                let what = if key == "clientSideApplyMigration" { format!("`{key}`") } else { format!("`{key}: confirm`") };
                too_new(at_options.key(key), &what, version, problems);
            }
        }
    }
    if options.replace == Some(true) && options.server_side_apply == Some(true) {
        let message = "`replace` comes before `serverSideApply`, which has no effect then";
        problems.warning(at_options.key("serverSideApply"), RULE, message, "leave one of them out").involving(at_options.key("replace"));
    }
    let backoff = &policy.retry.backoff;
    if let (Some(first), Some(longest)) = (backoff.duration.duration(), backoff.max_duration.duration())
        && first > longest
    {
        let path = path.key("retry").key("backoff");
        let message = format!("the first wait, {}, is longer than the longest, {}", backoff.duration, backoff.max_duration);
        problems.error(path.key("duration"), RULE, message, "put the longer one into `maxDuration`").involving(path.key("maxDuration"));
    }
}

fn full(cluster: &Cluster, path: &ConfigPath, spec: &ApplicationSpec, problems: &mut Problems) {
    if spec.source_hydrator.is_some() && cluster.argocd.is_some() {
        let message = "the source hydrator needs Argo CD's commit server, which the component `argocd` does not bring";
        problems.error(path.key("sourceHydrator"), RULE, message, "use `source`, with the branch that holds the rendered manifests");
    }
    let Some(policy) = &spec.sync_policy else { return };
    let path = path.key("syncPolicy");
    for (number, option) in policy.sync_options.iter().flatten().enumerate() {
        let path = path.key("syncOptions").index(number);
        match old(cluster).filter(|_| option.starts_with("ClientSideApplyMigration=") || option.ends_with("=confirm")) {
            Some(version) => too_new(path, &format!("`{option}`"), version, problems),
            None => sync_option(path, option, problems),
        }
    }
    let Some(backoff) = policy.retry.as_ref().and_then(|retry| retry.backoff.as_ref()) else { return };
    let path = path.key("retry").key("backoff");
    for (key, text) in [("duration", &backoff.duration), ("maxDuration", &backoff.max_duration)] {
        // A number without unit is seconds to Argo CD.
        let Some(text) = text.as_deref().filter(|text| text.parse::<i64>().is_err()) else { continue };
        formatted(path.key(key), "duration", text, problems);
    }
}

fn sync_option(path: ConfigPath, option: &str, problems: &mut Problems) {
    if has_parameters(option) {
        return;
    }
    let (name, value) = option.split_once('=').unwrap_or((option, ""));
    let Some((_, values)) = OPTIONS.iter().find(|(known, _)| *known == name) else {
        let hint = match did_you_mean(name, OPTIONS.iter().map(|(known, _)| *known)) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("the options are {}", OPTIONS.map(|(known, _)| format!("`{known}`")).join(", ")),
        };
        problems.error(path, RULE, format!("`{name}` is no sync option, and Argo CD ignores it without a word"), hint);
        return;
    };
    if !values.contains(&value) {
        let values: Vec<String> = values.iter().map(|value| format!("`{name}={value}`")).collect();
        problems.error(path, RULE, format!("`{option}` is no value of that sync option"), format!("possible: {}", values.join(", ")));
    }
}

fn windows(path: &ConfigPath, project: &Project, problems: &mut Problems) {
    for (number, window) in project.spec.sync_windows.iter().flatten().enumerate() {
        let path = path.key("syncWindows").index(number);
        for (key, form, text) in [("schedule", "cron", &window.schedule), ("duration", "duration", &window.duration)] {
            match text {
                Some(text) => formatted(path.key(key), form, text, problems),
                None => {
                    problems.error(path.clone(), RULE, format!("a sync window has no `{key}`"), "");
                }
            }
        }
        if window.kind.is_none() {
            problems.error(path.clone(), RULE, "a sync window has no `kind`", "write `kind: allow` or `kind: deny`");
        }
        if [&window.applications, &window.namespaces, &window.clusters].iter().all(|list| list.as_ref().is_none_or(Vec::is_empty)) {
            let hint = "name `applications`, `namespaces` or `clusters`; `'*'` is all of them";
            problems.error(path, RULE, "a sync window is for nothing", hint);
        }
    }
}

fn formatted(path: ConfigPath, form: &str, text: &str, problems: &mut Problems) {
    if has_parameters(text) {
        return;
    }
    let Some(Err(wrong)) = format::format(form).map(|form| (form.check)(text)) else { return };
    problems.error(path, RULE, format!("`{text}` is no {form}: {}", wrong.reason), wrong.hint);
}
