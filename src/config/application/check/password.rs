//! Passwords in URLs, wherever they stand: what these objects say is readable by everyone who may see them.

use serde::Serialize;

use super::{entries, text};
use crate::config::repository_url::has_password;
use crate::config::{Cluster, Problems};
use crate::source::ConfigPath;

const RULE: &str = "config/application-source";

pub(super) fn check(cluster: &Cluster, problems: &mut Problems) {
    for (path, entry) in entries(cluster) {
        section(&path, entry, problems);
    }
    for (number, project) in cluster.projects.iter().enumerate() {
        section(&ConfigPath::of(["projects"]).index(number), project, problems);
    }
    if let Some(gitops) = &cluster.gitops {
        section(&ConfigPath::of(["gitops"]), gitops, problems);
    }
}

fn section(path: &ConfigPath, section: &impl Serialize, problems: &mut Problems) {
    text::each(path, section, &mut |path, text| {
        if has_password(text) {
            let at = path.to_string();
            let hint = if at.contains("repoURL") || at.contains("sourceRepos") {
                "give credentials in a Secret that Argo CD knows (`argocd.repositories`)"
            } else {
                "keep it in a Secret that the application reads"
            };
            problems.error(path, RULE, "a password in the URL would be readable by everyone", hint);
        }
    });
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::testing::said;

    /// Those of generators, hydrators, overlays, values and projects went into the release, and nothing said so.
    #[test]
    fn passwords_in_urls_are_seen_wherever_they_stand() {
        let url = "https://me:hunter2@git.example.com/a.git";
        let source = json!({"repoURL": url, "path": "."});
        let template =
            json!({"metadata": {"name": "{{.x}}"}, "spec": {"project": "p", "destination": {"name": "in-cluster"}, "source": source}});
        let git = json!({"repoURL": url, "revision": "HEAD", "directories": [{"path": "*"}]});
        let hydrator = json!({
            "drySource": {"repoURL": url, "path": "a", "targetRevision": "HEAD"},
            "syncSource": {"targetBranch": "b", "path": "a", "repoURL": url},
        });
        let said = said(json!({
            "gitops": {"repoURL": url},
            "projects": [{"name": "p", "sourceRepos": [url]}, {"name": "q", "sourceRepos": []}],
            "applications": [
                {"name": "short", "repoURL": url},
                {"name": "list", "sources": [source]},
                {"name": "values", "repoURL": "https://git.example.com/a.git", "helm": {"values": "db: postgres://shop:hunter2@db/shop"}},
                {"name": "hydrator", "spec": {"project": "q", "destination": {"name": "in-cluster"}, "sourceHydrator": hydrator}},
                {"name": "set", "applicationSet": {"goTemplate": true, "template": template, "generators": [
                    {"git": git},
                    {"matrix": {"generators": [{"git": git}, {"list": {"elements": [{"x": url}], "template": template}}]}},
                ]}},
            ],
        }));
        assert!(!said.contains("hunter2"), "{said}");
        let places: Vec<&str> = said.lines().filter_map(|line| line.split_once(": a password")?.0.split(' ').nth(1)).collect();
        insta::assert_snapshot!(places.join("\n"), @"
        applications[0].repoURL
        applications[1].sources[0].repoURL
        applications[2].helm.values
        applications[3].spec.sourceHydrator.drySource.repoURL
        applications[3].spec.sourceHydrator.syncSource.repoURL
        applications[4].applicationSet.generators[0].git.repoURL
        applications[4].applicationSet.generators[1].matrix.generators[0].git.repoURL
        applications[4].applicationSet.generators[1].matrix.generators[1].list.elements[0].x
        applications[4].applicationSet.generators[1].matrix.generators[1].list.template.spec.source.repoURL
        applications[4].applicationSet.template.spec.source.repoURL
        projects[0].sourceRepos[0]
        gitops.repoURL
        ");
    }
}
