//! What `render --format gitops` writes: the environments of a config, rendered each.

use serde_json::json;

use crate::config::{NodeEntry, NodeRole};
use crate::diag::{Error, Finding, Result};
use crate::manifest::{Object, Release};
use crate::render::Selection;
use crate::sink::{self, Entry, Environment, Facts};
use crate::yaml;

use super::config_args::{LoadedConfig, in_profile};

/// The files of the tree. The config as it was loaded is the first environment, each of the file's own profiles a further one.
pub(super) fn entries(loaded: &LoadedConfig, release: &Release) -> Result<Vec<Entry>> {
    let Some(gitops) = &loaded.cluster().gitops else {
        return Err(Error::usage("the config does not say where the tree will be")
            .hint("set `gitops.repoURL` to the URL of its repository, as Argo CD reaches it; `--set gitops.repoURL=…` does, too"));
    };
    let mut environments = vec![environment(loaded, release.clone(), None)?];
    for (profile, other) in loaded.with_own_profiles()? {
        let rendered = other.render(&Selection::default()).and_then(|release| environment(&other, release, Some(profile.clone())));
        let environment = rendered.map_err(|error| in_profile(error, &profile))?;
        if environments.iter().any(|known| known.name == environment.name) {
            return Err(Error::usage(format!("two profiles are the environment `{}`", environment.name))
                .hint("leave `gitops.environment` out, so that each has its own name, or give them different ones"));
        }
        environments.push(environment);
    }
    let path = gitops.path.as_deref().map(|path| path.trim_matches('/')).filter(|path| !matches!(*path, "" | "."));
    let facts = Facts { path: path.map(ToOwned::to_owned), arguments: loaded.arguments() };
    sink::gitops(&environments, &facts)
}

fn environment(loaded: &LoadedConfig, release: Release, profile: Option<String>) -> Result<Environment> {
    refuse_local(loaded, &release)?;
    let cluster = loaded.cluster();
    let gitops = cluster.gitops.as_ref();
    let nodes: Vec<_> = cluster.nodes.iter().map(|node| json!({"name": node.name, "role": node.role, "address": node.address})).collect();
    let mut facts = json!({"cluster": cluster.cluster, "nodes": nodes});
    without_nulls(&mut facts);
    let cluster_config =
        yaml::to_string(&facts).map_err(|cause| Error::internal("the facts of the cluster cannot be written as YAML").caused_by(cause))?;
    let named = |nodes: &mut dyn Iterator<Item = &NodeEntry>| nodes.map(|node| node.name.to_string()).collect();
    Ok(Environment {
        name: gitops.map(|gitops| gitops.environment().to_owned()).unwrap_or_default(),
        profile,
        release,
        cluster_config,
        nodes: named(&mut cluster.nodes.iter()),
        servers: named(&mut cluster.nodes.iter().filter(|node| node.role == NodeRole::Server)),
        kubernetes: cluster.cluster.version.to_string(),
        repository: gitops.map(|gitops| gitops.repo_url.clone()).unwrap_or_default(),
    })
}

/// Objects with this annotation are in the tree and never come into the cluster: kustomize leaves them out, unless it says `false`
/// (`DropLocalNodes` in sigs.k8s.io/kustomize `api/resource/factory.go`).
const LOCAL: &str = "/metadata/annotations/config.kubernetes.io~1local-config";

fn refuse_local(loaded: &LoadedConfig, release: &Release) -> Result<()> {
    let is_local = |object: &&Object| object.pointer(LOCAL).is_some_and(|value| value != "false");
    let mut findings: Vec<Finding> = release
        .objects()
        .iter()
        .filter(is_local)
        .map(|object| {
            Finding::error("gitops/local-config", "kustomize leaves an object with this annotation out, so that Argo CD never gets it")
                .with_object(object.reference())
                .with_path(LOCAL)
                .with_hint("take the annotation `config.kubernetes.io/local-config` away, or the object")
        })
        .collect();
    if findings.is_empty() {
        return Ok(());
    }
    loaded.locate(release, &mut findings);
    Err(Error::usage("the tree would hold objects that nobody applies").with_findings(findings))
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
