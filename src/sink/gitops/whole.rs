//! Which objects no overlay can patch, so that each environment has them whole.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Environment, Identity, identity};
use crate::manifest::{Object, Release};

/// The objects of `base` that kustomize could not make those of another environment: it cannot read again what it wrote itself when a patch
/// leaves a text of several lines that begins with a tab ("found a tab character where an indentation space is expected", kustomize 5.8).
pub(super) fn unpatchable<'a>(base: &'a Release, others: &[Environment]) -> BTreeSet<Identity<'a>> {
    let there: BTreeMap<Identity<'_>, &Object> = base.objects().iter().map(|object| (identity(object), object)).collect();
    let mut found = BTreeSet::new();
    for other in others.iter().flat_map(|environment| environment.release.objects()) {
        let Some(&object) = there.get(&identity(other)) else { continue };
        if object.value() != other.value() && other.value().values().any(begins_with_tab) {
            found.insert(identity(object));
        }
    }
    found
}

fn begins_with_tab(value: &Value) -> bool {
    match value {
        Value::String(text) => text.starts_with('\t') && text.contains('\n'),
        Value::Array(items) => items.iter().any(begins_with_tab),
        Value::Object(map) => map.values().any(begins_with_tab),
        _ => false,
    }
}
