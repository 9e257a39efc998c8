//! Random characters.

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE};
use zeroize::Zeroizing;

use crate::config::Encoding;
use crate::diag::Result;
use crate::manifest::hex;
use crate::secret::Plain;
use crate::secret::index_key::random_bytes;

const ALPHANUMERIC: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// A random value.
pub(super) fn value(length: u32, encoding: Encoding, alphabet: Option<&str>) -> Result<Plain> {
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    let bytes = || random_bytes(length);
    Ok(match (alphabet, encoding) {
        (Some(alphabet), _) => characters(length, alphabet)?,
        (None, Encoding::Alphanumeric) => characters(length, ALPHANUMERIC)?,
        (None, Encoding::Hex) => Plain::text(hex(bytes()?.bytes())),
        (None, Encoding::Base64) => Plain::text(BASE64_STANDARD.encode(bytes()?.bytes())),
        (None, Encoding::Base64url) => Plain::text(BASE64_URL_SAFE.encode(bytes()?.bytes())),
    })
}

/// Characters of an alphabet, each as likely as any other: a remainder alone would favour the first ones.
fn characters(length: usize, alphabet: &str) -> Result<Plain> {
    let letters: Vec<char> = alphabet.chars().collect();
    let count = u32::try_from(letters.len()).unwrap_or(u32::MAX).max(1);
    let limit = u32::MAX - u32::MAX % count;
    // Of its final size from the start: a text that grows leaves copies behind.
    let mut text = Zeroizing::new(String::with_capacity(length * 4));
    let mut chosen = 0;
    while chosen < length {
        for chunk in random_bytes(256)?.bytes().chunks_exact(4) {
            let number = u32::from_le_bytes([chunk[0], chunk[1], chunk[2], chunk[3]]);
            if number < limit && chosen < length {
                text.push(letters[usize::try_from(number % count).unwrap_or_default()]);
                chosen += 1;
            }
        }
    }
    Ok(Plain::new(text.as_bytes().to_vec()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn text(length: u32, encoding: Encoding, alphabet: Option<&str>) -> String {
        value(length, encoding, alphabet).expect("a value").as_text().expect("text").to_owned()
    }

    #[test]
    fn values_have_their_form_and_length() {
        assert_eq!(text(32, Encoding::Alphanumeric, None).len(), 32);
        assert!(text(300, Encoding::Alphanumeric, None).chars().all(|c| c.is_ascii_alphanumeric()));
        assert_eq!(text(16, Encoding::Hex, None).len(), 32);
        assert_eq!(BASE64_STANDARD.decode(text(33, Encoding::Base64, None)).expect("base64").len(), 33);
        assert_eq!(BASE64_URL_SAFE.decode(text(32, Encoding::Base64url, None)).expect("base64url").len(), 32);
        assert!(text(50, Encoding::Alphanumeric, Some("äb")).chars().all(|c| "äb".contains(c)));
    }

    #[test]
    fn no_character_is_favoured() {
        let mut counts: BTreeMap<char, u32> = BTreeMap::new();
        for c in text(4096, Encoding::Alphanumeric, Some("abc")).chars() {
            *counts.entry(c).or_default() += 1;
        }
        // Each is expected 1365 times with a standard deviation of 30; ten of them never happen by chance.
        assert!(counts.len() == 3 && counts.values().all(|count| (1065..1665).contains(count)), "{counts:?}");
    }
}
