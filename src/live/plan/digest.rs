//! Telling two states of an object apart without keeping them.

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::diff::content;
use crate::manifest::hex;

/// A digest of what people and controllers set of an object. None for a Secret: whoever can guess its values could check the guess.
pub(super) fn state(object: &Value) -> Option<String> {
    if object["kind"] == "Secret" {
        return None;
    }
    let mut hash = Sha256::new();
    add(&content(object), &mut hash);
    Some(hex(&hash.finalize()))
}

/// In the order of the keys: the server's own follows Go's structs in one version, and another's in the next.
fn add(value: &Value, hash: &mut Sha256) {
    match value {
        Value::Object(map) => {
            let mut keys: Vec<_> = map.keys().collect();
            keys.sort_unstable();
            hash.update(b"{");
            for key in keys {
                hash.update(Value::from(key.as_str()).to_string());
                hash.update(b":");
                add(&map[key], hash);
                hash.update(b",");
            }
            hash.update(b"}");
        }
        Value::Array(items) => {
            hash.update(b"[");
            for item in items {
                add(item, hash);
                hash.update(b",");
            }
            hash.update(b"]");
        }
        scalar => hash.update(scalar.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_content_counts() {
        let a = json!({"kind": "X", "metadata": {"name": "a", "resourceVersion": "1"}, "spec": {"p": 1, "q": [1, 2]}, "status": 1});
        let b = json!({"kind": "X", "metadata": {"resourceVersion": "2", "name": "a"}, "spec": {"q": [1, 2], "p": 1}});
        let c = json!({"kind": "X", "metadata": {"name": "a"}, "spec": {"p": 1, "q": [2, 1]}});
        assert_eq!(state(&a), state(&b));
        assert_ne!(state(&a), state(&c));
        assert_eq!(state(&json!({"kind": "Secret"})), None);
    }
}
