//! The overlay of one environment.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::super::stream::document;
use super::super::tree::Entry;
use super::kustomization::{Kustomization, Patch, text};
use super::names::Names;
use super::{Environment, Identity, OVERLAYS, Placed, identity, patch};
use crate::diag::Result;
use crate::manifest::{Folder, Object, Part, hex};

/// A folder for each part that the environment has, and one kustomization of them all.
pub(super) fn overlay(base: &Placed<'_>, environment: &Environment) -> Result<Vec<Entry>> {
    let placed = Placed::new(&environment.release);
    let above = format!("{OVERLAYS}/{}", environment.name);
    let mut entries = Vec::new();
    let mut parts = Vec::new();
    for part in Part::ALL {
        let wanted = of_part(&placed, part);
        if wanted.is_empty() {
            continue;
        }
        parts.push(part.name().to_owned());
        entries.extend(part_overlay(base, &of_part(base, part), &placed.names, &wanted, part, &format!("{above}/{}", part.name()))?);
    }
    if !parts.is_empty() {
        entries.push(Kustomization::new(parts).entry(&above)?);
    }
    Ok(entries)
}

fn of_part<'a>(placed: &Placed<'a>, part: Part) -> BTreeMap<Identity<'a>, (Folder, &'a Object)> {
    let folders = placed.folders.iter().filter(|(folder, _)| folder.part() == part);
    folders.flat_map(|(folder, objects)| objects.iter().map(|object| (identity(object), (folder.clone(), *object)))).collect()
}

fn part_overlay(
    base: &Placed<'_>,
    there: &BTreeMap<Identity<'_>, (Folder, &Object)>,
    names: &Names,
    wanted: &BTreeMap<Identity<'_>, (Folder, &Object)>,
    part: Part,
    folder: &str,
) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    let mut resources: Vec<String> = base_folders(there.values().map(|(folder, _)| folder), part);
    // Patches by their text: the same change of many objects, such as a label, is written once.
    let mut patches: BTreeMap<String, Vec<(String, &Object)>> = BTreeMap::new();
    for (identity, (folder, object)) in there {
        let file = base.names.of(folder, object);
        match wanted.get(identity) {
            Some((_, other)) => {
                let operations = patch::operations(object.value(), other.value());
                if !operations.is_empty() {
                    patches.entry(text(&operations)?).or_default().push((file, object));
                }
            }
            None => patches.entry(text(&deletion(object))?).or_default().push((file, object)),
        }
    }
    for (_, (own, object)) in wanted.iter().filter(|(identity, _)| !there.contains_key(*identity)) {
        let file = names.of(own, object);
        entries.push(Entry { path: format!("{folder}/{file}"), contents: document(object)?, executable: false });
        resources.push(file);
    }
    let mut listed = Vec::new();
    for (contents, targets) in patches {
        let path = match targets.as_slice() {
            [(file, _)] => format!("patches/{file}"),
            _ => format!("patches/{}.yaml", &hex(&Sha256::digest(contents.as_bytes()))[..12]),
        };
        listed.extend(targets.iter().map(|(_, object)| (identity(object), Patch::new(path.clone(), object))));
        entries.push(Entry { path: format!("{folder}/{path}"), contents, executable: false });
    }
    listed.sort_by_key(|(identity, _)| *identity);
    let patches = listed.into_iter().map(|(_, patch)| patch).collect();
    entries.push(Kustomization::new(resources).with_patches(patches).entry(folder)?);
    Ok(entries)
}

/// The kustomizations that hold a part's objects, seen from `infrastructure/overlays/ENVIRONMENT/PART`.
fn base_folders<'a>(folders: impl Iterator<Item = &'a Folder>, part: Part) -> Vec<String> {
    let folders: BTreeSet<String> = folders
        .map(|folder| match part {
            Part::Infrastructure => "infrastructure/base".to_owned(),
            Part::System => "applications/system".to_owned(),
            _ => folder.to_string(),
        })
        .collect();
    folders.into_iter().map(|folder| format!("../../../../{folder}")).collect()
}

/// A strategic merge patch that takes an object out.
fn deletion(object: &Object) -> Value {
    let mut metadata = json!({"name": object.name()});
    if let Some(namespace) = object.namespace() {
        metadata["namespace"] = namespace.into();
    }
    json!({"$patch": "delete", "apiVersion": object.api_version(), "kind": object.kind(), "metadata": metadata})
}
