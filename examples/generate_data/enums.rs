//! The values that a field may have, from the Go module's `pkg/generated/openapi/zz_generated.openapi.go`.
//!
//! The published `OpenAPI` documents leave them out; the server's own generated code has them. That file is formatted by `gofmt`, so
//! that each of its lines is one thing at a known depth.

use std::collections::BTreeMap;
use std::fs;

use serde_json::{Map, Value};

use super::gomod::Module;

/// One field and its values.
#[derive(Debug)]
pub(crate) struct Enum {
    field: String,
    /// Whether the entries of the field are meant, not the field itself.
    entries: bool,
    values: Vec<Value>,
}

/// The enums of a version, by definition.
pub(crate) fn read(module: &Module) -> Result<BTreeMap<String, Vec<Enum>>, String> {
    let path = module.dir.join("pkg/generated/openapi/zz_generated.openapi.go");
    let text = fs::read_to_string(&path).map_err(|cause| format!("{}: {cause}", path.display()))?;
    let mut enums: BTreeMap<String, Vec<Enum>> = BTreeMap::new();
    let (mut definition, mut field) = (String::new(), String::new());
    for line in text.lines() {
        let depth = line.len() - line.trim_start_matches('\t').len();
        let line = line.trim_start_matches('\t');
        if let Some(name) = line.strip_prefix("func schema_").and_then(|rest| rest.split('(').next()) {
            definition = definition_name(name);
        } else if depth == 5 && line.starts_with('"') && line.ends_with("\": {") {
            line.trim_start_matches('"').trim_end_matches("\": {").clone_into(&mut field);
        } else if let Some((_, values)) = line.split_once("[]interface{}{").filter(|_| line.starts_with("Enum:")) {
            let values = format!("[{}]", values.trim_end_matches("},"));
            let values = serde_json::from_str(&values).map_err(|cause| format!("{definition}.{field}: {values}: {cause}"))?;
            enums.entry(definition.clone()).or_default().push(Enum { field: field.clone(), entries: depth > 7, values });
        }
    }
    Ok(enums)
}

/// `io.k8s.api.core.v1.Container` of `k8sio_api_core_v1_Container`.
fn definition_name(function: &str) -> String {
    match function.strip_prefix("k8sio_api_") {
        Some(rest) => format!("io.k8s.api.{}", rest.replacen('_', ".", 2)),
        None => format!("io.k8s.apiextensions-apiserver.{}", function.replace('_', ".")),
    }
}

/// Adds the enums of a definition to its schema.
pub(crate) fn add<'a>(schema: &mut Map<String, Value>, enums: impl IntoIterator<Item = &'a Enum>) {
    for Enum { field, entries, values } in enums {
        let property = schema.get_mut("properties").and_then(|properties| properties.get_mut(field));
        let place = match property {
            Some(property) if *entries => {
                let of = if property.get("items").is_some() { "items" } else { "additionalProperties" };
                property.get_mut(of)
            }
            property => property,
        };
        if let Some(Value::Object(place)) = place {
            place.insert("enum".into(), values.clone().into());
        }
    }
}
