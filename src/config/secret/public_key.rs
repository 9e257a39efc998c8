//! Public keys that a secret is encrypted for.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::config::format::{self, Wrong};

/// An age public key (`age1…`, also of a plugin), or an SSH one (`ssh-ed25519 …`, `ssh-rsa …`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PublicKey(pub String);

impl PublicKey {
    /// The key without the comment that an SSH key may end with: two keys are the same when these texts are.
    #[must_use]
    pub fn without_comment(&self) -> String {
        self.0.split_whitespace().take(2).collect::<Vec<_>>().join(" ")
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl JsonSchema for PublicKey {
    fn schema_name() -> Cow<'static, str> {
        "PublicKey".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "format": "public-key", "pattern": format::pattern("public-key"), "examples": [
            "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p",
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsKLqeplhpW+uObz5dvMgjz1OxfM/XXUB+VHtZ6isGN alice@rust",
        ]})
    }
}

/// The format `public-key`. The text of a private key is never repeated.
pub(in crate::config) fn check_public_key(text: &str) -> Result<(), Wrong> {
    let first = text.split_whitespace().next().unwrap_or_default();
    if text.is_empty() {
        return Err(Wrong::new("it is empty", ""));
    }
    if text.contains(['\n', '\r']) {
        return Err(Wrong::new("it has more than one line", "write one key per entry"));
    }
    match first {
        "ssh-ed25519" | "ssh-rsa" => match text.parse::<age::ssh::Recipient>() {
            Ok(_) => Ok(()),
            Err(age::ssh::ParseRecipientKeyError::RsaModulusTooSmall) => {
                Err(Wrong::new("an RSA key needs at least 2048 bits", "use an `ssh-ed25519` key"))
            }
            Err(age::ssh::ParseRecipientKeyError::RsaModulusTooLarge) => {
                Err(Wrong::new("an RSA key may have at most 4096 bits", "use an `ssh-ed25519` key"))
            }
            Err(_) => Err(Wrong::new("the part after the type is damaged", "copy the whole line of the `.pub` file")),
        },
        _ if first.starts_with("ssh-") || first.starts_with("ecdsa-") || first.starts_with("sk-") => {
            Err(Wrong::new("age encrypts for the SSH keys `ssh-ed25519` and `ssh-rsa` alone", "use one of these, or an `age1…` key"))
        }
        _ if text.starts_with("age1") => {
            let is_native = text.parse::<age::x25519::Recipient>().is_ok()
                || text.parse::<age::tag::Recipient>().is_ok()
                || text.parse::<age::tagpq::Recipient>().is_ok();
            if is_native || text.parse::<age::plugin::Recipient>().is_ok() {
                Ok(())
            } else {
                Err(Wrong::new("its checksum is wrong", "copy the whole key again"))
            }
        }
        _ => Err(Wrong::new("it begins neither with `age1` nor with `ssh-ed25519` or `ssh-rsa`", "")),
    }
}

#[cfg(test)]
mod tests {
    use crate::config::format::tests::verdict;

    #[test]
    fn public_keys() {
        let good = [
            "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p",
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsKLqeplhpW+uObz5dvMgjz1OxfM/XXUB+VHtZ6isGN alice@rust",
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsKLqeplhpW+uObz5dvMgjz1OxfM/XXUB+VHtZ6isGN",
        ];
        for key in good {
            assert_eq!(verdict("public-key", key), "ok", "{key}");
        }
        let wrong = |key: &str| verdict("public-key", key);
        assert!(wrong("age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8q").starts_with("its checksum is wrong"));
        assert!(wrong("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsKLqep").starts_with("the part after the type is damaged"));
        assert!(wrong("ecdsa-sha2-nistp256 AAAA").starts_with("age encrypts for the SSH keys"));
        assert!(wrong("alice").starts_with("it begins neither"));
    }
}
