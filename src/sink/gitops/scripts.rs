//! The scripts of the tree. They are the same for every cluster; what differs stands in `cluster.env` beside them.

use std::fmt::Write as _;

use super::super::tree::Entry;
use super::{Environment, Facts};
use crate::manifest::{Part, folders};

pub(super) fn scripts(environments: &[Environment], facts: &Facts) -> Vec<Entry> {
    let script = |path: &str, contents: &str| Entry { path: path.to_owned(), contents: contents.to_owned(), executable: true };
    vec![
        Entry { path: "bootstrap/scripts/cluster.env".to_owned(), contents: cluster_env(environments, facts), executable: false },
        script("bootstrap/scripts/install-k3s.sh", include_str!("text/install-k3s.sh")),
        script("bootstrap/scripts/post-install.sh", include_str!("text/post-install.sh")),
        script("ci/check.sh", include_str!("text/check.sh")),
    ]
}

/// Assignments that the scripts read. All of them are quoted.
fn cluster_env(environments: &[Environment], facts: &Facts) -> String {
    let Some(base) = environments.first() else { return String::new() };
    let servers = environments.iter().flat_map(|environment| environment.servers.iter().map(|name| format!("{}/{name}", environment.name)));
    let servers = servers.collect::<Vec<_>>().join(" ");
    let namespace = base.release.objects().iter().zip(folders(base.release.objects())).find_map(|(object, folder)| {
        (folder.part() == Part::Argocd && object.kind() == "Application").then(|| object.namespace().unwrap_or_default())
    });
    // A minor names k3s' channel, a patch version its first release.
    let (channel, version) = match facts.kubernetes.matches('.').count() {
        1 => (format!("v{}", facts.kubernetes), String::new()),
        _ => (String::new(), format!("v{}+k3s1", facts.kubernetes)),
    };
    let mut text = String::from("# What the scripts beside this file work with.\n");
    for (key, value) in [
        ("cluster", base.release.name()),
        ("default_environment", &base.name),
        ("servers", &servers),
        ("k3s_channel", &channel),
        ("k3s_version", &version),
        ("argocd_namespace", namespace.unwrap_or("argocd")),
        ("repository", &facts.repository),
    ] {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{key}='{}'", value.replace('\'', r"'\''"));
    }
    text
}
