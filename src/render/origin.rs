//! Which config value an object's field came from.
//!
//! Components write plain code from config to objects and track nothing. When a finding needs to know, the component is rendered
//! again with one config value changed at a time; the value whose change reaches the field is its origin. That is a few
//! milliseconds for a question that is asked only when something is wrong.

use serde_json::Value;

use crate::config::Cluster;
use crate::manifest::Object;
use crate::source::{ConfigPath, Segment};

use super::{Selection, compose};

/// The config path that an object's field came from, or the entry that asked for the object where no single value did.
///
/// `pointer` is a JSON pointer into the object. A field that is not there is answered for its nearest parent.
#[must_use]
pub fn config_path_of(cluster: &Cluster, object: &Object, pointer: &str) -> ConfigPath {
    let Ok(config) = serde_json::to_value(cluster) else { return object.origin().clone() };
    let config = &config;
    if let Some(path) = verbatim(config, object, pointer) {
        return path;
    }
    // A definition is data, chosen as a whole by the entry that asked for it.
    if object.kind() == "CustomResourceDefinition" {
        return object.origin().clone();
    }
    let Some((pointer, before)) = nearest(object, pointer) else { return object.origin().clone() };
    let mut leaves = Vec::new();
    collect_leaves(config, &mut Vec::new(), &mut leaves);
    // The entry that asked for the object is the most likely place, and then its section.
    let entry = object.origin().segments();
    leaves.sort_by_key(|leaf| if leaf.starts_with(entry) { 0 } else { 1 + u8::from(leaf.first() != entry.first()) });
    leaves
        .into_iter()
        .find(|leaf| reaches(config, leaf, object, pointer, before))
        .map_or_else(|| object.origin().clone(), |leaf| leaf.into_iter().collect())
}

/// The place inside an entry that is itself an object (`extraObjects`), as deep as it goes.
fn verbatim(config: &Value, object: &Object, pointer: &str) -> Option<ConfigPath> {
    let entry = at(config, object.origin().segments())?;
    if entry.get("kind")?.as_str()? != object.kind() || entry.get("apiVersion")?.as_str()? != object.api_version() {
        return None;
    }
    let mut path = object.origin().clone();
    let mut value = entry;
    for step in pointer.split('/').skip(1) {
        let step = step.replace("~1", "/").replace("~0", "~");
        match value {
            Value::Object(map) if map.contains_key(&step) => {
                value = &map[&step];
                path = path.key(step);
            }
            Value::Array(items) => {
                let Some((index, item)) = step.parse().ok().and_then(|index: usize| Some((index, items.get(index)?))) else { break };
                value = item;
                path = path.index(index);
            }
            _ => break,
        }
    }
    Some(path)
}

/// The field, or the nearest parent that is there; none when that is the whole object.
fn nearest<'a>(object: &'a Object, pointer: &'a str) -> Option<(&'a str, &'a Value)> {
    let mut pointer = pointer;
    loop {
        if let Some(value) = object.pointer(pointer) {
            return Some((pointer, value));
        }
        pointer = &pointer[..pointer.rfind('/')?];
    }
}

fn reaches(config: &Value, leaf: &[Segment], object: &Object, pointer: &str, before: &Value) -> bool {
    let Some(value) = at(config, leaf) else { return false };
    changed(value).into_iter().any(|other| {
        let mut config = config.clone();
        let Some(place) = at_mut(&mut config, leaf) else { return false };
        *place = other;
        let Ok(cluster) = serde_json::from_value::<Cluster>(config) else { return false };
        let Ok(built) = compose(&cluster, &Selection { only: vec![object.component().to_owned()] }) else { return false };
        built
            .objects
            .iter()
            .filter(|other| (other.kind(), other.name(), other.namespace()) == (object.kind(), object.name(), object.namespace()))
            .any(|other| other.pointer(pointer) != Some(before))
    })
}

/// Other values of the same form, likely to be accepted where this one was.
fn changed(value: &Value) -> Vec<Value> {
    match value {
        Value::Bool(value) => vec![Value::Bool(!value)],
        Value::Number(number) => {
            number.as_i64().map(|n| vec![Value::from(n.wrapping_add(1)), Value::from(n.wrapping_sub(1))]).unwrap_or_default()
        }
        Value::String(text) => {
            let mut others = Vec::new();
            if let Some((place, digit)) = text.char_indices().rfind(|(_, c)| c.is_ascii_digit()) {
                let other = if digit == '1' { "2" } else { "1" };
                others.push(format!("{}{other}{}", &text[..place], &text[place + 1..]).into());
            }
            others.push(format!("{text}x").into());
            others.push(format!("x{text}").into());
            others
        }
        _ => Vec::new(),
    }
}

fn collect_leaves(value: &Value, path: &mut Vec<Segment>, leaves: &mut Vec<Vec<Segment>>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                path.push(Segment::Key(key.clone()));
                collect_leaves(value, path, leaves);
                path.pop();
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                path.push(Segment::Index(index));
                collect_leaves(value, path, leaves);
                path.pop();
            }
        }
        _ => leaves.push(path.clone()),
    }
}

fn at<'a>(value: &'a Value, path: &[Segment]) -> Option<&'a Value> {
    path.iter().try_fold(value, |value, segment| match segment {
        Segment::Key(key) => value.get(key),
        Segment::Index(index) => value.get(index),
    })
}

fn at_mut<'a>(value: &'a mut Value, path: &[Segment]) -> Option<&'a mut Value> {
    path.iter().try_fold(value, |value, segment| match segment {
        Segment::Key(key) => value.get_mut(key),
        Segment::Index(index) => value.get_mut(index),
    })
}
