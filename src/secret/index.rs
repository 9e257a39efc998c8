//! What belongs to which secret.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::index_key::IndexKey;
use crate::config::PublicKey;
pub(super) use crate::config::{INDEX_KEY, INDEX_KEY_NAME};
use crate::diag::{Error, Result};
use crate::manifest::hex;

/// The index, in the folder of secrets.
pub(super) const INDEX: &str = "secrets/index.json";

/// Which file belongs to which secret, and in which state. It holds no value and nothing made of one but hashes of encrypted files.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Index {
    version: u32,
    /// Counts the changes of the whole.
    pub(super) generation: u64,
    /// For whom the key of the MAC is encrypted.
    pub(super) key_recipients: Vec<String>,
    /// By the name of the secret.
    pub(super) secrets: BTreeMap<String, Entry>,
    /// HMAC-SHA256 over all the rest, in hex.
    mac: String,
}

/// One secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Entry {
    /// Its file, relative to the cluster file.
    pub(super) file: String,
    /// SHA-256 of the file, in hex.
    pub(super) sha256: String,
    /// SHA-256 of the first file that held this value, in hex. It stays when the value is encrypted for others, so that it names the value
    /// without telling anything about it.
    pub(super) value_id: String,
    /// For whom it is encrypted: public keys without comments.
    pub(super) recipients: Vec<String>,
    /// Counts its values.
    pub(super) value: u64,
    /// When this value was made, in seconds since 1970.
    pub(super) made_at: u64,
    /// Names of recipients that are gone, but have read this value.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) known_to: Vec<String>,
}

impl Index {
    pub(super) fn new() -> Self {
        Self { version: 1, ..Self::default() }
    }

    pub(super) fn parse(text: &[u8]) -> Result<Self> {
        let broken = || Error::environment(format!("`{INDEX}` is damaged")).hint("restore it, from version control for instance");
        let index: Self = serde_json::from_slice(text).map_err(|cause| broken().caused_by(cause))?;
        if index.version != 1 {
            return Err(Error::environment(format!("`{INDEX}` has version {}, this program knows version 1", index.version))
                .hint("use a newer manifestgen"));
        }
        Ok(index)
    }

    /// The text of the file, with a new MAC.
    pub(super) fn sealed(&mut self, key: &IndexKey) -> Result<Vec<u8>> {
        self.mac = key.mac(&self.signed()?);
        let mut text = serde_json::to_vec_pretty(self).map_err(|cause| Error::internal("the index does not serialize").caused_by(cause))?;
        text.push(b'\n');
        Ok(text)
    }

    pub(super) fn is_sealed_by(&self, key: &IndexKey) -> Result<bool> {
        Ok(key.is_mac(&self.signed()?, &self.mac))
    }

    fn signed(&self) -> Result<Vec<u8>> {
        let unsigned = Self { mac: String::new(), ..self.clone() };
        serde_json::to_vec(&unsigned).map_err(|cause| Error::internal("the index does not serialize").caused_by(cause))
    }
}

/// Recipients as the index holds them.
pub(super) fn recorded(keys: &[PublicKey]) -> Vec<String> {
    let mut texts: Vec<String> = keys.iter().map(PublicKey::without_comment).collect();
    texts.sort();
    texts.dedup();
    texts
}

pub(super) fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Seconds since 1970.
pub(super) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
