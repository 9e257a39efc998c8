//! Kubernetes' own kinds, from `api/openapi-spec/v3` of the Go module `k8s.io/kubernetes`.
//!
//! Source of the format: <https://github.com/kubernetes/kubernetes/tree/master/api/openapi-spec>. Each version brings one
//! `OpenAPI` 3.0 document per group and version; the definitions of a version are the same in all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::{Map, Value, json};

use super::bundle::{Files, compress};
use super::enums;
use super::gomod::{self, Module};

const MODULE: &str = "k8s.io/kubernetes";

/// The newest patch release of each minor that the module proxy serves, oldest first. `data::VERSIONS` names the same minors.
pub(crate) const VERSIONS: [&str; 5] = ["v1.33.13", "v1.34.4", "v1.35.4", "v1.36.3", "v1.37.0"];

/// What is gathered: the text of a row, and the versions that have it.
type Rows = BTreeMap<String, [bool; VERSIONS.len()]>;

/// Makes `kubernetes.zst` and `origin.json`.
pub(crate) fn generate() -> Result<Files, String> {
    let mut kinds = Rows::new();
    let mut definitions = Rows::new();
    let mut origins = Vec::new();
    for (index, version) in VERSIONS.iter().enumerate() {
        let module = gomod::download(MODULE, version)?;
        let documents = documents(&module)?;
        let found = find_kinds(&documents);
        for row in found.values() {
            kinds.entry(row.text.clone()).or_default()[index] = true;
        }
        let roots = found.values().map(|row| row.definition.clone()).collect();
        let enums = enums::read(&module)?;
        for (name, mut schema) in reachable(&documents, roots)? {
            enums::add(&mut schema, enums.get(&name).into_iter().flatten());
            let schema = Value::Object(schema);
            definitions.entry(format!("{name}\t{schema}")).or_default()[index] = true;
        }
        origins.push(gomod::origin(&module));
    }
    let text = format!("{}\n{}", lines(&kinds), lines(&definitions));
    let origin = json!({"file": "kubernetes.zst", "folders": ["api/openapi-spec/v3", "pkg/generated/openapi"], "modules": origins});
    let mut origin = serde_json::to_string_pretty(&origin).map_err(|cause| cause.to_string())?;
    origin.push('\n');
    Ok(vec![("kubernetes.zst", compress(&text)?), ("origin.json", origin.into_bytes())])
}

/// One row per line; in front the versions, a `1` for each that has the row.
fn lines(rows: &Rows) -> String {
    let mut text = String::new();
    for (row, versions) in rows {
        text.extend(versions.iter().map(|has| if *has { '1' } else { '0' }));
        text.extend(["\t", row, "\n"]);
    }
    text
}

fn documents(module: &Module) -> Result<Vec<Value>, String> {
    let folder = module.dir.join("api/openapi-spec/v3");
    let entries = fs::read_dir(&folder).map_err(|cause| format!("{}: {cause}", folder.display()))?;
    let mut paths: Vec<_> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
    paths.sort();
    let read = |path: &std::path::PathBuf| {
        let text = fs::read_to_string(path).map_err(|cause| format!("{}: {cause}", path.display()))?;
        serde_json::from_str(&text).map_err(|cause| format!("{}: {cause}", path.display()))
    };
    paths.iter().filter(|path| path.extension().is_some_and(|extension| extension == "json")).map(read).collect()
}

struct KindRow {
    text: String,
    definition: String,
}

/// The kinds that can be created: those with a POST on a collection.
fn find_kinds(documents: &[Value]) -> BTreeMap<(String, String), KindRow> {
    let mut kinds = BTreeMap::new();
    for (path, item) in documents.iter().filter_map(|document| document["paths"].as_object()).flatten() {
        let post = &item["post"];
        let schema = &post["requestBody"]["content"]["*/*"]["schema"]["$ref"];
        let (Some(definition), Some(gvk)) = (schema.as_str().map(reference), post["x-kubernetes-group-version-kind"].as_object()) else {
            continue;
        };
        // Subresources (`…/{name}/eviction`) are not kinds of a manifest.
        if path.contains("/{name}/") {
            continue;
        }
        let field = |name: &str| gvk[name].as_str().unwrap_or_default().to_owned();
        let (group, version, kind) = (field("group"), field("version"), field("kind"));
        let api_version = if group.is_empty() { version } else { format!("{group}/{version}") };
        let plural = path.rsplit('/').next().unwrap_or_default();
        let scope = if path.contains("/namespaces/{namespace}/") { "Namespaced" } else { "Cluster" };
        let text = format!("{api_version}\t{kind}\t{plural}\t{scope}\t{definition}");
        kinds.insert((api_version, kind), KindRow { text, definition: definition.to_owned() });
    }
    kinds
}

