//! `dependsOn`: names that are there, and an order that exists.

use super::at;
use crate::config::application::graph::Graph;
use crate::config::{Cluster, Problems};
use crate::diag::did_you_mean;

const RULE: &str = "config/depends-on";

pub(super) fn check(cluster: &Cluster, problems: &mut Problems) {
    let names = || cluster.applications.iter().map(|entry| entry.name.as_str());
    for (number, entry) in cluster.applications.iter().enumerate() {
        for (key, name) in entry.depends_on.iter().enumerate() {
            if names().any(|known| known == name.as_str()) {
                continue;
            }
            let hint = did_you_mean(name.as_str(), names().filter(|other| *other != entry.name.as_str()))
                .map_or_else(|| "only an entry of `applications` can be waited for".to_owned(), |meant| format!("did you mean `{meant}`?"));
            let message = format!("there is no Application `{name}` that `{}` could wait for", entry.name);
            problems.error(at(number).key("dependsOn").index(key), RULE, message, hint);
        }
        if cluster.gitops.is_none() && !entry.depends_on.is_empty() {
            problems.warning(
                at(number).key("dependsOn"),
                RULE,
                format!("nothing makes `{}` wait: Argo CD keeps an order only among what one Application holds", entry.name),
                "set `gitops.repoURL`, so that the Applications are synced from a tree",
            );
        }
    }
    for circle in Graph::new(&cluster.applications).circles() {
        let name = |number: usize| cluster.applications[number].name.as_str();
        let mut way: Vec<String> = circle.iter().map(|edge| format!("`{}`", name(edge.from))).collect();
        way.extend(circle.first().map(|edge| format!("`{}`", name(edge.from))));
        // Each link of the chain is shown at its line: any of them may be the wrong one.
        for edge in &circle {
            let message = if circle.len() == 1 {
                format!("`{}` waits for itself", name(edge.from))
            } else {
                format!("`{}` waits for `{}` in a circle: {}", name(edge.from), name(edge.to), way.join(" → "))
            };
            problems.error(at(edge.from).key("dependsOn").index(edge.key), RULE, message, "remove one link of it");
        }
    }
}
