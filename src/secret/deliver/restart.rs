//! New pods for the workloads that use what changed.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::Ready;
use super::payload::ID;
use crate::diag::{Finding, Progress, Result};
use crate::live::{Kind, Objects, Place, Put};
use crate::manifest::{Object, hex};
use crate::reference::{Edge, Graph, Need, Part, Target};
use crate::source::ConfigPath;

/// On the template of a workload's pods: a hash of the names of the values that they use. A template that changes makes new pods.
const ANNOTATION: &str = "manifestgen.dev/secrets";

/// Workloads that make new pods when their template changes. A `CronJob`'s next run has the new value anyway.
const KINDS: [Kind; 3] = [Kind::Deployment, Kind::StatefulSet, Kind::DaemonSet];

/// For each Secret that changed, as namespace and name, the keys that hold another value than pods may have. Keys that it lost are not among
/// them: whoever asks for one could not start anew.
pub(super) type Changed<'a> = BTreeMap<(&'a str, &'a str), BTreeSet<String>>;

/// Gives new pods to the workloads that use a key that changed, whoever applied them. What was refused comes back with the Secret.
pub(super) async fn restart(
    objects: &Objects,
    ready: &[&Ready],
    changed: &Changed<'_>,
    progress: &dyn Progress,
) -> Result<Vec<(String, Finding)>> {
    let mut stuck = Vec::new();
    let namespaces: BTreeSet<&str> = changed.keys().map(|(namespace, _)| *namespace).collect();
    for namespace in namespaces {
        for kind in KINDS {
            let live = objects.list(kind, namespace).await?;
            let workloads: Vec<Object> =
                live.iter().map(|value| Object::new("secrets", ConfigPath::root(), value)).collect::<Result<_>>()?;
            let graph = Graph::of(&workloads);
            for (number, workload) in workloads.iter().enumerate() {
                let Some(secret) = uses_changed(&graph, number, changed) else { continue };
                let place = Place { kind, namespace, name: workload.name() };
                let value = patch(place, workload, &annotation(&graph, number, ready));
                match objects.apply(place, &value, true).await? {
                    Put::Done(after) if after["metadata"]["resourceVersion"] == workload.value()["metadata"]["resourceVersion"] => {}
                    Put::Done(_) => {
                        progress.note(&format!("restarted {} {namespace}/{}, which uses {secret}", kind.name(), workload.name()));
                    }
                    Put::Refused(findings) => stuck.extend(findings.into_iter().map(|finding| (secret.clone(), finding))),
                }
            }
        }
    }
    Ok(stuck)
}

/// The fields that are ours. With its uid, nothing is made anew that went away meanwhile.
fn patch(place: Place<'_>, workload: &Object, annotation: &str) -> Value {
    json!({
        "apiVersion": place.kind.api_version(), "kind": place.kind.name(),
        "metadata": {"name": place.name, "namespace": place.namespace, "uid": workload.value()["metadata"]["uid"]},
        "spec": {"template": {"metadata": {"annotations": {ANNOTATION: annotation}}}},
    })
}

/// The first Secret with a change that a workload uses, as `NAMESPACE/NAME`.
fn uses_changed(graph: &Graph<'_>, number: usize, changed: &Changed<'_>) -> Option<String> {
    uses(graph, number).into_iter().find_map(|(namespace, name, key)| {
        let keys = changed.get(&(namespace, name))?;
        key.is_none_or(|key| keys.contains(key)).then(|| format!("{namespace}/{name}"))
    })
}

/// A hash of the values that a workload uses: of their names, which are hashes of encrypted files.
fn annotation(graph: &Graph<'_>, number: usize, ready: &[&Ready]) -> String {
    let mut used: BTreeSet<String> = BTreeSet::new();
    for (namespace, name, key) in uses(graph, number) {
        let Some(ready) = ready.iter().find(|ready| ready.what.namespace == namespace && ready.what.name == name) else { continue };
        let ids = ready.ids.iter().filter(|(own, _)| key.is_none_or(|key| key == *own));
        used.extend(ids.map(|(own, id)| format!("{name}\0{own}\0{id}\0")));
    }
    let mut hash = Sha256::new();
    for line in &used {
        hash.update(line);
    }
    hex(&hash.finalize())[..ID].to_owned()
}

/// The Secrets that a workload's pods use, with the key, or none for the whole of it.
fn uses<'a>(graph: &'a Graph<'_>, number: usize) -> BTreeSet<(&'a str, &'a str, Option<&'a str>)> {
    let of_it: Vec<&Edge<'_>> = graph.edges().iter().filter(|edge| edge.from == number && edge.need == Need::Secret).collect();
    let mut uses = BTreeSet::new();
    for edge in &of_it {
        let Target::Object { kind: "Secret", namespace, name, .. } = edge.target else { continue };
        match edge.part {
            Part::Key(key) => {
                uses.insert((namespace, name, Some(key)));
            }
            // The kubelet reads it when it pulls, so a running pod has no value of it.
            _ if edge.pointer.contains("/imagePullSecrets/") => {}
            // A reference to a key names the Secret beside it.
            _ if of_it.iter().any(|other| matches!(other.part, Part::Key(_)) && is_below(&other.pointer, &edge.pointer)) => {}
            _ => {
                uses.insert((namespace, name, None));
            }
        }
    }
    uses
}

/// Whether a field belongs to the reference that a name stands in.
fn is_below(field: &str, name: &str) -> bool {
    name.rsplit_once('/').is_some_and(|(reference, _)| field.strip_prefix(reference).is_some_and(|rest| rest.starts_with('/')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workload_uses_keys_or_the_whole() {
        let value = json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a", "namespace": "n"},
            "spec": {"template": {"spec": {
                "imagePullSecrets": [{"name": "pull"}],
                "containers": [{
                    "name": "c",
                    "env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "env", "key": "a"}}}],
                    "envFrom": [{"secretRef": {"name": "all"}}],
                }],
                "volumes": [
                    {"name": "v", "secret": {"secretName": "whole"}},
                    {"name": "w", "secret": {"secretName": "items", "items": [{"key": "b", "path": "b"}]}},
                    {"name": "x", "projected": {"sources": [{"secret": {"name": "projected", "items": [{"key": "c", "path": "c"}]}}]}},
                ],
            }}},
        });
        let objects = [Object::new("test", ConfigPath::root(), &value).expect("an object")];
        let graph = Graph::of(&objects);
        let found: Vec<_> = uses(&graph, 0).into_iter().map(|(_, name, key)| (name, key)).collect();
        assert_eq!(found, [("all", None), ("env", Some("a")), ("items", Some("b")), ("projected", Some("c")), ("whole", None)]);
        let changed: Changed<'_> = [(("n", "env"), BTreeSet::from(["b".to_owned()]))].into();
        assert_eq!(uses_changed(&graph, 0, &changed), None);
        let changed: Changed<'_> = [(("n", "env"), BTreeSet::from(["a".to_owned()]))].into();
        assert_eq!(uses_changed(&graph, 0, &changed).as_deref(), Some("n/env"));
    }
}
