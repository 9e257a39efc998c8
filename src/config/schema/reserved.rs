//! The key of the file that the types of the merged config do not have: `profiles`.

use serde_json::{Value, json};

pub(super) const PROFILES: &str = "Variants of this file. `--profile NAME` lays one over it; a profile may hold any part of a config.";

/// Adds it.
pub(super) fn add(schema: &mut Value) {
    let properties = super::properties(schema);
    properties.insert("profiles".to_owned(), json!({"type": "object", "description": PROFILES, "additionalProperties": true}));
}
