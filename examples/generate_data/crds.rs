//! Custom resources that clusters of this kind have, from the modules of those who define them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use manifestgen::source::Sources;
use manifestgen::yaml::{self, Limits, Node};
use serde_json::{Map, Value, json};

use super::bundle::{Files, compress};
use super::gomod;

/// Modules, versions, and the file or folder that holds the definitions.
const SOURCES: [(&str, &str, &str); 8] = [
    ("github.com/argoproj/argo-cd/v3", "v3.5.1", "manifests/crds"),
    ("github.com/cert-manager/cert-manager", "v1.21.2", "deploy/crds"),
    ("github.com/k3s-io/api", "v0.2.1", "pkg/crds/yaml/generated"),
    ("github.com/k3s-io/helm-controller", "v0.17.9", "pkg/crds/yaml/generated"),
    // What kube-prometheus-stack 88.5.3 brings.
    ("github.com/prometheus-operator/prometheus-operator", "v0.93.1", "example/prometheus-operator-crd"),
    ("github.com/rancher/system-upgrade-controller", "v0.20.1", "pkg/crds/yaml/generated"),
    // 1.7 wants Go 1.27.
    ("sigs.k8s.io/gateway-api", "v1.6.3", "config/crd/standard"),
    // k3s' chart 39 brings this version.
    ("github.com/traefik/traefik/v3", "v3.6.12", "docs/content/reference/dynamic-configuration/kubernetes-crd-definition-v1.yml"),
];

/// Makes `crds.zst` and `origin.json`.
pub(crate) fn generate() -> Result<Files, String> {
    let mut crds = BTreeMap::new();
    let mut origins = Vec::new();
    for (module, version, place) in SOURCES {
        let module = gomod::download(module, version)?;
        let mut origin = gomod::origin(&module);
        origin["path"] = place.into();
        origins.push(origin);
        for path in files(&module.dir.join(place))? {
            for object in read(&path)?.into_iter().filter(|object| object["kind"] == "CustomResourceDefinition") {
                let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
                crds.insert(name, pruned(object)?);
            }
        }
    }
    let mut text = String::new();
    for (name, crd) in &crds {
        let spec = &crd["spec"];
        let field = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        for version in spec["versions"].as_array().into_iter().flatten() {
            let api_version = format!("{}/{}", field(&spec["group"]), field(&version["name"]));
            text.extend([name, "\t", &api_version, "\t", &field(&spec["names"]["kind"]), "\n"]);
        }
    }
    text.push('\n');
    for (name, crd) in &crds {
        text.extend([name, "\t", &crd.to_string(), "\n"]);
    }
    let origin = json!({"file": "crds.zst", "modules": origins});
    let mut origin = serde_json::to_string_pretty(&origin).map_err(|cause| cause.to_string())?;
    origin.push('\n');
    Ok(vec![("crds.zst", compress(&text)?), ("origin.json", origin.into_bytes())])
}

fn files(place: &Path) -> Result<Vec<PathBuf>, String> {
    if place.is_file() {
        return Ok(vec![place.to_owned()]);
    }
    let entries = fs::read_dir(place).map_err(|cause| format!("{}: {cause}", place.display()))?;
    let mut files: Vec<_> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    Ok(files)
}

pub(crate) fn read(path: &Path) -> Result<Vec<Value>, String> {
    let text = fs::read_to_string(path).map_err(|cause| format!("{}: {cause}", path.display()))?;
    let source = Sources::new().add(path.display().to_string(), text.as_str());
    let nodes = yaml::parse(source, &text, Limits::MANIFESTS).map_err(|cause| format!("{}: {cause}", path.display()))?;
    Ok(nodes.iter().map(Node::to_json).collect())
}

/// The definition without descriptions and status.
pub(crate) fn pruned(mut crd: Value) -> Result<Value, String> {
    if let Some(fields) = crd.as_object_mut() {
        fields.remove("status");
    }
    let versions = crd.pointer_mut("/spec/versions").and_then(Value::as_array_mut).ok_or("a CRD without versions")?;
    for version in versions {
        for column in version.get_mut("additionalPrinterColumns").and_then(Value::as_array_mut).into_iter().flatten() {
            column.as_object_mut().map(|column| column.remove("description"));
        }
        if let Some(schema) = version.pointer_mut("/schema/openAPIV3Schema").and_then(Value::as_object_mut) {
            strip(schema);
        }
    }
    Ok(crd)
}

/// Takes the descriptions out of a schema; a property may have that name, too.
fn strip(schema: &mut Map<String, Value>) {
    schema.shift_remove("description");
    schema.shift_remove("externalDocs");
    schema.shift_remove("example");
    for (key, value) in schema {
        match (key.as_str(), value) {
            ("properties", Value::Object(properties)) => properties.values_mut().filter_map(Value::as_object_mut).for_each(strip),
            ("items" | "additionalProperties" | "not", Value::Object(schema)) => strip(schema),
            ("allOf" | "anyOf" | "oneOf", Value::Array(schemas)) => schemas.iter_mut().filter_map(Value::as_object_mut).for_each(strip),
            _ => {}
        }
    }
}
