//! Values as the keys of Secrets.

use std::collections::BTreeMap;

use super::Ready;
use crate::config::{DeliveredSecret, Destination};
use crate::diag::{Error, Result};
use crate::secret::index::sha256;
use crate::secret::tls::Tls;
use crate::secret::{Plain, Session};

/// Decrypts each value once, and puts it where it goes.
pub(super) fn of(session: &Session<'_>, wanted: Vec<DeliveredSecret>) -> Result<Vec<Ready>> {
    let mut values: BTreeMap<usize, Plain> = BTreeMap::new();
    let mut ready = Vec::with_capacity(wanted.len());
    for what in wanted {
        let (mut data, mut ids) = (BTreeMap::new(), BTreeMap::new());
        let optional = what.optional_keys.iter().map(|(key, from)| (key, from, true));
        for (key, (number, place), optional) in what.keys.iter().map(|(key, from)| (key, from, false)).chain(optional) {
            let secret = &session.cluster.secrets[*number];
            if !values.contains_key(number) {
                values.insert(*number, session.value(secret)?);
            }
            let value = &values[number];
            let part = match &secret.deliver[*place] {
                Destination::Tls { .. } => tls(value, key).map_err(|what| {
                    Error::usage(format!("the value of `{}` is no certificate with its key: {what}", secret.name))
                        .hint(format!("`manifestgen secret check` says more; `manifestgen secret edit {}` changes it", secret.name))
                })?,
                _ => Some(value.clone()),
            };
            let Some(part) = part else {
                if optional {
                    continue;
                }
                return Err(Error::usage(format!("the value of `{}` holds no `{key}`", secret.name))
                    .hint(format!("`manifestgen secret rotate {}` makes a whole one", secret.name)));
            };
            data.insert(key.clone(), part);
            ids.insert(key.clone(), session.value_id(secret));
        }
        // They are no secrets.
        ids.extend(what.plain.iter().map(|(key, value)| (key.clone(), sha256(value.as_bytes())[..ID].to_owned())));
        ready.push(Ready { what, data, ids });
    }
    Ok(ready)
}

/// Digits of a name of a value.
pub(in crate::secret) const ID: usize = 32;

/// One key of a Secret of type `kubernetes.io/tls`; none when the value does not hold it.
fn tls(value: &Plain, key: &str) -> Result<Option<Plain>, &'static str> {
    let tls = Tls::parse(value)?;
    Ok(match key {
        "tls.crt" => Some(Plain::text(format!("{}\n", tls.chain.join("\n")))),
        "tls.key" => Some(Plain::text(format!("{}\n", tls.key))),
        _ => tls.authority.map(|certificate| Plain::text(format!("{certificate}\n"))),
    })
}
