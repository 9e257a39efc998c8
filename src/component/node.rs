//! The files of each node: k3s' `config.yaml` and `registries.yaml`.
//!
//! They hold paths of secrets, never secrets, so they may stand in a Nix store or a git repository.

mod config_file;
mod registries_file;

use std::fmt::Write as _;

use serde::Serialize;

use super::{Component, Output};
use crate::config::Cluster;
use crate::diag::{Error, Result};
use crate::source::ConfigPath;
use crate::yaml;

/// The files of each node.
pub(super) const NODE: Component =
    Component { name: "node", enabled: |cluster| !cluster.nodes.is_empty(), namespaces: |_| Vec::new(), render };

fn render(cluster: &Cluster, output: &mut Output) -> Result<()> {
    for (at, node) in cluster.nodes.iter().enumerate() {
        let mut file = |path: &str, contents: String| {
            let mut in_release = format!("nodes/{}", node.name);
            // Writing to a string cannot fail.
            let _ = write!(in_release, "{path}");
            let facts = &mut output.file(ConfigPath::of(["nodes"]).index(at), in_release, contents).facts;
            facts.insert("node", node.name.to_string());
            facts.insert("path", path.to_owned());
        };
        file("/etc/rancher/k3s/config.yaml", text(&config_file::config_file(cluster, at, node))?);
        let registries = cluster.k3s.registries.with(&node.registries);
        if !registries.is_empty() {
            file("/etc/rancher/k3s/registries.yaml", text(&registries_file::RegistriesFile::from(&registries))?);
        }
    }
    Ok(())
}

fn text(value: &impl Serialize) -> Result<String> {
    yaml::to_string(value).map_err(|cause| Error::internal("a file of a node cannot be written as YAML").caused_by(cause))
}
