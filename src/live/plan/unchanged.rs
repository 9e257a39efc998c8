//! Seeing without a request that applying an object would change nothing.
//!
//! Server-side apply changes nothing when the applier owns exactly the fields that it sends, each with the value that it has. The live
//! object tells both. Where this looks too hard to tell, the server is asked.

use serde_json::{Map, Value};

use crate::live::fields::{LAST_APPLIED, adopted_managers, item_is, own};

/// Whether applying `desired` to `live` is known to change nothing.
pub(super) fn is_unchanged(desired: &Value, live: &Value) -> bool {
    let Some(entry) = own(live) else { return false };
    let is_current = entry["apiVersion"] == desired["apiVersion"];
    let untidy = live.pointer("/metadata/annotations").is_some_and(|annotations| annotations.get(LAST_APPLIED).is_some());
    if !is_current || untidy || !adopted_managers(live).is_empty() {
        return false;
    }
    let mut wanted = desired.clone();
    let Some(root) = wanted.as_object_mut() else { return false };
    // Its identity is not owned by anybody.
    root.shift_remove("apiVersion");
    root.shift_remove("kind");
    if let Some(metadata) = root.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.shift_remove("name");
        metadata.shift_remove("namespace");
    }
    root.retain(|key, value| key != "metadata" || value.as_object().is_some_and(|metadata| !metadata.is_empty()));
    entry["fieldsV1"].as_object().is_some_and(|fields| holds_mapping(fields, root, live))
}

fn holds(fields: &Value, desired: &Value, live: &Value) -> bool {
    let Some(fields) = fields.as_object() else { return false };
    if fields.is_empty() {
        return desired == live;
    }
    match desired {
        Value::Object(map) => holds_mapping(fields, map, live),
        Value::Array(items) => holds_list(fields, items, live),
        _ => false,
    }
}

fn holds_mapping(fields: &Map<String, Value>, desired: &Map<String, Value>, live: &Value) -> bool {
    owned(fields) == desired.len()
        && desired.iter().all(|(key, value)| {
            let Some(below) = fields.get(&format!("f:{key}")) else { return false };
            live.get(key).is_some_and(|live| holds(below, value, live))
        })
}

fn holds_list(fields: &Map<String, Value>, desired: &[Value], live: &Value) -> bool {
    let Some(live) = live.as_array() else { return false };
    owned(fields) == desired.len()
        && fields.iter().filter(|(token, _)| *token != ".").all(|(token, below)| {
            let Some(now) = live.iter().find(|item| item_is(item, token)) else { return false };
            if token.starts_with("v:") {
                return desired.contains(now);
            }
            desired.iter().find(|item| is_entry(item, token)).is_some_and(|wanted| holds(below, wanted, now))
        })
        && in_order(desired, live, fields)
}

/// The entries that we own keep their order among themselves, which matters for init containers and their like.
fn in_order(desired: &[Value], live: &[Value], fields: &Map<String, Value>) -> bool {
    let token_of = |item: &Value| fields.keys().find(|token| is_entry(item, token));
    let known = desired.iter().map(token_of);
    known.eq(live.iter().filter_map(token_of).map(Some))
}

/// Whether an entry is the one that a token names, also when it leaves out the one key that has a default.
///
/// Of the keys of lists in Kubernetes' own kinds only a port's `protocol` has one, `TCP` (`+listMapKey=protocol` and `+default="TCP"` in
/// `k8s.io/api/core/v1/types.go`). Had we ever written it down, in a custom kind with another default say, we would own it, and the fields
/// would differ.
fn is_entry(item: &Value, token: &str) -> bool {
    if item_is(item, token) {
        return true;
    }
    let Some(map) = item.as_object().filter(|map| !map.contains_key("protocol")) else { return false };
    let mut whole = map.clone();
    whole.insert("protocol".to_owned(), "TCP".into());
    token.starts_with("k:") && item_is(&Value::Object(whole), token)
}

fn owned(fields: &Map<String, Value>) -> usize {
    fields.keys().filter(|token| *token != ".").count()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn live(fields: Value) -> Value {
        json!({
            "apiVersion": "v1", "kind": "Service",
            "metadata": {"name": "a", "namespace": "b", "uid": "1", "labels": {"x": "y", "foreign": "z"}, "managedFields": [
                {"manager": "manifestgen", "operation": "Apply", "apiVersion": "v1", "fieldsV1": fields},
            ]},
            "spec": {"clusterIP": "10.0.0.1", "ports": [{"name": "web", "port": 80, "protocol": "TCP", "targetPort": 80}], "selector": {"q": "r"}},
            "status": {},
        })
    }

    fn fields() -> Value {
        json!({
            "f:metadata": {"f:labels": {"f:x": {}}},
            "f:spec": {"f:ports": {"k:{\"port\":80,\"protocol\":\"TCP\"}": {".": {}, "f:name": {}, "f:port": {}, "f:protocol": {}}}, "f:selector": {}},
        })
    }

    fn desired() -> Value {
        json!({
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": "a", "namespace": "b", "labels": {"x": "y"}},
            "spec": {"ports": [{"name": "web", "port": 80, "protocol": "TCP"}], "selector": {"q": "r"}},
        })
    }

    #[test]
    fn the_same_is_known_to_be_the_same() {
        assert!(is_unchanged(&desired(), &live(fields())));
    }

    #[test]
    fn a_key_that_has_a_default_may_be_left_out() {
        let mut fields = fields();
        let ports = json!({"k:{\"port\":80,\"protocol\":\"TCP\"}": {".": {}, "f:name": {}, "f:port": {}}});
        fields["f:spec"]["f:ports"] = ports;
        let mut desired = desired();
        assert!(!is_unchanged(&desired, &live(fields.clone())), "a value that becomes ours is a change");
        desired["spec"]["ports"][0].as_object_mut().expect("a mapping").shift_remove("protocol");
        assert!(is_unchanged(&desired, &live(fields.clone())));
        desired["spec"]["ports"][0]["protocol"] = "UDP".into();
        assert!(!is_unchanged(&desired, &live(fields)));
    }

    #[test]
    fn everything_else_is_asked() {
        for (pointer, value) in [
            ("/metadata/labels/x", json!("other")),
            ("/spec/selector", json!({"q": "r", "s": "t"})),
            ("/spec/ports/0/name", json!("http")),
            ("/spec/ports", json!([])),
            ("/apiVersion", json!("v2")),
        ] {
            let mut changed = desired();
            *changed.pointer_mut(pointer).expect("there") = value;
            assert!(!is_unchanged(&changed, &live(fields())), "{pointer}");
        }
        let mut more = desired();
        more["spec"]["type"] = "NodePort".into();
        assert!(!is_unchanged(&more, &live(fields())));
        let mut fewer = desired();
        fewer["metadata"].as_object_mut().expect("a mapping").shift_remove("labels");
        assert!(!is_unchanged(&fewer, &live(fields())), "a label that left the release must be taken away");
        let mut annotated = live(fields());
        annotated["metadata"]["annotations"] = json!({LAST_APPLIED: "{}"});
        assert!(!is_unchanged(&desired(), &annotated));
    }
}
