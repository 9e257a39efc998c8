//! The annotation value whose change replaces pods.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::manifest::hex;

/// SHA-256 in hex over names and texts, each ended by a zero byte.
pub(super) fn checksum(files: &BTreeMap<String, String>) -> String {
    let mut hash = Sha256::new();
    for (name, text) in files {
        hash.update(name);
        hash.update([0]);
        hash.update(text);
        hash.update([0]);
    }
    hex(&hash.finalize())
}
