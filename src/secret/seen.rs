//! What this machine has seen of an index.
//!
//! Whoever can write the files, but read none, could replace all of them with older ones, or make a key of his own for the index and
//! encrypt it for everybody. Neither can be seen in the files. So each machine remembers the key and the generation that it saw last. A key
//! that took the place of that one, as when a recipient went, is known by it.

use std::path::{Path, PathBuf};
use std::{env, fs};

use serde::{Deserialize, Serialize};

use super::index::{Index, sha256};
use super::index_key::IndexKey;

#[derive(Debug, Serialize, Deserialize)]
struct Seen {
    key: String,
    generation: u64,
}

/// What is wrong with an index, compared with what this machine saw last.
pub(super) fn complaint(base: &Path, index: &Index, key: &IndexKey) -> Option<String> {
    let seen: Seen = serde_json::from_slice(&fs::read(place(base)?).ok()?).ok()?;
    if !key.descends_from(&seen.key) {
        Some("the index is protected by another key than this machine saw last".to_owned())
    } else if index.generation < seen.generation {
        let (now, then) = (index.generation, seen.generation);
        Some(format!("the files are older than those that this machine saw last (change {now}, it saw {then})"))
    } else {
        None
    }
}

/// Remembers an index. Where there is no place for that, the next comparison is left out.
pub(super) fn remember(base: &Path, index: &Index, key: &IndexKey) {
    let Some(place) = place(base) else { return };
    let seen = Seen { key: key.fingerprint(), generation: index.generation };
    if let (Some(folder), Ok(text)) = (place.parent(), serde_json::to_string(&seen)) {
        let _ = fs::create_dir_all(folder).and_then(|()| fs::write(&place, text));
    }
}

/// `$XDG_STATE_HOME/manifestgen/secrets/HASH.json`, a file for each folder.
fn place(base: &Path) -> Option<PathBuf> {
    let folder = |variable: &str| env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from);
    let state = folder("XDG_STATE_HOME").or_else(|| folder("HOME").map(|home| home.join(".local/state")))?;
    let base = fs::canonicalize(base).ok()?;
    let name = sha256(base.as_os_str().as_encoded_bytes());
    Some(state.join("manifestgen/secrets").join(format!("{}.json", &name[..32])))
}
