//! The key of the index' MAC.

use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::Plain;
use crate::diag::{Error, Result};
use crate::manifest::hex;

/// Bytes of a key.
const LENGTH: usize = 32;
/// Former keys that are kept.
const FORMER: usize = 15;

/// The key of the index' MAC: 32 random bytes, encrypted in a file beside the index.
///
/// The keys that it took the place of follow it, newest first. Who saw one of them last sees by it that whoever made the new key knew the
/// old one, which he could only have from a file that he could read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct IndexKey(Plain);

impl IndexKey {
    pub(super) fn generate() -> Result<Self> {
        random_bytes(LENGTH).map(Self)
    }

    /// A new key in place of this one.
    pub(super) fn successor(&self) -> Result<Self> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(LENGTH * (FORMER + 1)));
        bytes.extend_from_slice(random_bytes(LENGTH)?.bytes());
        bytes.extend(self.0.bytes().iter().take(LENGTH * FORMER));
        Ok(Self(Plain::new(bytes.to_vec())))
    }

    /// Takes the content of the file; none when it is no such key.
    pub(super) fn of(plain: Plain) -> Option<Self> {
        let length = plain.bytes().len();
        (length >= LENGTH && length.is_multiple_of(LENGTH)).then_some(Self(plain))
    }

    /// The content of the file.
    pub(super) const fn plain(&self) -> &Plain {
        &self.0
    }

    fn key(&self) -> &[u8] {
        &self.0.bytes()[..LENGTH]
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
        fingerprint(self.key())
    }

    /// Whether a name is that of this key or of one that it took the place of.
    pub(super) fn descends_from(&self, name: &str) -> bool {
        self.0.bytes().chunks(LENGTH).any(|key| fingerprint(key) == name)
    }

    fn hmac(&self) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, self.key())
    }
}

fn fingerprint(key: &[u8]) -> String {
    let mut hash = Sha256::new();
    hash.update(b"manifestgen index key\0");
    hash.update(key);
    hex(&hash.finalize()[..16])
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
    #[test]
    fn a_key_knows_those_that_it_took_the_place_of() {
        let first = IndexKey::generate().expect("a key");
        let second = first.successor().expect("a key");
        let third = IndexKey::of(second.successor().expect("a key").plain().clone()).expect("its file");
        assert!(third.descends_from(&first.fingerprint()) && third.descends_from(&third.fingerprint()));
        assert!(!first.descends_from(&second.fingerprint()));
        assert_ne!(third.mac(b"text"), second.mac(b"text"));
        let mut last = third;
        for _ in 0..20 {
            last = last.successor().expect("a key");
        }
        assert_eq!(last.plain().bytes().len(), 16 * 32);
        assert_eq!(IndexKey::of(Plain::new(vec![0; 33])), None);
        assert_eq!(IndexKey::of(Plain::new(Vec::new())), None);
    }
}
