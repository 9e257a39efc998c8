//! Valid objects, changed at one place each.

use serde_json::{Map, Value};

use super::change::{additions, changes};

/// An object with one change.
pub(crate) struct Mutant {
    /// What was done.
    pub(crate) class: &'static str,
    /// JSON pointer of the place.
    pub(crate) path: String,
    /// The changed object.
    pub(crate) object: Value,
}

impl Mutant {
    /// A number that depends on nothing but what was changed and how.
    pub(crate) fn number(&self) -> u64 {
        // FNV-1a <http://www.isthe.com/chongo/tech/comp/fnv/>; the standard library's hashes may differ between releases.
        let text = [self.class, &self.path, &self.object.to_string()].join("\n");
        text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
    }
}

/// All changes of one object, and the object itself. `apiVersion` and `kind` stay: they decide where the server gets it.
pub(crate) fn mutants(object: &Value) -> Vec<Mutant> {
    let mut places = Vec::new();
    collect(object, String::new(), &mut places);
    let mut mutants = Vec::new();
    let mut put = |class, place: &str, change| {
        let mut changed = object.clone();
        if let Some(target) = changed.pointer_mut(place) {
            *target = change;
        }
        mutants.push(Mutant { class, path: place.to_owned(), object: changed });
    };
    for place in places.iter().filter(|place| !matches!(place.as_str(), "/apiVersion" | "/kind")) {
        let Some(value) = object.pointer(place) else { continue };
        for (class, change) in changes(value) {
            put(class, place, change);
        }
        for (class, parent, fields) in around(object, place) {
            put(class, parent, fields);
        }
    }
    for (class, place, value) in additions() {
        let (parent, key) = place.rsplit_once('/').expect("a pointer");
        if let Some(Value::Object(fields)) = object.pointer(parent) {
            let mut fields = fields.clone();
            fields.insert(key.to_owned(), value);
            put(class, parent, fields.into());
        }
    }
    mutants.retain(|mutant| mutant.object != *object && mutant.object.is_object());
    mutants.push(unchanged(object));
    mutants
}

/// The object itself.
pub(crate) fn unchanged(object: &Value) -> Mutant {
    Mutant { class: "unchanged", path: String::new(), object: object.clone() }
}

fn collect(value: &Value, at: String, places: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                collect(value, format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")), places);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                collect(item, format!("{at}/{index}"), places);
            }
        }
        _ => {}
    }
    places.push(at);
}

/// Changes of the key that leads to a place: what was done, the mapping that has the key, and what becomes of that mapping.
fn around<'a>(object: &Value, place: &'a str) -> Vec<(&'static str, &'a str, Value)> {
    let Some((parent, token)) = place.rsplit_once('/') else { return Vec::new() };
    let Some(Value::Object(fields)) = object.pointer(parent) else { return Vec::new() };
    let key = token.replace("~1", "/").replace("~0", "~");
    let renamed = |to: &str| -> Map<String, Value> {
        fields.iter().map(|(name, value)| (if *name == key { to.to_owned() } else { name.clone() }, value.clone())).collect()
    };
    let capital: String = key.chars().take(1).flat_map(char::to_uppercase).chain(key.chars().skip(1)).collect();
    let mut without = fields.clone();
    without.shift_remove(&key);
    vec![
        ("dropped", parent, without.into()),
        ("misspelt key", parent, renamed(&format!("{key}s")).into()),
        ("capital key", parent, renamed(&capital).into()),
    ]
}
