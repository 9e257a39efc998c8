//! A cluster as a release meets it.

use std::collections::BTreeSet;

use kube::Client;
use serde_json::Value;

use super::Connection;
use super::discovery::{Resource, Resources};
use super::inventory::PART_OF;
use super::request::segment;
use crate::diag::{Error, Result};
use crate::manifest::{Object, Release, rank};

/// A cluster and the kinds that it serves.
#[derive(Clone)]
pub(super) struct Target {
    pub client: Client,
    pub resources: Resources,
    pub version: String,
    pub context: String,
}

/// An object of the release as it is sent.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub object: Object,
    /// Complete: with its namespace and the label of its inventory.
    pub value: Value,
    /// None when the kind is not served yet.
    pub path: Option<String>,
    pub namespace: Option<String>,
    pub wave: Wave,
}

/// When an object's turn is: by kind, then by its `argocd.argoproj.io/sync-wave`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Wave {
    pub rank: u8,
    pub sync: i64,
}

const SYNC_WAVE: &str = "argocd.argoproj.io/sync-wave";

impl Target {
    /// Asks which kinds the cluster serves.
    pub(super) async fn look(connection: &Connection) -> Result<Self> {
        Ok(Self {
            client: connection.client.clone(),
            resources: Resources::discover(&connection.client).await?,
            version: connection.version.clone(),
            context: connection.context.clone(),
        })
    }

    /// The objects of a release as they are sent, in their order. None may stand there twice.
    pub(super) fn wanted(&self, release: &Release, id: &str) -> Result<Vec<Wanted>> {
        let mut known = self.resources.clone();
        let objects = release.objects();
        objects.iter().filter(|object| is_definition(object)).for_each(|object| known.define(&Value::Object(object.value().clone())));
        let mut seen = BTreeSet::new();
        let mut wanted = Vec::with_capacity(objects.len());
        for object in objects {
            let resource = known.get(object);
            // Where nothing is known about the kind, its own word counts.
            let namespace = match resource {
                Some(resource) => resource.namespace(object, self.client.default_namespace()).map(ToOwned::to_owned),
                None => object.namespace().map(ToOwned::to_owned),
            };
            let path = self.resources.get(object).map(|resource| path_of(resource, object, namespace.as_deref()));
            if !seen.insert((object.group(), object.kind(), namespace.clone(), object.name())) {
                return Err(Error::usage(format!("the {} `{}` stands in the release twice", object.kind(), object.name())));
            }
            let value = complete(object, namespace.as_deref(), id);
            wanted.push(Wanted { object: object.clone(), value, path, namespace, wave: wave_of(object) });
        }
        wanted.sort_by_key(|wanted| wanted.wave);
        Ok(wanted)
    }
}

pub(super) fn path_of(resource: &Resource, object: &Object, namespace: Option<&str>) -> String {
    format!("{}/{}", resource.path(object.api_version(), namespace), segment(object.name()))
}

pub(super) fn is_definition(object: &Object) -> bool {
    (object.group(), object.kind()) == ("apiextensions.k8s.io", "CustomResourceDefinition")
}

fn wave_of(object: &Object) -> Wave {
    let annotation = object.pointer("/metadata/annotations").and_then(|annotations| annotations.get(SYNC_WAVE)?.as_str()?.parse().ok());
    Wave { rank: rank(object.group(), object.kind()), sync: annotation.unwrap_or(0) }
}

/// What is sent of an object: what the server writes itself stays out, as people apply what `kubectl get -o yaml` gave them.
fn complete(object: &Object, namespace: Option<&str>, id: &str) -> Value {
    let mut value = Value::Object(object.value().clone());
    if let Some(fields) = value.as_object_mut() {
        fields.shift_remove("status");
    }
    if let Some(metadata) = value["metadata"].as_object_mut() {
        for field in ["managedFields", "resourceVersion", "uid", "generation", "creationTimestamp", "selfLink"] {
            metadata.shift_remove(field);
        }
        match namespace {
            Some(namespace) => metadata.insert("namespace".to_owned(), namespace.into()),
            None => metadata.shift_remove("namespace"),
        };
        if !metadata.get("labels").is_some_and(Value::is_object) {
            metadata.insert("labels".to_owned(), Value::Object(serde_json::Map::new()));
        }
        metadata["labels"][PART_OF] = id.into();
    }
    if object.kind() == "Secret" && object.group().is_empty() {
        encode_string_data(&mut value);
    }
    value
}

/// `stringData` cannot be taken back field by field: the server turns it into `data` and forgets whose it was.
fn encode_string_data(secret: &mut Value) {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let Some(Value::Object(texts)) = secret.as_object_mut().and_then(|secret| secret.shift_remove("stringData")) else { return };
    if !secret["data"].is_object() {
        secret["data"] = Value::Object(serde_json::Map::new());
    }
    for (key, text) in texts {
        // Anything but text is for the server to refuse.
        secret["data"][&key] = text.as_str().map_or(text.clone(), |text| STANDARD.encode(text).into());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::source::ConfigPath;

    fn object(value: Value) -> Object {
        Object::new("test", ConfigPath::root(), &value).expect("an object")
    }

    #[test]
    fn what_is_sent_is_complete_and_ours() {
        let secret = object(json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "uid": "1", "creationTimestamp": null},
            "stringData": {"a": "b"}, "status": {},
        }));
        assert_eq!(
            complete(&secret, Some("n"), "id"),
            json!({
                "apiVersion": "v1", "kind": "Secret",
                "metadata": {"name": "s", "namespace": "n", "labels": {"applyset.kubernetes.io/part-of": "id"}},
                "data": {"a": "Yg=="},
            })
        );
    }

    #[test]
    fn waves_follow_kinds_first() {
        let wave = |kind: &str, sync: &str| {
            let value = json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": "a", "annotations": {SYNC_WAVE: sync}}});
            wave_of(&object(value))
        };
        assert!(wave("Namespace", "9") < wave("ConfigMap", "-1"));
        assert!(wave("ConfigMap", "-1") < wave("ConfigMap", "0"));
        assert_eq!(wave("ConfigMap", "x").sync, 0);
    }
}
