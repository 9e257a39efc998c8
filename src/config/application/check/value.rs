//! Single values that Argo CD refuses, or takes for nothing, when it comes to them.

use super::entries;
use super::form::sources;
use crate::config::application::{Application, IgnoreDifference, IntOrText, Source, has_parameters};
use crate::config::{Cluster, Problems};
use crate::source::{ConfigPath, Sources};
use crate::yaml::{self, Limits};

const RULE: &str = "config/application";

pub(super) fn check(cluster: &Cluster, problems: &mut Problems) {
    for (path, entry) in entries(cluster) {
        if entry.cluster.as_ref().is_some_and(|cluster| cluster.0.trim().is_empty()) {
            let hint = "leave it out for the cluster that Argo CD runs in";
            problems.error(path.key("cluster"), RULE, "the name of the cluster is empty", hint);
        }
        differences(&path, entry, problems);
        let sources = sources(&path, entry);
        for (path, source) in &sources {
            helm_values(path, source, entry, problems);
            replicas(path, source, problems);
        }
        let given = |text: &Option<String>| text.as_deref().is_some_and(|text| !text.is_empty());
        let only_referred = |source: &Source| given(&source.reference) && !given(&source.path) && !given(&source.chart);
        if entry.application_set.is_none() && !sources.is_empty() && sources.iter().all(|(_, source)| only_referred(source)) {
            let message = format!("no source of `{}` has manifests: with `ref` alone one only lends its files to others", entry.name);
            problems.error(sources[0].0.clone(), RULE, message, "add the source that they are for, or a `path` to this one");
        }
    }
}

fn differences(path: &ConfigPath, entry: &Application, problems: &mut Problems) {
    let mut pointers = |path: ConfigPath, list: Option<&Vec<String>>| {
        for (number, pointer) in list.into_iter().flatten().enumerate().filter(|(_, text)| !text.starts_with('/') && !has_parameters(text))
        {
            let hint = format!("one begins with `/`: `/{}`", pointer.trim_start_matches('.').replace('.', "/"));
            problems.error(path.key("jsonPointers").index(number), RULE, format!("`{pointer}` is no JSON pointer"), hint);
        }
    };
    let mut all = |path: ConfigPath, list: &[IgnoreDifference]| {
        for (number, one) in list.iter().enumerate() {
            pointers(path.key("ignoreDifferences").index(number), one.json_pointers.as_ref());
        }
    };
    all(path.clone(), &entry.ignore_differences);
    if let Some(list) = entry.spec.as_ref().and_then(|spec| spec.ignore_differences.as_deref()) {
        all(path.key("spec"), list);
    }
    let Some(set) = &entry.application_set else { return };
    let path = path.key("applicationSet");
    all(path.key("template").key("spec"), set.template.spec.ignore_differences.as_deref().unwrap_or_default());
    for (number, one) in set.ignore_application_differences.iter().flatten().enumerate() {
        pointers(path.key("ignoreApplicationDifferences").index(number), one.json_pointers.as_ref());
    }
}

fn helm_values(path: &ConfigPath, source: &Source, entry: &Application, problems: &mut Problems) {
    let Some(values) = source.helm.as_ref().and_then(|helm| helm.values.as_deref()) else { return };
    if entry.application_set.is_some() && has_parameters(values) {
        return;
    }
    if let Err(wrong) = yaml::parse(Sources::new().add("values", String::new()), values, Limits::MANIFESTS) {
        let hint = "what the chart gets is this text; `valuesObject` takes the values as they are";
        problems.warning(path.key("helm").key("values"), RULE, format!("the values do not read as YAML: {wrong}"), hint);
    }
}

