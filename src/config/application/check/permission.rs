//! Applications that their project does not allow: Argo CD would make them and never sync them.

use std::collections::BTreeSet;

use super::entries;
use crate::config::application::{
    ARGOCDS_OWN, Application, DEFAULT_PROJECT, Destination, LOCAL_SERVER, Project, has_parameters, repositories,
};
use crate::config::operators::OPERATORS_PROJECT;
use crate::config::repository_url::{comparable, without_password};
use crate::config::{Cluster, Problems};
use crate::diag::did_you_mean;
use crate::source::ConfigPath;

const RULE: &str = "config/project";

pub(super) fn check(cluster: &Cluster, problems: &mut Problems) {
    let mut told = BTreeSet::new();
    for (path, entry) in entries(cluster) {
        if told.insert(entry.project()) {
            name(cluster, &path, entry, problems);
        }
        let Some(number) = cluster.projects.iter().position(|project| project.name.as_str() == entry.project()) else { continue };
        let project = &cluster.projects[number];
        let at_project = ConfigPath::of(["projects"]).index(number);
        if let Some(allowed) = &project.spec.source_repos {
            for used in repositories(&path, entry).into_iter().filter(|used| used.is_source) {
                if !has_parameters(&used.url) && !permitted(allowed, &used.url) {
                    let url = without_password(&used.url);
                    let message = format!("project `{}` does not allow the repository `{url}`", project.name);
                    problems
                        .error(used.at_url(), RULE, message, "add it to the project's `sourceRepos`")
                        .involving(at_project.key("sourceRepos"));
                }
            }
        }
        destinations(&path, entry, project, &at_project, problems);
    }
}

/// A project that has no entry allows what its Applications use, so that a slip in its name allows more than was meant.
fn name(cluster: &Cluster, path: &ConfigPath, entry: &Application, problems: &mut Problems) {
    let declared = || cluster.projects.iter().map(|project| project.name.as_str());
    let (project, known) = (entry.project(), || declared().chain(cluster.own_projects()));
    if has_parameters(project) || known().any(|name| name == project) {
        return;
    }
    let path = match (&entry.spec, &entry.application_set) {
        (Some(_), _) => path.key("spec"),
        (None, Some(_)) => path.key("applicationSet").key("template").key("spec"),
        (None, None) => path.clone(),
    };
    let path = path.key("project");
    if project == ARGOCDS_OWN {
        let message = "Argo CD's own project `default` allows everything";
        problems.warning(path, RULE, message, "leave `project` out, name another, or add `default` to `projects` with what it allows");
    } else if !cluster.projects.is_empty() && project != DEFAULT_PROJECT && project != OPERATORS_PROJECT {
        let message = format!("`projects` has no entry `{project}`, so it allows what its Applications use");
        let hint = match did_you_mean(project, known()) {
            Some(meant) => format!("did you mean `{meant}`? Else add it to `projects`"),
            None => format!("add `{{name: {project}}}` to `projects`, which says that it is meant"),
        };
        problems.warning(path, RULE, message, hint);
    }
}

fn destinations(path: &ConfigPath, entry: &Application, project: &Project, at_project: &ConfigPath, problems: &mut Problems) {
    // Which clusters an ApplicationSet finds is known to Argo CD alone.
    let Some(allowed) = project.spec.destinations.as_ref().filter(|_| entry.clusters.is_none() && entry.application_set.is_none()) else {
        return;
    };
    let (path, wanted) = match &entry.spec {
        Some(spec) => (path.key("spec").key("destination"), spec.destination.clone()),
        None => (path.key("namespace"), Destination::new(entry.cluster.as_ref(), entry.namespace.as_ref().map(ToString::to_string))),
    };
    if has_parameters(wanted.namespace.as_deref().unwrap_or_default()) || is_allowed(allowed, &wanted) {
        return;
    }
    let cluster = wanted.server.as_deref().or(wanted.name.as_deref()).unwrap_or_default();
    let namespace = wanted.namespace.as_deref().unwrap_or_default();
    let message = format!("project `{}` does not allow the namespace `{namespace}` of the cluster `{cluster}`", project.name);
    problems.error(path, RULE, message, "add it to the project's `destinations`").involving(at_project.key("destinations"));
}

/// As Argo CD compares (`AppProject.isDestinationMatched`).
fn is_allowed(allowed: &[Destination], wanted: &Destination) -> bool {
    let is_local = wanted.server.as_deref() == Some(LOCAL_SERVER);
    let name = wanted.name.as_deref().or(is_local.then_some("in-cluster"));
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    // Which name belongs to a URL, and which URL to a name, is known to Argo CD alone: what is unknown matches.
    let part = |pattern: &str, wanted: Option<&str>| wanted.map_or_else(|| !pattern.is_empty(), |wanted| matches(pattern, wanted, None));
    let mut found = false;
    for item in allowed {
        let server = part(&text(&item.server), wanted.server.as_deref());
        let name_matches = part(&text(&item.name), name);
        let namespace = matches(&text(&item.namespace), &text(&wanted.namespace), None);
        if (server || name_matches) && namespace {
            found = true;
        } else if (!name_matches && is_refusal(&text(&item.name)))
            || (!server && is_refusal(&text(&item.server)) && namespace)
            || (!namespace && is_refusal(&text(&item.namespace)) && server)
        {
            return false;
        }
    }
    found
}

