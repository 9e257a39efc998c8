//! Whether the cluster has an object exactly as it is written.

use serde_json::Value;

/// Whether everything that `written` says stands in `live` already. Lists must be the same entry by entry.
///
/// Applying such an object changes no value, so the server has nothing to say about it that it did not say before.
pub(super) fn contains(live: &Value, written: &Value) -> bool {
    match (live, written) {
        (Value::Object(live), Value::Object(written)) => {
            written.iter().all(|(key, value)| live.get(key).is_some_and(|live| contains(live, value)))
        }
        (Value::Array(live), Value::Array(written)) => {
            live.len() == written.len() && live.iter().zip(written).all(|(live, written)| contains(live, written))
        }
        _ => live == written,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::contains;

    #[test]
    fn defaults_do_not_matter_and_everything_else_does() {
        let live = json!({"a": {"b": 1, "default": true}, "l": [{"n": "x", "p": "TCP"}, {"n": "y"}]});
        assert!(contains(&live, &json!({"a": {"b": 1}, "l": [{"n": "x"}, {"n": "y"}]})));
        for other in [
            json!({"a": {"b": 2}}),
            json!({"a": {"c": 1}}),
            json!({"l": [{"n": "x"}]}),
            json!({"l": [{"n": "y"}, {"n": "x"}]}),
            json!({"a": null}),
        ] {
            assert!(!contains(&live, &other), "{other}");
        }
    }
}
