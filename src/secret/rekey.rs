//! Changing whom files are encrypted for.

use super::encryption::is_armored;
use super::index::recorded;
use super::session::File;
use super::{Session, Trust};
use crate::diag::Result;

/// What [`rekey`] did.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Rekeyed {
    /// Secrets that were encrypted anew.
    pub changed: Vec<String>,
    /// Secrets that are for the wanted recipients already.
    pub unchanged: Vec<String>,
    /// Secrets without a file.
    pub missing: Vec<String>,
    /// Secrets whose value a removed recipient has read: it takes a new value to keep him out.
    pub exposed: Vec<String>,
}

/// Encrypts all files for the recipients that the config names now; all, or with an error none.
///
/// # Errors
/// Of the first file that cannot be decrypted. Nothing is written before [`Session::finish`].
pub fn rekey(session: &mut Session<'_>) -> Result<Rekeyed> {
    let mut done = Rekeyed::default();
    for secret in &session.cluster.secrets {
        let name = secret.name.to_string();
        let (bytes, is_known) = match session.file(secret)? {
            File::Missing => {
                done.missing.push(name);
                continue;
            }
            File::Known(bytes) => (bytes, true),
            File::Changed(bytes) | File::Foreign(bytes) => (bytes, false),
        };
        let wanted = recorded(&session.keys(secret));
        let entry = session.index.secrets.get(secret.name.as_str());
        let fits = entry.is_some_and(|entry| entry.recipients == wanted && entry.file == secret.path());
        if is_known && fits && is_armored(&bytes) == secret.armor && session.trust == Trust::IndexOnly {
            done.unchanged.push(name.clone());
        } else {
            let value = session.value(secret)?;
            // Another tool may have changed the value; when it was made is then not known.
            session.put(secret, &value, !is_known)?;
            done.changed.push(name.clone());
        }
        if session.index.secrets.get(&name).is_some_and(|entry| !entry.known_to.is_empty()) {
            done.exposed.push(name);
        }
    }
    session.forget_gone();
    Ok(done)
}