/// As Argo CD compares (`AppProject.IsSourcePermitted`): one must match, and none that begins with `!` may refuse it.
fn permitted(patterns: &[String], url: &str) -> bool {
    let mut found = false;
    for pattern in patterns {
        let pattern = match pattern.strip_prefix('!') {
            Some(refused) => format!("!{}", comparable(refused)),
            None => comparable(pattern),
        };
        match matches(&pattern, &comparable(url), Some('/')) {
            true => found = true,
            false if is_refusal(&pattern) => return false,
            false => {}
        }
    }
    found
}

fn is_refusal(pattern: &str) -> bool {
    pattern.starts_with('!')
}

/// A refusal matches all that it does not refuse.
fn matches(pattern: &str, text: &str, separator: Option<char>) -> bool {
    match pattern.strip_prefix('!') {
        Some(refused) => is_unread(refused) || !glob(refused, text, separator),
        None => pattern == "*" || glob(pattern, text, separator),
    }
}

/// Sets and alternatives, which `glob` does not read.
fn is_unread(pattern: &str) -> bool {
    pattern.contains(['[', '{', '\\'])
}

/// `*` is any text up to a separator, `**` any text, `?` one character (github.com/gobwas/glob).
///
/// What a pattern has besides (`[…]`, `{…}`) is taken to match: a false alarm would be worse than none.
fn glob(pattern: &str, text: &str, separator: Option<char>) -> bool {
    if is_unread(pattern) {
        return true;
    }
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    // reached[t]: the pattern so far matches the first t characters.
    let mut reached = vec![false; text.len() + 1];
    reached[0] = true;
    let mut p = 0;
    while p < pattern.len() {
        let crosses = pattern[p] == '*' && pattern.get(p + 1) == Some(&'*');
        let mut next = vec![false; text.len() + 1];
        for t in 0..=text.len() {
            next[t] = match pattern[p] {
                '*' => reached[t] || (t > 0 && next[t - 1] && (crosses || Some(text[t - 1]) != separator)),
                c => t > 0 && reached[t - 1] && (c == text[t - 1] || (c == '?' && Some(text[t - 1]) != separator)),
            };
        }
        reached = next;
        p += if crosses { 2 } else { 1 };
    }
    reached[text.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::application::TargetCluster;

    #[test]
    fn globs() {
        for (pattern, text, matches) in [
            ("team-*", "team-a", true),
            ("team-*", "other", false),
            ("https://git.example.com/*", "https://git.example.com/a", true),
            ("https://git.example.com/*", "https://git.example.com/a/b", false),
            ("https://git.example.com/**", "https://git.example.com/a/b", true),
            ("a?c*e", "abcde", true),
            ("a?c*e", "abcd", false),
            ("", "", true),
        ] {
            assert_eq!(glob(pattern, text, Some('/')), matches, "{pattern} {text}");
        }
    }

    #[test]
    fn a_refusal_counts_more_than_a_permission() {
        let permitted = |patterns: &[&str], url: &str| permitted(&patterns.iter().map(ToString::to_string).collect::<Vec<_>>(), url);
        assert!(permitted(&["*"], "https://a/b"));
        assert!(!permitted(&["*", "!https://a/*"], "https://a/b"));
        assert!(permitted(&["https://a/b"], "https://a/b.git"));
        assert!(permitted(&["git@a:b/c.git"], "ssh://git@a/b/c"));
        assert!(permitted(&["!https://a/b"], "https://c/d"));
        assert!(!permitted(&["https://a/b"], "https://c/d"));
        // What is not read refuses nothing.
        assert!(permitted(&["*", "!https://github.com/{evil,bad}/*"], "https://a/b"));
    }

    #[test]
    fn a_destination_is_a_cluster_and_a_namespace() {
        let destination =
            |cluster: &str, namespace: &str| Destination::new(Some(&TargetCluster(cluster.to_owned())), Some(namespace.to_owned()));
        let allowed = |allowed: &[Destination], cluster: &str, namespace: &str| is_allowed(allowed, &destination(cluster, namespace));
        let shop = [destination("in-cluster", "shop-*")];
        assert!(allowed(&shop, "in-cluster", "shop-a"));
        assert!(!allowed(&shop, "in-cluster", "other"));
        assert!(!allowed(&shop, "https://10.0.0.5:6443", "shop-a"));
        assert!(!allowed(&[destination("in-cluster", "*"), destination("in-cluster", "!kube-system")], "in-cluster", "kube-system"));
    }

    /// A slip opened a project of its own, and `default` was not mentioned.
    #[test]
    fn a_project_that_nobody_declared_is_said() {
        let entry =
            |name: &str, project: &str| serde_json::json!({"name": name, "project": project, "repoURL": "https://x.example.com/y.git"});
        let entries = [
            entry("a", "plattform"),
            entry("b", "plattform"),
            entry("c", "default"),
            entry("d", "workloads"),
            entry("e", "platform"),
            entry("f", "x"),
        ];
        let said = super::super::testing::said(serde_json::json!({"projects": [{"name": "platform"}], "applications": entries}));
        insta::assert_snapshot!(said, @"
        warning applications[0].project config/project: `projects` has no entry `plattform`, so it allows what its Applications use
          did you mean `platform`? Else add it to `projects`
        warning applications[2].project config/project: Argo CD's own project `default` allows everything
          leave `project` out, name another, or add `default` to `projects` with what it allows
        warning applications[5].project config/project: `projects` has no entry `x`, so it allows what its Applications use
          add `{name: x}` to `projects`, which says that it is meant
        ");
    }
}
