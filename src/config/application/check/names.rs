//! Names that the tree of `gitops` keeps for itself.

use super::at;
use crate::config::application::{TREE_PROJECT, reserved_names};
use crate::config::{Cluster, Problems, format};
use crate::source::ConfigPath;

const RULE: &str = "config/application-name";

pub(super) fn check(cluster: &Cluster, problems: &mut Problems) {
    let Some(gitops) = &cluster.gitops else { return };
    if let Some(Err(wrong)) = format::format("dns-label").map(|form| (form.check)(gitops.environment())) {
        let message = format!("the environment `{}` cannot be a folder: {}", gitops.environment(), wrong.reason);
        let hint = "without `gitops.environment` it is the profile's name; give it one";
        problems.error(ConfigPath::of(["gitops", "environment"]), RULE, message, hint);
    }
    for (number, entry) in cluster.applications.iter().enumerate() {
        if reserved_names().contains(&entry.name.as_str()) {
            let message = format!("`{}` is the name of an Application that syncs the tree", entry.name);
            problems.error(at(number).key("name"), RULE, message, "give it another name").involving(ConfigPath::of(["gitops"]));
        }
    }
    for (number, project) in cluster.projects.iter().enumerate() {
        if project.name.as_str() == TREE_PROJECT {
            let path = ConfigPath::of(["projects"]).index(number).key("name");
            let message = format!("`{}` is the project of the Applications that sync the tree", project.name);
            problems.error(path, RULE, message, "give it another name").involving(ConfigPath::of(["gitops"]));
        }
    }
}
