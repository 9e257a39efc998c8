//! `dependsOn`: names that are there, an order that exists, and somebody who keeps it.

use super::at;
use crate::config::dependencies::{self, Form};
use crate::config::{Cluster, Problems};

const RULE: &str = "config/depends-on";

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
    }
}
