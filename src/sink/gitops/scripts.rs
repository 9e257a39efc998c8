//! The scripts of the tree. They are the same for every cluster; what differs stands in files of assignments beside them.

use std::fmt::Write as _;

use super::super::tree::Entry;
use super::{Environment, Facts};
use crate::diag::{Error, Result};

/// What `ci/check.sh` and the workflow install.
pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");
/// Where the scripts for machines are.
const SCRIPTS: &str = "bootstrap/scripts";

pub(super) fn scripts(environments: &[Environment], facts: &Facts) -> Result<Vec<Entry>> {
    let script = |path: &str, contents: &str| Entry { path: path.to_owned(), contents: contents.to_owned(), executable: true };
    let plain = |path: String, contents: String| Entry { path, contents, executable: false };
    let mut entries = vec![
        plain(format!("{SCRIPTS}/cluster.env"), cluster_env(environments)?),
        plain("ci/tree.env".to_owned(), tree_env(environments, facts)?),
        script("bootstrap/scripts/install-k3s.sh", include_str!("text/install-k3s.sh")),
        script("bootstrap/scripts/post-install.sh", include_str!("text/post-install.sh")),
        script("ci/check.sh", include_str!("text/check.sh")),
    ];
    for environment in environments {
        // In a folder of their own: `cluster` may be the name of one.
        entries.push(plain(format!("{SCRIPTS}/environments/{}.env", environment.name), environment_env(environment)?));
    }
    Ok(entries)
}

/// Which environments there are.
fn cluster_env(environments: &[Environment]) -> Result<String> {
    let names: Vec<&str> = environments.iter().map(|environment| environment.name.as_str()).collect();
    assignments(
        "What the scripts beside this file work with.",
        &[("default_environment", One(names.first().copied().unwrap_or_default())), ("environments", Many(&names))],
    )
}

/// One environment.
fn environment_env(environment: &Environment) -> Result<String> {
    // A minor names k3s' channel, a patch version its first release.
    let (channel, version) = match environment.kubernetes.matches('.').count() {
        1 => (format!("v{}", environment.kubernetes), String::new()),
        _ => (String::new(), format!("v{}+k3s1", environment.kubernetes)),
    };
    let nodes: Vec<&str> = environment.nodes.iter().map(String::as_str).collect();
    let servers: Vec<&str> = environment.servers.iter().map(String::as_str).collect();
    assignments(
        "What the scripts know of this environment.",
        &[
            ("cluster", One(environment.release.name())),
            ("nodes", Many(&nodes)),
            ("servers", Many(&servers)),
            ("k3s_channel", One(&channel)),
            ("k3s_version", One(&version)),
            ("argocd_namespace", One(environment.argocd_namespace())),
            ("repository", One(&environment.repository)),
        ],
    )
}

/// How the tree was rendered.
fn tree_env(environments: &[Environment], facts: &Facts) -> Result<String> {
    let arguments: Vec<&str> = facts.arguments.iter().map(String::as_str).collect();
    let profiles: Vec<&str> = environments.iter().filter_map(|environment| environment.profile.as_deref()).collect();
    assignments(
        "What check.sh beside this file works with: how the tree was rendered, and by which version.",
        &[("manifestgen_version", One(VERSION)), ("arguments", Many(&arguments)), ("profiles", Many(&profiles))],
    )
}

enum Assigned<'a> {
    One(&'a str),
    /// A list of bash.
    Many(&'a [&'a str]),
}
use Assigned::{Many, One};

fn assignments(comment: &str, values: &[(&str, Assigned<'_>)]) -> Result<String> {
    let mut text = format!("# {comment}\n");
    for (key, value) in values {
        // Writing to a string cannot fail.
        let _ = match value {
            One(value) => writeln!(text, "{key}={}", quoted(value)?),
            Many(values) => writeln!(text, "{key}=({})", values.iter().map(|value| quoted(value)).collect::<Result<Vec<_>>>()?.join(" ")),
        };
    }
    Ok(text)
}

/// As one word of a shell.
pub(super) fn quoted(value: &str) -> Result<String> {
    if value.contains('\0') {
        return Err(Error::usage("a value of the tree's scripts holds a NUL character").hint("no shell can hold one: take it out"));
    }
    Ok(format!("'{}'", value.replace('\'', r"'\''")))
}
