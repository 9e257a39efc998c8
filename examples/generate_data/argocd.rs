//! What Argo CD's install manifests carry as data: the CRDs of the older version, and the files in their ConfigMaps.

use std::collections::BTreeMap;

use manifestgen::yaml;
use serde_json::{Value, json};

use super::bundle::{Files, compress};
use super::crds::{pruned, read};
use super::gomod;

/// Modules, versions, the manifest, the name of the version in the rows, and what is taken of it: kinds with names.
const SOURCES: [(&str, &str, &str, &str, &[&str]); 3] = [
    (
        "github.com/argoproj/argo-cd/v2",
        "v2.13.2",
        "manifests/install.yaml",
        "2.13",
        &["applications.argoproj.io", "applicationsets.argoproj.io", "appprojects.argoproj.io", "argocd-ssh-known-hosts-cm"],
    ),
    // The whole CRDs of this version are among those of `crds.rs`.
    ("github.com/argoproj/argo-cd/v3", "v3.5.1", "manifests/install.yaml", "3.5", &["argocd-ssh-known-hosts-cm"]),
    (
        "github.com/argoproj/argo-cd/v3",
        "v3.5.1",
        "manifests/ha/install.yaml",
        "3.5",
        &["argocd-redis-ha-configmap", "argocd-redis-ha-health-configmap"],
    ),
];

/// The versions whose CRDs are written out, and where to.
const CRDS: [(&str, &str); 2] = [("2.13", "crds-2.13.zst"), ("3.5", "crds-3.5.zst")];

/// Makes `argocd.zst`, `crds-MINOR.zst` and `origin.json`.
///
/// A row for each CRD (version, name, the whole object) and for each ConfigMap (version, name, its `data`), parted by tabs. The other
/// files have the CRDs of a version once more, as they are written out: a line of JSON, which is the object without `spec.versions`,
/// then these as YAML lines; `---` parts one from the next.
pub(crate) fn generate() -> Result<Files, String> {
    let mut rows = BTreeMap::new();
    let mut files = Vec::new();
    let mut origins = Vec::new();
    for (module, version, place, minor, wanted) in SOURCES {
        let module = gomod::download(module, version)?;
        let mut origin = gomod::origin(&module);
        origin["path"] = place.into();
        origins.push(origin);
        let objects = read(&module.dir.join(place))?;
        if let Some((_, file)) = CRDS.iter().find(|(known, _)| *known == minor && place == "manifests/install.yaml") {
            let crds = objects.iter().filter(|object| object["kind"] == "CustomResourceDefinition");
            let texts = crds.map(|crd| in_two_parts(pruned(crd.clone())?)).collect::<Result<Vec<_>, String>>()?;
            files.push((*file, compress(&texts.join("---\n"))?));
        }
        for name in wanted {
            let mut found = objects.iter().filter(|object| is(object, name));
            let object = found.next().ok_or_else(|| format!("{place} of {version} has no {name}"))?;
            let value = if object["kind"] == "ConfigMap" { object["data"].clone() } else { pruned(object.clone())? };
            rows.insert(format!("{minor}\t{name}"), value);
        }
    }
    let lines: Vec<String> = rows.iter().map(|(key, value)| format!("{key}\t{value}\n")).collect();
    let text = lines.concat();
    let names: Vec<&str> = std::iter::once("argocd.zst").chain(CRDS.map(|(_, file)| file)).collect();
    let origin = json!({"files": names, "modules": origins});
    let mut origin = serde_json::to_string_pretty(&origin).map_err(|cause| cause.to_string())?;
    origin.push('\n');
    files.extend([("argocd.zst", compress(&text)?), ("origin.json", origin.into_bytes())]);
    Ok(files)
}

fn in_two_parts(mut crd: Value) -> Result<String, String> {
    let versions = crd["spec"].as_object_mut().and_then(|spec| spec.shift_remove("versions")).ok_or("a CRD without versions")?;
    let text = yaml::to_string(&json!({"spec": {"versions": versions}})).map_err(|cause| cause.to_string())?;
    let lines = text.strip_prefix("spec:\n").ok_or("`spec` is not a mapping in block style")?;
    Ok(format!("{crd}\n{lines}"))
}

fn is(object: &Value, name: &str) -> bool {
    object["metadata"]["name"] == name && (object["kind"] == "ConfigMap" || object["kind"] == "CustomResourceDefinition")
}