/// The definitions that the roots need, stripped, by name.
fn reachable(documents: &[Value], roots: BTreeSet<String>) -> Result<BTreeMap<String, Map<String, Value>>, String> {
    let all: BTreeMap<&str, &Value> = documents
        .iter()
        .filter_map(|document| document["components"]["schemas"].as_object())
        .flatten()
        .map(|(name, schema)| (name.as_str(), schema))
        .collect();
    let mut kept = BTreeMap::new();
    let mut open: Vec<String> = roots.into_iter().collect();
    while let Some(name) = open.pop() {
        if kept.contains_key(&name) {
            continue;
        }
        let schema = all.get(name.as_str()).ok_or_else(|| format!("definition `{name}` is missing"))?;
        let mut references = Vec::new();
        let stripped = strip(&name, schema, &mut references)?;
        kept.insert(name, stripped);
        open.extend(references);
    }
    Ok(kept)
}

fn reference(pointer: &str) -> &str {
    pointer.rsplit('/').next().unwrap_or(pointer)
}

/// A schema in the dialect of CRDs: without descriptions, references by bare name, the two `oneOf`s of `OpenAPI` v3 as what they mean.
fn strip(name: &str, schema: &Value, references: &mut Vec<String>) -> Result<Map<String, Value>, String> {
    let mut out = Map::new();
    let empty = Map::new();
    let fields: BTreeMap<_, _> = schema.as_object().unwrap_or(&empty).iter().collect();
    for (key, value) in fields {
        match key.as_str() {
            // Kinds have rows of their own, so that no definition must be parsed to find one.
            "description" | "x-kubernetes-group-version-kind" => {}
            "properties" => {
                let properties: BTreeMap<_, _> = value.as_object().unwrap_or(&empty).iter().collect();
                let strip = |(key, value): (&String, &Value)| Ok((key.clone(), Value::Object(strip(name, value, references)?)));
                let properties: Map<_, _> = properties.into_iter().map(strip).collect::<Result<_, String>>()?;
                out.insert(key.clone(), properties.into());
            }
            "items" | "additionalProperties" => {
                out.insert(key.clone(), strip(name, value, references)?.into());
            }
            "$ref" | "allOf" => {
                let target = value.as_str().or_else(|| value[0]["$ref"].as_str()).map(reference);
                let target = target.ok_or_else(|| format!("definition `{name}`: an `allOf` that is no reference"))?;
                references.push(target.to_owned());
                out.insert("$ref".into(), target.into());
            }
            "oneOf" if name.ends_with(".Quantity") => {
                out.insert("type".into(), "string".into());
                out.insert("format".into(), "quantity".into());
            }
            "oneOf" if schema["format"] == "int-or-string" => {
                out.insert("x-kubernetes-int-or-string".into(), true.into());
            }
            "format" if value == "int-or-string" => {}
            // Go's zero value of a struct says nothing.
            "default" if value.as_object().is_some_and(Map::is_empty) => {}
            "type" | "format" | "required" | "default" | "enum" => {
                out.insert(key.clone(), value.clone());
            }
            key if key.starts_with("x-kubernetes-") => {
                out.insert(key.to_owned(), value.clone());
            }
            key => return Err(format!("definition `{name}`: keyword `{key}` is new")),
        }
    }
    // A CRD would say so with this keyword. The other definitions without fields are structs that have none.
    let free_form =
        [".JSON", ".JSONSchemaPropsOrArray", ".JSONSchemaPropsOrBool", ".JSONSchemaPropsOrStringArray", ".RawExtension", ".FieldsV1"];
    if free_form.iter().any(|suffix| name.ends_with(suffix)) {
        out.insert("x-kubernetes-preserve-unknown-fields".into(), true.into());
    }
    Ok(out)
}
