//! The key of the index' MAC.

use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};
use sha2::{Digest, Sha256};

use super::Plain;
use crate::diag::{Error, Result};
use crate::manifest::hex;

/// The key of the index' MAC: 32 random bytes, encrypted in a file beside the index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct IndexKey(Plain);

impl IndexKey {
    pub(super) fn generate() -> Result<Self> {
        random_bytes(32).map(Self)
    }

    /// Takes the content of the file; none when it is no such key.
    pub(super) fn of(plain: Plain) -> Option<Self> {
        (plain.bytes().len() == 32).then_some(Self(plain))
    }

    pub(super) const fn plain(&self) -> &Plain {
        &self.0
    }

    /// HMAC-SHA256, in lower-case hex.
    pub(super) fn mac(&self, text: &[u8]) -> String {
        hex(hmac::sign(&self.hmac(), text).as_ref())
    }

    /// Whether a MAC is the one of a text, in constant time.
    pub(super) fn is_mac(&self, text: &[u8], mac: &str) -> bool {
        let bytes: Option<Vec<u8>> = (0..mac.len()).step_by(2).map(|at| u8::from_str_radix(mac.get(at..at + 2)?, 16).ok()).collect();
        bytes.is_some_and(|bytes| hmac::verify(&self.hmac(), text, &bytes).is_ok())
    }

    /// A name for the key that tells nothing about it.
    pub(super) fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(b"manifestgen index key\0");
        hash.update(self.0.bytes());
        hex(&hash.finalize()[..16])
    }

    fn hmac(&self) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, self.0.bytes())
    }
}

/// Bytes of the system's random source.
pub(super) fn random_bytes(count: usize) -> Result<Plain> {
    let mut bytes = vec![0; count];
    SystemRandom::new().fill(&mut bytes).map_err(|_| Error::environment("the system gives no random bytes"))?;
    Ok(Plain::new(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mac_holds_for_its_text_and_key() {
        let (key, other) = (IndexKey::generate().expect("a key"), IndexKey::generate().expect("a key"));
        let mac = key.mac(b"text");
        assert!(key.is_mac(b"text", &mac));
        assert!(!key.is_mac(b"texts", &mac) && !other.is_mac(b"text", &mac));
        for odd in ["", "0", "zz", "é0", &mac[2..]] {
            assert!(!key.is_mac(b"text", odd), "{odd}");
        }
        assert_ne!(key.fingerprint(), other.fingerprint());
    }
}