fn replicas(path: &ConfigPath, source: &Source, problems: &mut Problems) {
    let replicas = source.kustomize.as_ref().and_then(|kustomize| kustomize.replicas.as_ref());
    for (number, one) in replicas.into_iter().flatten().enumerate() {
        let path = path.key("kustomize").key("replicas").index(number).key("count");
        let is_count = match &one.count {
            IntOrText::Int(count) => *count >= 0,
            IntOrText::Text(text) => has_parameters(text) || text.parse::<u32>().is_ok(),
        };
        if !is_count {
            problems.error(path, RULE, format!("the replica count of `{}` is none", one.name), "write 0 or a larger number");
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::testing::said;

    /// Argo CD says so later, or never.
    #[test]
    fn values_that_argo_cd_would_refuse() {
        let url = "https://git.example.com/a.git";
        insta::assert_snapshot!(said(json!({"applications": [
            {"name": "a", "repoURL": url, "ignoreDifferences": [{"kind": "Deployment", "jsonPointers": ["spec/replicas", "/spec"]}],
                "syncPolicy": {"retry": {"backoff": {"duration": "10m", "maxDuration": "5m"}}, "syncOptions": {"replace": true, "serverSideApply": true}}},
            {"name": "b", "repoURL": url, "cluster": "", "kustomize": {"replicas": [{"name": "web", "count": -1}, {"name": "db", "count": 0}]}},
            {"name": "c", "sources": [{"repoURL": url, "ref": "values"}]},
            {"name": "d", "repoURL": "https://charts.example.com", "chart": "web", "targetRevision": "1.0.0", "helm": {"values": "a: ["}},
            {"name": "e", "repoURL": "git.example.com/a.git"},
        ]})), @"
        error applications[4].repoURL config/application-source: `git.example.com/a.git` has no scheme, and Git takes it for a folder
          write `https://git.example.com/a.git`
        error applications[0].ignoreDifferences[0].jsonPointers[0] config/application: `spec/replicas` is no JSON pointer
          one begins with `/`: `/spec/replicas`
        error applications[1].cluster config/application: the name of the cluster is empty
          leave it out for the cluster that Argo CD runs in
        error applications[1].kustomize.replicas[0].count config/application: the replica count of `web` is none
          write 0 or a larger number
        error applications[2].sources[0] config/application: no source of `c` has manifests: with `ref` alone one only lends its files to others
          add the source that they are for, or a `path` to this one
        warning applications[3].helm.values config/application: the values do not read as YAML: `[` is never closed
          what the chart gets is this text; `valuesObject` takes the values as they are
        warning applications[0].syncPolicy.syncOptions.serverSideApply config/sync-policy: `replace` comes before `serverSideApply`, which has no effect then
          leave one of them out
        error applications[0].syncPolicy.retry.backoff.duration config/sync-policy: the first wait, 10m, is longer than the longest, 5m
          put the longer one into `maxDuration`
        ");
    }

    #[test]
    fn what_2_13_does_not_know() {
        let entry = json!({"name": "i", "repoURL": "https://git.example.com/a.git",
            "syncPolicy": {"syncOptions": {"clientSideApplyMigration": true, "prune": "confirm", "delete": "confirm"}}});
        let full = json!({"name": "f", "spec": {"project": "p", "destination": {"name": "in-cluster"}, "source": {"repoURL": "https://git.example.com/a.git", "path": "."},
            "syncPolicy": {"syncOptions": ["Prune=confirm", "PruneLast=true"]}}});
        insta::assert_snapshot!(said(json!({"argocd": {"version": "2.13.2"}, "applications": [entry, full]})), @"
        error applications[0].syncPolicy.syncOptions.clientSideApplyMigration config/sync-policy: `clientSideApplyMigration` is newer than Argo CD 2.13.2, which ignores it without a word
          remove it, or set `argocd.version: 3.5.1`
        error applications[0].syncPolicy.syncOptions.prune config/sync-policy: `prune: confirm` is newer than Argo CD 2.13.2, which ignores it without a word
          remove it, or set `argocd.version: 3.5.1`
        error applications[0].syncPolicy.syncOptions.delete config/sync-policy: `delete: confirm` is newer than Argo CD 2.13.2, which ignores it without a word
          remove it, or set `argocd.version: 3.5.1`
        error applications[1].spec.syncPolicy.syncOptions[0] config/sync-policy: `Prune=confirm` is newer than Argo CD 2.13.2, which ignores it without a word
          remove it, or set `argocd.version: 3.5.1`
        ");
        assert_eq!(said(json!({"argocd": {}, "applications": [entry, full]})), "");
    }
}
