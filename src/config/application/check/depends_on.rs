//! `dependsOn`: names that are there, an order that exists, and somebody who keeps it.

use super::at;
use crate::config::application::{Application, StrategyType};
use crate::config::dependencies::{self, Form};
use crate::config::{Cluster, Problems};

const RULE: &str = "config/depends-on";
/// In which order Argo CD syncs what one Application holds.
const WAVE: &str = "argocd.argoproj.io/sync-wave";

pub(super) fn check(cluster: &Cluster, problems: &mut Problems) {
    let entries: Vec<_> = cluster.applications.iter().map(|entry| (entry.name.as_str(), entry.depends_on.as_slice())).collect();
    let form = Form { rule: RULE, section: "applications", key: "dependsOn", noun: "Application" };
    dependencies::check(&form, &entries, problems);
    for (number, entry) in cluster.applications.iter().enumerate() {
        if cluster.gitops.is_none() && !entry.depends_on.is_empty() {
            problems.warning(
                at(number).key("dependsOn"),
                RULE,
                format!("nothing makes `{}` wait: Argo CD keeps an order only among what one Application holds", entry.name),
                "set `gitops.repoURL`, so that the Applications are synced from a tree",
            );
        }
        for (key, name) in entry.depends_on.iter().enumerate() {
            let before = cluster.applications.iter().find(|other| other.name.as_str() == name.as_str());
            if let Some((message, hint)) = before.and_then(|before| not_waited_for(cluster, before)) {
                problems.warning(at(number).key("dependsOn").index(key), RULE, message, hint);
            }
        }
        wave(cluster, number, entry, problems);
    }
}

/// An Application before others whose health does not say what they wait for.
fn not_waited_for(cluster: &Cluster, before: &Application) -> Option<(String, &'static str)> {
    let name = &before.name;
    if is_rolled_out(cluster, before) {
        return None;
    }
    if before.clusters.is_some() || before.application_set.is_some() {
        // Its health check: argo-cd `resource_customizations/argoproj.io/ApplicationSet/health.lua`.
        let message = format!("`{name}` is an ApplicationSet, healthy as soon as its Applications are made: theirs is not waited for");
        return Some((message, "depend on an Application, or do without"));
    }
    let is_automated = match &before.spec {
        Some(spec) => {
            spec.sync_policy.as_ref().and_then(|policy| policy.automated.as_ref()).is_some_and(|automated| automated.enabled != Some(false))
        }
        None => before.sync_policy.automated.enabled,
    };
    let message = format!("`{name}` is synced by hand only, which is not waited for");
    (!is_automated).then_some((message, "turn `syncPolicy.automated` of that one on"))
}

/// Whether an ApplicationSet changes its Applications step by step: it is progressing until the last step is healthy.
fn is_rolled_out(cluster: &Cluster, entry: &Application) -> bool {
    let is_on = cluster.argocd.as_ref().is_none_or(|argocd| argocd.application_set.progressive_syncs == Some(true));
    let strategy = entry.application_set.as_ref().and_then(|set| set.strategy.as_ref());
    is_on && strategy.is_some_and(|strategy| strategy.r#type == Some(StrategyType::RollingSync))
}

/// The wave that a user wrote, and the one that follows from `dependsOn`.
fn wave(cluster: &Cluster, number: usize, entry: &Application, problems: &mut Problems) {
    let Some(written) = entry.annotations.get(WAVE) else { return };
    let path = at(number).key("annotations").key(WAVE);
    let is_waited_for = cluster.applications.iter().any(|other| other.depends_on.iter().any(|name| name.as_str() == entry.name.as_str()));
    if written.parse::<i32>().is_err() {
        problems.error(path, RULE, format!("`{written}` is no wave"), "write a whole number in quotes");
    } else if is_waited_for || !entry.depends_on.is_empty() {
        let message = format!("the wave of `{}` follows from `dependsOn`", entry.name);
        problems.error(path, RULE, message, "remove the annotation, or do without `dependsOn` here and in entries that name this one");
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::testing::said;

    /// They were said nothing about, and the wave was overwritten.
    #[test]
    fn waits_that_are_none_and_waves_that_clash() {
        let url = "https://git.example.com/a.git";
        let wave = |wave: &str| json!({"argocd.argoproj.io/sync-wave": wave});
        let entries = json!([
            {"name": "fleet", "repoURL": url, "clusters": {}},
            {"name": "manual", "repoURL": url, "syncPolicy": {"automated": {"enabled": false}}},
            {"name": "after", "repoURL": url, "dependsOn": ["fleet", "manual"], "annotations": wave("-5")},
            {"name": "letters", "repoURL": url, "annotations": wave("abc")},
            {"name": "alone", "repoURL": url, "annotations": wave("-5")},
        ]);
        insta::assert_snapshot!(said(json!({"gitops": {"repoURL": url}, "applications": entries})), @r#"
        warning applications[2].dependsOn[0] config/depends-on: `fleet` is an ApplicationSet, healthy as soon as its Applications are made: theirs is not waited for
          depend on an Application, or do without
        warning applications[2].dependsOn[1] config/depends-on: `manual` is synced by hand only, which is not waited for
          turn `syncPolicy.automated` of that one on
        error applications[2].annotations."argocd.argoproj.io/sync-wave" config/depends-on: the wave of `after` follows from `dependsOn`
          remove the annotation, or do without `dependsOn` here and in entries that name this one
        error applications[3].annotations."argocd.argoproj.io/sync-wave" config/depends-on: `abc` is no wave
          write a whole number in quotes
        "#);
    }

    #[test]
    fn a_rollout_in_steps_is_waited_for() {
        let template = json!({"metadata": {"name": "{{.a}}"}, "spec": {"project": "p", "destination": {"name": "in-cluster", "namespace": "a"},
            "source": {"repoURL": "https://git.example.com/a.git", "path": "."}}});
        let set = json!({"goTemplate": true, "generators": [{"list": {"elements": [{"a": "1"}]}}], "template": template,
            "strategy": {"type": "RollingSync", "rollingSync": {"steps": [{"maxUpdate": 1}]}}});
        let entries = json!([{"name": "set", "applicationSet": set}, {"name": "after", "repoURL": "https://git.example.com/b.git", "dependsOn": ["set"]}]);
        let gitops = json!({"repoURL": "https://git.example.com/c.git"});
        let config = |on: bool| json!({"argocd": {"applicationSet": {"progressiveSyncs": on}}, "gitops": gitops, "applications": entries});
        assert_eq!(said(config(true)), "");
        assert!(said(config(false)).contains("theirs is not waited for"));
    }
}
