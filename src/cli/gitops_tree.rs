//! What `render --format gitops` writes: the environments of a config, rendered each.

use serde_json::json;

use crate::config::{Cluster, NodeRole};
use crate::diag::{Error, Result};
use crate::manifest::Release;
use crate::render::Selection;
use crate::sink::{self, Entry, Environment, Facts};
use crate::yaml;

use super::config_args::LoadedConfig;

/// The files of the tree. The config as it was loaded is the first environment, each of the file's own profiles a further one.
pub(super) fn entries(loaded: &LoadedConfig, release: &Release) -> Result<Vec<Entry>> {
    let Some(gitops) = &loaded.cluster().gitops else {
        return Err(Error::usage("the config does not say where the tree will be")
            .hint("set `gitops.repoURL` to the URL of its repository, as Argo CD reaches it; `--set gitops.repoURL=…` does, too"));
    };
    let mut environments = vec![environment(loaded.cluster(), release.clone())?];
    for other in loaded.with_own_profiles()? {
        let environment = environment(other.cluster(), other.render(&Selection::default())?)?;
        if environments.iter().any(|known| known.name == environment.name) {
            return Err(Error::usage(format!("two profiles are the environment `{}`", environment.name))
                .hint("leave `gitops.environment` out, so that each has its own name, or give them different ones"));
        }
        environments.push(environment);
    }
    let facts = Facts {
        kubernetes: loaded.cluster().cluster.version.to_string(),
        repository: gitops.repo_url.clone(),
        is_root: gitops.path.as_deref().is_none_or(|path| matches!(path.trim_matches('/'), "" | ".")),
    };
    sink::gitops(&environments, &facts)
}

fn environment(cluster: &Cluster, release: Release) -> Result<Environment> {
    let name = cluster.gitops.as_ref().map(|gitops| gitops.environment().to_owned()).unwrap_or_default();
    let nodes: Vec<_> = cluster.nodes.iter().map(|node| json!({"name": node.name, "role": node.role, "address": node.address})).collect();
    let mut facts = json!({"cluster": cluster.cluster, "nodes": nodes});
    without_nulls(&mut facts);
    let cluster_config =
        yaml::to_string(&facts).map_err(|cause| Error::internal("the facts of the cluster cannot be written as YAML").caused_by(cause))?;
    let servers = cluster.nodes.iter().filter(|node| node.role == NodeRole::Server).map(|node| node.name.to_string()).collect();
    Ok(Environment { name, release, cluster_config, servers })
}

fn without_nulls(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Object(map) => {
            map.retain(|_, value| !value.is_null());
            map.values_mut().for_each(without_nulls);
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(without_nulls),
        _ => {}
    }
}
