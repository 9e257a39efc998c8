//! The last look at what components made, before it becomes a release.
//!
//! Sealing refuses and prunes nothing: taking out empty values afterwards would break `apiGroups: [""]`,
//! `storageClassName: ""` or `podSelector: {}`, where empty means something.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use serde_json::{Map, Value};

use crate::config::Cluster;
use crate::data::{self, Definitions};
use crate::diag::{Error, Finding, Result};
use crate::manifest::{Object, ReleaseBuilder};
use crate::schema::{self, Pointer};

use super::config_path_of;

/// Refuses what must not be emitted: nulls, `status`, `creationTimestamp`, the same object or file twice.
///
/// The user's own objects (`extraObjects`) are held to the same, as findings at their place; for our components it is a bug.
pub(super) fn seal(built: &ReleaseBuilder, cluster: &Cluster) -> Result<()> {
    let definitions = data::kubernetes(&cluster.cluster.version.to_string())?;
    let mut findings: Vec<_> =
        built.objects.par_iter().with_max_len(1).flat_map_iter(|object| of_object(object, cluster, definitions)).collect();
    findings.extend(duplicate_objects(&built.objects));
    findings.extend(duplicate_files(built));
    if findings.is_empty() {
        return Ok(());
    }
    Err(Error::usage("the release cannot be sealed").with_findings(findings))
}

fn of_object(object: &Object, cluster: &Cluster, definitions: &Definitions) -> Vec<Finding> {
    let finding = |rule: &'static str, text: String, pointer: String| {
        let finding = Finding::error(rule, text).with_object(object.reference());
        finding.with_config_path(config_path_of(cluster, object, &pointer)).with_path(pointer)
    };
    let mut findings = Vec::new();
    // Versions that were written beforehand are held to the same by a test.
    let (fields, _) = object.parts();
    for pointer in schema::unset_required(fields, definitions) {
        let text = format!("`{pointer}` of {} `{}` is required and was left empty", object.kind(), object.name());
        findings.push(finding("seal/unset-field", text, pointer));
    }
    for (pointer, what) in unwanted(fields) {
        let text = format!("`{pointer}` of {} `{}` {what}", object.kind(), object.name());
        findings.push(finding("seal/unwanted-field", text, pointer));
    }
    findings
}

fn unwanted(fields: &Map<String, Value>) -> Vec<(String, &'static str)> {
    let mut found = Vec::new();
    if fields.contains_key("status") {
        found.push(("/status".to_owned(), "is written by the cluster, not by a manifest"));
    }
    if fields.get("metadata").is_some_and(|metadata| metadata.get("creationTimestamp").is_some()) {
        found.push(("/metadata/creationTimestamp".to_owned(), "is written by the cluster, not by a manifest"));
    }
    for (key, value) in fields {
        nulls(&Pointer::ROOT.key(key), value, &mut found);
    }
    found
}

fn nulls(at: &Pointer, value: &Value, found: &mut Vec<(String, &'static str)>) {
    match value {
        Value::Null => found.push((at.to_string(), "is null; leave it out instead")),
        Value::Array(items) => items.iter().enumerate().for_each(|(index, item)| nulls(&at.index(index), item, found)),
        Value::Object(map) => map.iter().for_each(|(key, item)| nulls(&at.key(key), item, found)),
        _ => {}
    }
}

fn duplicate_objects(objects: &[Object]) -> Vec<Finding> {
    let mut seen: BTreeMap<(&str, &str, Option<&str>, &str), &Object> = BTreeMap::new();
    let mut findings = Vec::new();
    for object in objects {
        let key = (object.group(), object.kind(), object.namespace(), object.name());
        if let Some(first) = seen.insert(key, object) {
            let text =
                format!("{} `{}` is rendered twice, by `{}` and by `{}`", object.kind(), object.name(), first.origin(), object.origin());
            let finding = Finding::error("seal/duplicate-object", text).with_object(object.reference());
            findings.push(finding.with_config_path(object.origin().clone()));
        }
    }
    findings
}

fn duplicate_files(built: &ReleaseBuilder) -> Vec<Finding> {
    let mut seen = BTreeSet::new();
    built
        .files
        .iter()
        .filter(|file| !seen.insert(file.path.as_str()))
        .map(|file| Finding::error("seal/duplicate-file", format!("the file `{}` is rendered twice", file.path)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::ConfigPath;

    /// A render does not look at versions that were written beforehand.
    #[test]
    fn definitions_of_argocd_can_be_sealed_as_a_whole() {
        let cluster: Cluster = serde_json::from_value(serde_json::json!({"cluster": {"name": "c"}})).expect("a cluster");
        let definitions = data::kubernetes(crate::versions::KUBERNETES).expect("known");
        for minor in ["2.13", "3.5"] {
            for name in ["applications.argoproj.io", "applicationsets.argoproj.io", "appprojects.argoproj.io"] {
                let mut whole = data::argocd_crd(minor, name).expect("there").beginning;
                whole["spec"]["versions"] = data::argocd_crd_versions(minor, name).expect("there");
                let object = Object::of_value("argocd", ConfigPath::root(), whole).expect("an object");
                assert_eq!(of_object(&object, &cluster, definitions), []);
                let mut broken = object;
                broken.edit(|fields| fields["spec"]["versions"][0]["name"] = Value::Null);
                assert_eq!(of_object(&broken, &cluster, definitions).len(), 1);
            }
        }
    }
}
