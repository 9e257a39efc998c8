//! Kinds that `CustomResourceDefinition`s define: embedded ones, and those that the user gives.

use std::sync::{LazyLock, OnceLock};

use serde_json::Value;

use crate::diag::{Error, Result};

use super::schema::{Object, Schema, Type};
use super::{Kind, Scope, parse, text};

/// A kind that a `CustomResourceDefinition` defines, in one of its versions.
#[derive(Debug, Clone, PartialEq)]
pub struct CustomKind {
    /// Its names and scope.
    pub kind: Kind,
    /// The whole object; `apiVersion`, `kind` and `metadata` are understood ([`Object::embedded`]).
    pub schema: Schema,
    /// Whether `status` is dropped on create (`subresources.status`).
    pub status_is_dropped: bool,
}

/// A `CustomResourceDefinition` that is part of the program: Argo CD, cert-manager, Gateway API, k3s and its Helm
/// controller, Prometheus' operator, system-upgrade-controller, Traefik.
#[derive(Debug)]
pub struct EmbeddedCrd {
    /// Its name, `applications.argoproj.io`.
    pub name: &'static str,
    /// The whole object as JSON, without descriptions.
    pub json: &'static str,
    kinds: Vec<(&'static str, &'static str)>,
    parsed: OnceLock<Vec<CustomKind>>,
    object: OnceLock<Value>,
}

static TEXT: LazyLock<String> = LazyLock::new(|| text::decompress(include_bytes!("../../data/crds/crds.zst")));

static CRDS: LazyLock<Vec<EmbeddedCrd>> = LazyLock::new(|| {
    // Two blocks of rows, parted by an empty line: definition, `apiVersion`, kind; then definition and object.
    let (kinds, objects) = TEXT.split_once("\n\n").unwrap_or_default();
    let kind = |row: &'static str, wanted: &str| {
        let mut columns = row.split('\t');
        (columns.next()? == wanted).then(|| columns.next().zip(columns.next()))?
    };
    let crd = |(name, json): (&'static str, &'static str)| {
        let kinds = kinds.lines().filter_map(|row| kind(row, name)).collect();
        EmbeddedCrd { name, json, kinds, parsed: OnceLock::new(), object: OnceLock::new() }
    };
    objects.lines().filter_map(|row| row.split_once('\t')).map(crd).collect()
});

/// All embedded definitions, by name.
#[must_use]
pub fn embedded_crds() -> &'static [EmbeddedCrd] {
    &CRDS
}

/// A kind of an embedded definition, `argoproj.io/v1alpha1` `Application`.
#[must_use]
pub fn embedded_kind(api_version: &str, kind: &str) -> Option<&'static CustomKind> {
    let crd = CRDS.iter().find(|crd| crd.kinds.contains(&(api_version, kind)))?;
    crd.kinds().iter().find(|custom| *custom.kind.api_version == *api_version && *custom.kind.kind == *kind)
}

impl EmbeddedCrd {
    /// The whole object, without descriptions.
    #[must_use]
    pub fn object(&self) -> &Value {
        // A test parses every embedded definition.
        self.object.get_or_init(|| serde_json::from_str(self.json).unwrap_or_default())
    }

    /// Its kinds, one for each version.
    #[must_use]
    fn kinds(&self) -> &[CustomKind] {
        // A test parses every embedded definition.
        self.parsed.get_or_init(|| serde_json::from_str(self.json).ok().and_then(|crd| custom_kinds(&crd).ok()).unwrap_or_default())
    }
}

/// The served kinds of a `CustomResourceDefinition` of `apiextensions.k8s.io/v1`.
///
/// # Errors
/// Wrong usage when it is none, or its schema cannot be read.
pub fn custom_kinds(crd: &Value) -> Result<Vec<CustomKind>> {
    let text = |pointer: &str| crd.pointer(pointer).and_then(Value::as_str);
    let name = text("/metadata/name").unwrap_or("without a name");
    if text("/apiVersion") != Some("apiextensions.k8s.io/v1") || text("/kind") != Some("CustomResourceDefinition") {
        return Err(Error::usage(format!("`{name}` is no CustomResourceDefinition of `apiextensions.k8s.io/v1`")));
    }
    let names = text("/spec/group").zip(text("/spec/names/kind")).zip(text("/spec/names/plural"));
    let (Some(((group, kind), plural)), Some(Value::Array(versions))) = (names, crd.pointer("/spec/versions")) else {
        let error = Error::usage(format!("the CustomResourceDefinition `{name}` is not whole"));
        return Err(error.hint("it needs `spec.group`, `spec.names.kind`, `spec.names.plural` and `spec.versions`"));
    };
    let scope = if text("/spec/scope") == Some("Cluster") { Scope::Cluster } else { Scope::Namespaced };
    let mut kinds = Vec::new();
    for version in versions.iter().filter(|version| version["served"] != false) {
        let version_name = version["name"].as_str().unwrap_or_default();
        let schema = parse::value(&version["schema"]["openAPIV3Schema"]).map_err(|cause| {
            Error::usage(format!("the schema of version `{version_name}` of the CustomResourceDefinition `{name}` cannot be read"))
                .caused_by(cause)
        })?;
        kinds.push(CustomKind {
            kind: Kind { api_version: format!("{group}/{version_name}").into(), kind: kind.into(), plural: plural.into(), scope },
            schema: whole(schema),
            status_is_dropped: version.pointer("/subresources/status").is_some(),
        });
    }
    Ok(kinds)
}

/// The schema of a whole object, whatever the definition says about the fields that every object has.
fn whole(mut schema: Schema) -> Schema {
    if let Type::Object(object) = &mut schema.kind {
        object.embedded = true;
    } else {
        schema.kind = Type::Object(Object { preserve: true, embedded: true, ..Object::default() });
    }
    schema
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_embedded_definition_is_read() {
        assert!(CRDS.len() > 30, "{} definitions", CRDS.len());
        for crd in embedded_crds() {
            assert!(!crd.kinds.is_empty() && !crd.kinds().is_empty(), "{}", crd.name);
            assert_eq!(crd.object()["metadata"]["name"], crd.name);
        }
        for (api_version, kind) in [
            ("argoproj.io/v1alpha1", "Application"),
            ("argoproj.io/v1alpha1", "ApplicationSet"),
            ("cert-manager.io/v1", "Certificate"),
            ("gateway.networking.k8s.io/v1", "HTTPRoute"),
            ("helm.cattle.io/v1", "HelmChartConfig"),
            ("k3s.cattle.io/v1", "Addon"),
            ("monitoring.coreos.com/v1", "ServiceMonitor"),
            ("traefik.io/v1alpha1", "IngressRoute"),
        ] {
            assert!(embedded_kind(api_version, kind).is_some(), "{api_version} {kind}");
        }
    }

    #[test]
    fn what_is_no_definition_is_refused() {
        assert!(custom_kinds(&json!({"kind": "ConfigMap"})).is_err());
        let crd = json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "a"}});
        let error = custom_kinds(&crd).expect_err("nothing in it");
        assert_eq!(error.message, "the CustomResourceDefinition `a` is not whole");
    }
}
