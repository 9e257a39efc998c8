//! Sync options, durations and schedules of what is written in full.

use super::entries;
use crate::config::application::{ApplicationSpec, Project, has_parameters};
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
        if let Some(spec) = &entry.spec {
            full(&path.key("spec"), spec, problems);
        }
        if let Some(set) = &entry.application_set {
            full(&path.key("applicationSet").key("template").key("spec"), &set.template.spec, problems);
        }
    }
    for (number, project) in cluster.projects.iter().enumerate() {
        windows(&ConfigPath::of(["projects"]).index(number), project, problems);
    }
}

fn full(path: &ConfigPath, spec: &ApplicationSpec, problems: &mut Problems) {
    let Some(policy) = &spec.sync_policy else { return };
    let path = path.key("syncPolicy");
    for (number, option) in policy.sync_options.iter().flatten().enumerate() {
        sync_option(path.key("syncOptions").index(number), option, problems);
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
