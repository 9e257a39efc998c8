//! A `kustomization.yaml` (sigs.k8s.io/kustomize `api/types/kustomization.go`).

use serde::Serialize;

use super::super::tree::Entry;
use crate::diag::{Error, Result};
use crate::manifest::Object;
use crate::yaml;

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Kustomization {
    api_version: &'static str,
    kind: &'static str,
    resources: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    patches: Vec<Patch>,
}

/// A patch file and the one object that it is for.
#[derive(Debug, Serialize)]
pub(super) struct Patch {
    pub(super) path: String,
    target: Target,
}

/// Its texts are regular expressions.
#[derive(Debug, Serialize)]
struct Target {
    /// `^$` for the core group: without a group, objects of all groups are meant (`MatchGvk` in kustomize `api/types/selector.go`).
    group: String,
    version: String,
    kind: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
}

impl Kustomization {
    pub(super) fn new(mut resources: Vec<String>) -> Self {
        resources.sort();
        Self { api_version: "kustomize.config.k8s.io/v1beta1", kind: "Kustomization", resources, patches: Vec::new() }
    }

    pub(super) fn with_patches(self, patches: Vec<Patch>) -> Self {
        Self { patches, ..self }
    }

    /// The file in a folder.
    pub(super) fn entry(&self, folder: &str) -> Result<Entry> {
        Ok(Entry { path: format!("{folder}/kustomization.yaml"), contents: text(self)?, executable: false })
    }
}

impl Patch {
    pub(super) fn new(path: String, object: &Object) -> Self {
        let version = object.api_version().rsplit('/').next().unwrap_or_default();
        let target = Target {
            group: if object.group().is_empty() { "^$".to_owned() } else { regex::escape(object.group()) },
            version: version.to_owned(),
            kind: object.kind().to_owned(),
            name: regex::escape(object.name()),
            namespace: object.namespace().map(regex::escape),
        };
        Self { path, target }
    }
}

pub(super) fn text(value: &impl Serialize) -> Result<String> {
    yaml::to_string(value).map_err(|cause| Error::internal("a kustomization cannot be written as YAML").caused_by(cause))
}
