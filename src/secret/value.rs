//! Making values: the first ones and new ones.

mod certificate;
mod key;
mod random;

use super::index::now;
use super::session::File;
use super::{Plain, Session};
use crate::config::{Host, Make, SecretEntry};
use crate::diag::{Error, Result};

/// What became of one secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// The secret's name.
    pub name: String,
    /// Its encrypted file.
    pub file: String,
    /// The file with its public part, where it has one.
    pub public: Option<String>,
}

/// A new value, and its public part: the extension of the file that it goes to, and its text.
struct New {
    plain: Plain,
    public: Option<(&'static str, String)>,
}

impl From<Plain> for New {
    fn from(plain: Plain) -> Self {
        Self { plain, public: None }
    }
}

/// Asks for a value that somebody gives; none when there is nobody to ask.
pub(super) type Give<'g> = dyn FnMut(&SecretEntry) -> Result<Option<Plain>> + 'g;

/// Makes the secrets that have no file: those of some names, or all. The second list has the names of those that nobody gave.
///
/// # Errors
/// Usage, for a name that does not exist or a secret that is there already. Nothing is written before [`Session::finish`].
pub fn create(session: &mut Session<'_>, names: &[String], give: &mut Give<'_>) -> Result<(Vec<Made>, Vec<String>)> {
    let mut missing = Vec::new();
    for secret in session.chosen(names)? {
        match session.file(secret)? {
            File::Missing => missing.push(secret),
            _ if names.is_empty() => {}
            _ => {
                let name = &secret.name;
                return Err(Error::usage(format!("the secret `{name}` has a file already"))
                    .hint(format!("`secret rotate {name}` makes a new value, `secret edit {name}` changes it")));
            }
        }
    }
    make_all(session, missing, give)
}

/// Makes new values for secrets that have one: those of some names, or all that are overdue. With a CA go the certificates that it signed.
///
/// # Errors
/// As [`create`], and when an old file is missing or not the one that was written last.
pub fn rotate(session: &mut Session<'_>, names: &[String], give: &mut Give<'_>) -> Result<(Vec<Made>, Vec<String>)> {
    let mut chosen = session.chosen(names)?;
    if names.is_empty() {
        let is_overdue =
            |secret: &&SecretEntry| session.index.secrets.get(secret.name.as_str()).is_some_and(|entry| is_overdue(secret, entry.made_at));
        chosen.retain(is_overdue);
    }
    for secret in &session.cluster.secrets {
        let signed = matches!(&secret.make, Make::Tls { ca, .. } if chosen.iter().any(|other| other.name == *ca));
        if signed && !chosen.contains(&secret) && session.file(secret)? != File::Missing {
            chosen.push(secret);
        }
    }
    for secret in &chosen {
        // A file that nobody here can read, or that is not ours, is not thrown away.
        session.value(secret)?;
    }
    make_all(session, chosen, give)
}

/// Whether a value is older than it may be.
pub(super) fn is_overdue(secret: &SecretEntry, made_at: u64) -> bool {
    secret.rotation_interval().is_some_and(|interval| made_at.saturating_add(interval.as_secs()) <= now())
}

fn make_all(session: &mut Session<'_>, mut chosen: Vec<&SecretEntry>, give: &mut Give<'_>) -> Result<(Vec<Made>, Vec<String>)> {
    let (mut made, mut not_given) = (Vec::new(), Vec::new());
    // A CA comes before what it signs.
    chosen.sort_by_key(|secret| matches!(secret.make, Make::Tls { .. }));
    let mut authorities: Vec<(String, Plain)> = Vec::new();
    for secret in chosen {
        let new: New = match &secret.make {
            Make::Given => match give(secret)? {
                Some(plain) if plain.bytes().is_empty() => {
                    return Err(Error::usage(format!("the value of `{}` is empty", secret.name)).hint("nothing was changed"));
                }
                Some(plain) => plain.into(),
                None => {
                    not_given.push(secret.name.to_string());
                    continue;
                }
            },
            Make::Tls { ca, hosts, .. } => {
                let new_one = authorities.iter().find(|(name, _)| name == ca.as_str()).map(|(_, plain)| plain.clone());
                let authority = match new_one {
                    Some(plain) => plain,
                    None => session.value(authority(session, ca.as_str())?)?,
                };
                let hosts: Vec<&str> = hosts.iter().map(Host::as_str).collect();
                certificate::signed(secret, &hosts, &authority)?
            }
            Make::TlsCa { common_name, .. } => {
                let name = common_name.clone().unwrap_or_else(|| format!("{} {}", session.cluster.cluster.name, secret.name));
                let new = certificate::authority(secret, &name)?;
                authorities.push((secret.name.to_string(), new.plain.clone()));
                new
            }
            Make::Random { length, encoding, alphabet } => random::value(*length, *encoding, alphabet.as_deref())?.into(),
            Make::NoiseKey => key::noise()?.into(),
            Make::WireguardKey => key::wireguard()?,
            Make::SshKey { comment } => {
                let default = format!("{}@{}", secret.name, session.cluster.cluster.name);
                key::ssh(comment.as_deref().unwrap_or(&default))?
            }
        };
        session.put(secret, &new.plain, true)?;
        let public = new.public.map(|(extension, text)| session.put_public(secret, extension, &text));
        made.push(Made { name: secret.name.to_string(), file: secret.path(), public });
    }
    Ok((made, not_given))
}

fn authority<'a>(session: &Session<'a>, name: &str) -> Result<&'a SecretEntry> {
    let cluster = session.cluster;
    let found = cluster.secrets.iter().find(|secret| secret.name.as_str() == name);
    found.ok_or_else(|| Error::internal(format!("the CA `{name}` is not declared")))
}
