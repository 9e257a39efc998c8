//! Who owns which field: `metadata.managedFields` and its `FieldsV1`.
//!
//! Format: sigs.k8s.io/structured-merge-diff/v6/fieldpath. `f:name` is a field, `k:{…}` an entry of a list by its keys, `v:…` an entry of a
//! set, `i:n` an entry by its place; `.` is the value itself, and an empty mapping a value owned as a whole.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::request::MANAGER;

/// The way to one owned value, in the tokens of `FieldsV1`.
pub(super) type FieldPath = Vec<String>;

/// Managers whose fields become ours: what applied the object on the client's side, and what the server noted down for objects from before
/// there were managers. k8s.io/client-go/util/csaupgrade does the same for kubectl.
const ADOPTED: [&str; 2] = ["kubectl-client-side-apply", "before-first-apply"];
/// Where client-side apply keeps what it applied.
pub(super) const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The entries of an object's managers.
pub(super) fn entries(object: &Value) -> &[Value] {
    object.pointer("/metadata/managedFields").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn is_own(entry: &Value) -> bool {
    entry["manager"] == MANAGER && entry["operation"] == "Apply" && entry.get("subresource").is_none_or(|sub| sub == "")
}

fn is_adopted(entry: &Value) -> bool {
    entry["operation"] == "Update"
        && entry.get("subresource").is_none_or(|sub| sub == "")
        && entry["manager"].as_str().is_some_and(is_adopted_manager)
}

/// Whether a manager's fields become ours without asking.
pub(super) fn is_adopted_manager(name: &str) -> bool {
    ADOPTED.contains(&name)
}

/// What we own of an object, if we ever applied it.
pub(super) fn own(object: &Value) -> Option<&Value> {
    entries(object).iter().find(|entry| is_own(entry))
}

/// The managers whose fields will be adopted.
pub(super) fn adopted_managers(object: &Value) -> Vec<&str> {
    entries(object).iter().filter(|entry| is_adopted(entry)).filter_map(|entry| entry["manager"].as_str()).collect()
}

/// The members of a `FieldsV1`.
pub(super) fn members(fields: &Value) -> BTreeSet<FieldPath> {
    let mut found = BTreeSet::new();
    collect(fields, &mut Vec::new(), &mut found);
    found
}

fn collect(fields: &Value, at: &mut FieldPath, found: &mut BTreeSet<FieldPath>) {
    let Some(map) = fields.as_object() else { return };
    if map.is_empty() && !at.is_empty() {
        found.insert(at.clone());
    }
    for (token, below) in map {
        if token == "." {
            found.insert(at.clone());
            continue;
        }
        at.push(token.clone());
        collect(below, at, found);
        at.pop();
    }
}

/// `managedFields` with the adopted managers' fields made ours; none when there is nothing to adopt.
pub(super) fn adopt(object: &Value) -> Option<Vec<Value>> {
    let entries = entries(object);
    let first = entries.iter().find(|entry| is_adopted(entry))?;
    let mut ours = own(object).cloned().unwrap_or_else(
        || json!({"manager": MANAGER, "operation": "Apply", "apiVersion": first["apiVersion"], "fieldsType": "FieldsV1", "fieldsV1": {}}),
    );
    let mut fields = ours["fieldsV1"].take();
    for entry in entries.iter().filter(|entry| is_adopted(entry) && entry["apiVersion"] == ours["apiVersion"]) {
        unite(&mut fields, &entry["fieldsV1"]);
    }
    ours["fieldsV1"] = fields;
    if let Some(time) = first.get("time") {
        ours["time"] = time.clone();
    }
    let others = entries.iter().filter(|entry| !is_adopted(entry) && !is_own(entry)).cloned();
    Some(std::iter::once(ours).chain(others).collect())
}

fn unite(into: &mut Value, from: &Value) {
    let Some(from) = from.as_object() else { return };
    if !into.is_object() {
        *into = Value::Object(Map::new());
    }
    let Some(into) = into.as_object_mut() else { return };
    for (token, below) in from {
        match into.get_mut(token) {
            Some(existing) => {
                // Owning a value as a whole and owning parts of it: both stay.
                let whole = [&*existing, below].iter().any(|side| side.as_object().is_some_and(Map::is_empty));
                unite(existing, below);
                if let Some(map) = existing.as_object_mut().filter(|map| whole && !map.is_empty()) {
                    map.entry(".").or_insert_with(|| json!({}));
                }
            }
            None => {
                into.insert(token.clone(), below.clone());
            }
        }
    }
}

/// Changes `result`, the outcome of a dry run, into what it will be once the adopted managers no longer hold it. Fields that they alone own and
/// that the release does not have go, or return to their defaults: client-side apply owns defaults, too. `fresh` is the object as it would be
/// if it were created now.
pub(super) fn release_adopted(result: &mut Value, fresh: Option<&Value>) {
    let mut left = BTreeSet::new();
    let mut held = BTreeSet::new();
    for entry in entries(result) {
        let target = if is_adopted(entry) { &mut left } else { &mut held };
        target.extend(members(&entry["fieldsV1"]));
    }
    for path in left.difference(&held) {
        // What somebody else put below a mapping keeps the mapping.
        let still_needed = held.range::<FieldPath, _>(path..).next().is_some_and(|other| other.starts_with(path));
        if !still_needed {
            reset(result, path, fresh);
        }
    }
}

fn reset(value: &mut Value, path: &[String], fresh: Option<&Value>) {
    let Some((token, rest)) = path.split_first() else { return };
    if let (Some(name), Some(map)) = (token.strip_prefix("f:"), value.as_object_mut()) {
        let fresh = fresh.and_then(|fresh| fresh.get(name));
        match (rest.is_empty(), fresh) {
            (true, None) => {
                map.shift_remove(name);
            }
            (true, Some(fresh)) if map.contains_key(name) => map[name] = fresh.clone(),
            (true, Some(_)) => {}
            (false, fresh) => map.get_mut(name).into_iter().for_each(|below| reset(below, rest, fresh)),
        }
    } else if let Some(items) = value.as_array_mut() {
        let Some(index) = items.iter().position(|item| item_is(item, token)) else { return };
        let fresh = fresh.and_then(Value::as_array).and_then(|items| items.iter().find(|item| item_is(item, token)));
        match (rest.is_empty(), fresh) {
            (true, None) => {
                items.remove(index);
            }
            (true, Some(_)) => {}
            (false, fresh) => reset(&mut items[index], rest, fresh),
        }
    }
}

/// Whether a list entry is the one that a token names.
pub(super) fn item_is(item: &Value, token: &str) -> bool {
    if let Some(keys) = token.strip_prefix("k:").and_then(|text| serde_json::from_str::<Map<String, Value>>(text).ok()) {
        return keys.iter().all(|(key, value)| item.get(key) == Some(value));
    }
    token.strip_prefix("v:").and_then(|text| serde_json::from_str::<Value>(text).ok()).is_some_and(|value| value == *item)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(path: &[String]) -> String {
        path.join(" ")
    }

    fn entry(manager: &str, operation: &str, fields: Value) -> Value {
        json!({"manager": manager, "operation": operation, "apiVersion": "v1", "fieldsType": "FieldsV1", "fieldsV1": fields})
    }

    #[test]
    fn members_are_leaves_and_dots() {
        let fields = json!({"f:a": {".": {}, "f:b": {}}, "f:l": {"k:{\"name\":\"x\"}": {".": {}, "f:name": {}}}, "f:s": {"v:\"q\"": {}}});
        let found: Vec<_> = members(&fields).iter().map(|path| text(path)).collect();
        assert_eq!(found, ["f:a", "f:a f:b", "f:l k:{\"name\":\"x\"}", "f:l k:{\"name\":\"x\"} f:name", "f:s v:\"q\""]);
    }

    #[test]
    fn adopted_fields_become_ours_and_others_stay() {
        let object = json!({"metadata": {"managedFields": [
            entry("kubectl-client-side-apply", "Update", json!({"f:data": {".": {}, "f:a": {}}})),
            entry("kubectl-edit", "Update", json!({"f:data": {"f:b": {}}})),
            entry("manifestgen", "Apply", json!({"f:data": {"f:c": {}}})),
        ]}});
        let adopted = adopt(&object).expect("something to adopt");
        assert_eq!(adopted.len(), 2);
        assert_eq!(adopted[0]["fieldsV1"], json!({"f:data": {"f:c": {}, ".": {}, "f:a": {}}}));
        assert_eq!(adopted[1]["manager"], "kubectl-edit");
        assert_eq!(adopt(&json!({"metadata": {"managedFields": [entry("x", "Update", json!({}))]}})), None);
    }

    #[test]
    fn what_only_the_adopted_manager_held_goes() {
        let mut result = json!({
            "metadata": {"managedFields": [
                entry("kubectl-client-side-apply", "Update", json!({"f:data": {".": {}, "f:a": {}, "f:b": {}, "f:c": {}}, "f:l": {"k:{\"n\":1}": {".": {}, "f:n": {}}}, "f:gone": {".": {}, "f:x": {}}})),
                entry("manifestgen", "Apply", json!({"f:data": {"f:a": {}}})),
                entry("other", "Update", json!({"f:data": {"f:c": {}}})),
            ]},
            "data": {"a": "1", "b": "2", "c": "3"}, "l": [{"n": 1}, {"n": 2}], "gone": {"x": 1},
        });
        let fresh = json!({"data": {"a": "1"}, "l": [{"n": 2}], "gone": {"default": true}});
        let mut again = result.clone();
        release_adopted(&mut again, Some(&fresh));
        assert_eq!(again["gone"], json!({"default": true}), "a default returns");
        release_adopted(&mut result, None);
        assert_eq!(result["data"], json!({"a": "1", "c": "3"}));
        assert_eq!(result["l"], json!([{"n": 2}]));
        assert_eq!(result.get("gone"), None);
    }
}
