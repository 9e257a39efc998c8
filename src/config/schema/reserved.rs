//! Keys of the file that the types of the merged config do not have: `profiles`, and sections whose components do not exist yet.

use serde_json::{Value, json};

use super::NOT_BUILT;

pub(super) const PROFILES: &str = "Variants of this file. `--profile NAME` lays one over it; a profile may hold any part of a config.";

/// Key and what it will be.
const SECTIONS: [(&str, &str); 1] = [("mesh", "A WireGuard mesh between the nodes.")];

/// Adds those that the types do not have. Only null is a value of them, so that nothing that was written is silently left out.
pub(super) fn add(schema: &mut Value) {
    let properties = super::properties(schema);
    properties.insert("profiles".to_owned(), json!({"type": "object", "description": PROFILES, "additionalProperties": true}));
    for (key, what) in SECTIONS {
        properties.entry(key).or_insert_with(|| {
            json!({
                "type": "null",
                "description": format!("{what} Not built yet: this section is reserved."),
                NOT_BUILT: true,
            })
        });
    }
}
