//! The Pods that a workload would make.

use serde_json::{Map, Value, json};

/// The Pod that a workload's template stands for.
pub(super) struct PodOf {
    pub pod: Value,
    /// Where the template stands in the workload, as a JSON pointer.
    pub prefix: &'static str,
}

/// Where the pod template of a kind stands, as a JSON pointer.
pub(super) fn template_prefix(kind: &str) -> Option<&'static str> {
    match kind {
        "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" | "ReplicationController" | "Job" => Some("/spec/template"),
        "CronJob" => Some("/spec/jobTemplate/spec/template"),
        _ => None,
    }
}

/// Whether a controller makes Pods of this object.
pub(super) fn makes_pods(object: &Value) -> bool {
    pod_of(object).is_some()
}

/// The Pod of a workload of the groups `apps`, `batch` and the core group; none for other kinds.
///
/// It is what the controllers make (`GetPodFromTemplate` in kubernetes/pkg/controller), with the volumes that the `StatefulSet` controller adds for its
/// claims. What they add beyond that (tolerations, affinity, owner) does not matter to admission.
pub(super) fn pod_of(workload: &Value) -> Option<PodOf> {
    let api_version = workload["apiVersion"].as_str()?;
    let prefix = template_prefix(workload["kind"].as_str()?).filter(|_| matches!(api_version, "v1" | "apps/v1" | "batch/v1"))?;
    let template = workload.pointer(prefix)?;
    let name = workload.pointer("/metadata/name")?.as_str()?;
    let mut metadata = Map::new();
    metadata.insert("generateName".to_owned(), format!("{name}-").into());
    for key in ["labels", "annotations", "finalizers"] {
        metadata.extend(template.pointer("/metadata").and_then(|own| own.get(key)).map(|value| (key.to_owned(), value.clone())));
    }
    metadata.extend(workload.pointer("/metadata/namespace").map(|namespace| ("namespace".to_owned(), namespace.clone())));
    let mut spec = template.get("spec")?.as_object()?.clone();
    let claims = workload.pointer("/spec/volumeClaimTemplates").and_then(Value::as_array);
    if let Some(claims) = claims.filter(|claims| !claims.is_empty()) {
        let volumes = spec.entry("volumes").or_insert_with(|| json!([])).as_array_mut()?;
        for claim in claims.iter().filter_map(|claim| claim.pointer("/metadata/name")?.as_str()) {
            // A claim replaces a volume of its name.
            volumes.retain(|volume| volume["name"] != claim);
            volumes.push(json!({"name": claim, "persistentVolumeClaim": {"claimName": format!("{claim}-{name}-0")}}));
        }
    }
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec});
    Some(PodOf { pod, prefix })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_become_volumes() {
        let workload = json!({
            "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "db", "namespace": "a"},
            "spec": {
                "template": {"metadata": {"labels": {"x": "y"}}, "spec": {"volumes": [{"name": "data"}, {"name": "tmp"}]}},
                "volumeClaimTemplates": [{"metadata": {"name": "data"}}],
            },
        });
        let made = pod_of(&workload).expect("a workload");
        assert_eq!(made.prefix, "/spec/template");
        assert_eq!(made.pod["metadata"], json!({"generateName": "db-", "labels": {"x": "y"}, "namespace": "a"}));
        assert_eq!(
            made.pod["spec"]["volumes"],
            json!([{"name": "tmp"}, {"name": "data", "persistentVolumeClaim": {"claimName": "data-db-0"}}])
        );
    }

    #[test]
    fn others_have_none() {
        assert!(pod_of(&json!({"apiVersion": "example.com/v1", "kind": "Deployment", "metadata": {"name": "a"}})).is_none());
        assert!(pod_of(&json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}})).is_none());
    }
}
