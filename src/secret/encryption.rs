//! Encrypting and decrypting one file (age-encryption.org/v1).

use std::io::{BufRead, BufReader, Read, Write};
use std::sync::Arc;

use age::armor::{ArmoredReader, ArmoredWriter, Format};
use age::plugin::RecipientPluginV1;
use age::{DecryptError, Decryptor, Encryptor, Recipient};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD};
use sha2::{Digest, Sha256};

use super::identity::{Identities, PluginTalk};
use super::{Ask, Plain};
use crate::config::PublicKey;
use crate::diag::{Error, Result};

/// Encrypts for some keys.
pub(super) fn encrypt(plain: &Plain, keys: &[PublicKey], armor: bool, ask: &Arc<dyn Ask>) -> Result<Vec<u8>> {
    let recipients = keys.iter().map(|key| recipient(key, ask)).collect::<Result<Vec<_>>>()?;
    let broken = |cause: std::io::Error| Error::internal("a value cannot be encrypted").caused_by(cause);
    let encryptor = Encryptor::with_recipients(recipients.iter().map(|recipient| &**recipient as &dyn Recipient))
        .map_err(|cause| Error::usage("the recipients do not go together").caused_by(cause))?;
    let format = if armor { Format::AsciiArmor } else { Format::Binary };
    let armored = ArmoredWriter::wrap_output(Vec::new(), format).map_err(broken)?;
    let mut writer = encryptor.wrap_output(armored).map_err(broken)?;
    writer.write_all(plain.bytes()).map_err(broken)?;
    writer.finish().and_then(ArmoredWriter::finish).map_err(broken)
}

fn recipient(key: &PublicKey, ask: &Arc<dyn Ask>) -> Result<Box<dyn Recipient>> {
    let text = key.0.trim();
    if let Ok(recipient) = text.parse::<age::x25519::Recipient>() {
        return Ok(Box::new(recipient));
    }
    if let Ok(recipient) = text.parse::<age::ssh::Recipient>() {
        return Ok(Box::new(recipient));
    }
    if let Ok(recipient) = text.parse::<age::tag::Recipient>() {
        return Ok(Box::new(recipient));
    }
    if let Ok(recipient) = text.parse::<age::tagpq::Recipient>() {
        return Ok(Box::new(recipient));
    }
    let plugin = text.parse::<age::plugin::Recipient>().map_err(|_| Error::internal(format!("`{text}` is no public key")))?;
    let name = plugin.plugin().to_owned();
    RecipientPluginV1::new(&name, &[plugin], &[], PluginTalk::new(ask.clone()))
        .map(|plugin| Box::new(plugin) as Box<dyn Recipient>)
        .map_err(|_| {
            Error::environment(format!("the key `{text}` needs the program `age-plugin-{name}`, which is not in PATH"))
                .hint("install it, or take the key out of the recipients")
        })
}

/// Decrypts a file, armored or not.
pub(super) fn decrypt(file: &[u8], identities: &Identities) -> Result<Plain, DecryptError> {
    let decryptor = Decryptor::new_buffered(ArmoredReader::new(file))?;
    let reader = decryptor.decrypt(identities.iter())?;
    Plain::read(reader).map_err(DecryptError::Io)
}

/// Whether a file is an age file at all.
pub(super) fn is_age_file(file: &[u8]) -> bool {
    Decryptor::new_buffered(ArmoredReader::new(file)).is_ok()
}

/// Whether a file is in age's armor.
pub(super) fn is_armored(file: &[u8]) -> bool {
    file.trim_ascii_start().starts_with(b"-----BEGIN AGE ENCRYPTED FILE-----")
}

/// What a file's header says about whom it is for, one word per recipient, sorted: `X25519`, `ssh-ed25519 TAG`.
///
/// The header does not name the key of an X25519 recipient; of an SSH key it has 32 bits of the hash.
pub(super) fn header_of(file: &[u8]) -> Vec<String> {
    let lines = BufReader::new(ArmoredReader::new(file).take(MOST_OF_HEADER)).split(b'\n');
    let mut found = Vec::new();
    for line in lines.map_while(Result::ok) {
        if line.starts_with(b"---") {
            break;
        }
        let Some(stanza) = line.strip_prefix(b"-> ") else { continue };
        let text = String::from_utf8_lossy(stanza);
        let mut words = text.split(' ');
        match (words.next(), words.next()) {
            (Some(kind @ ("ssh-ed25519" | "ssh-rsa")), Some(tag)) => found.push(format!("{kind} {tag}")),
            // Random stanzas keep readers from breaking on what they do not know (C2SP age, "grease").
            (Some(kind), _) if !kind.ends_with("-grease") => found.push(kind.to_owned()),
            _ => {}
        }
    }
    found.sort();
    found
}

const MOST_OF_HEADER: u64 = 1024 * 1024;

/// What the header of a file for some keys says; none when a key is of a plugin, which may write what it likes.
pub(super) fn header_for(keys: &[PublicKey]) -> Option<Vec<String>> {
    let mut words = keys.iter().map(stanza_for).collect::<Option<Vec<_>>>()?;
    words.sort();
    Some(words)
}

fn stanza_for(key: &PublicKey) -> Option<String> {
    let mut words = key.0.split_whitespace();
    match words.next()? {
        kind @ ("ssh-ed25519" | "ssh-rsa") => {
            let hash = Sha256::digest(BASE64_STANDARD.decode(words.next()?).ok()?);
            Some(format!("{kind} {}", BASE64_STANDARD_NO_PAD.encode(&hash[..4])))
        }
        text if text.parse::<age::x25519::Recipient>().is_ok() => Some("X25519".to_owned()),
        _ => None,
    }
}
