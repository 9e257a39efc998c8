//! Where objects describe pods.

use serde_json::{Map, Value};

use crate::manifest::Object;

use super::Field;
use super::selector::is_added;

/// The pods that an object makes, or is.
#[derive(Debug, Clone, Copy)]
pub struct Template<'a> {
    /// The number of the object.
    pub object: usize,
    /// The object's kind.
    pub kind: &'a str,
    /// The object's name.
    pub name: &'a str,
    /// Its namespace; empty when it is only known when the manifest is applied.
    pub namespace: &'a str,
    /// The pods' labels, where they have any.
    pub labels: Option<&'a Map<String, Value>>,
    /// The pods' metadata, where they have any.
    pub metadata: Option<Field<'a>>,
    /// The pods' `spec`.
    pub spec: Field<'a>,
}

impl<'a> Template<'a> {
    /// The pods of an object of a kind that makes some.
    #[must_use]
    pub fn of(number: usize, object: &'a Object) -> Option<Self> {
        let path: &[&str] = match (object.group(), object.kind()) {
            ("", "Pod") => &[],
            ("", "PodTemplate") => &["template"],
            ("batch", "CronJob") => &["spec", "jobTemplate", "spec", "template"],
            ("apps", "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet")
            | ("batch", "Job")
            | ("", "ReplicationController")
            | ("argoproj.io", "Rollout") => &["spec", "template"],
            _ => return None,
        };
        let under = |key| Field::of(object, &[path, &[key]].concat());
        let metadata = under("metadata");
        let labels = metadata.and_then(|metadata| metadata.value.get("labels")?.as_object());
        let namespace = object.namespace().unwrap_or_default();
        Some(Self { object: number, kind: object.kind(), name: object.name(), namespace, labels, metadata, spec: under("spec")? })
    }

    /// Whether a controller may add a label to a pod of this template.
    #[must_use]
    pub fn may_get(&self, label: &str, value: &str) -> bool {
        match label {
            "statefulset.kubernetes.io/pod-name" => {
                let ordinal = value.strip_prefix(self.name).and_then(|rest| rest.strip_prefix('-'));
                self.kind == "StatefulSet" && ordinal.is_some_and(|ordinal| ordinal.parse::<u32>().is_ok())
            }
            _ => is_added(label) && !matches!(self.kind, "Pod" | "PodTemplate"),
        }
    }

    /// All containers: init containers, then the plain ones, then ephemeral ones.
    pub fn containers(&self) -> impl Iterator<Item = Field<'a>> + use<'a> {
        let spec = self.spec;
        ["initContainers", "containers", "ephemeralContainers"].into_iter().flat_map(move |key| spec.list(key))
    }

    /// The containers whose ports can be reached: the plain ones, and the init containers that stay (`restartPolicy: Always`).
    pub fn serving_containers(&self) -> impl Iterator<Item = Field<'a>> + use<'a> {
        let spec = self.spec;
        let sidecars = spec.list("initContainers").filter(|container| container.text("restartPolicy") == Some("Always"));
        spec.list("containers").chain(sidecars)
    }
}
