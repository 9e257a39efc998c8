//! Whether all files are as they should be.

use std::collections::BTreeSet;
use std::fs;

use super::encryption::{header_for, header_of, is_age_file, is_armored};
use super::index::{INDEX_KEY, now, recorded};
use super::nix::{NODES_NIX, SECRETS_NIX};
use super::session::File;
use super::tls::Tls;
use super::value::is_overdue;
use super::{Plain, Session, Trust};
use crate::config::{Destination, SECRETS_FOLDER, SecretEntry};
use crate::diag::{Finding, Result};
use crate::source::ConfigPath;

/// Says what is wrong with the files of a session. Each file is decrypted with the identities given.
///
/// # Errors
/// Environment, when a file cannot be read.
pub fn check(session: &Session<'_>) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    if let Some(complaint) = &session.complaint {
        let hint = "restore the files, from version control for instance; `secret rekey --trust` takes them as they are";
        findings.push(Finding::error("secret/index", complaint.clone()).with_hint(hint).with_config_path(ConfigPath::of(["secrets"])));
    }
    for (number, secret) in session.cluster.secrets.iter().enumerate() {
        let path = ConfigPath::of(["secrets"]).index(number);
        let found = one(session, secret)?;
        findings.extend(found.into_iter().map(|finding| finding.with_config_path(path.clone())));
    }
    findings.extend(strays(session));
    if findings.is_empty() {
        session.remember();
    }
    Ok(findings)
}

fn one(session: &Session<'_>, secret: &SecretEntry) -> Result<Vec<Finding>> {
    let (name, path) = (&secret.name, secret.path());
    let mut findings = Vec::new();
    let bytes = match session.file(secret)? {
        File::Missing => {
            let hint = format!("`manifestgen secret create {name}` makes it");
            return Ok(vec![Finding::error("secret/missing", format!("the secret `{name}` has no file `{path}`")).with_hint(hint)]);
        }
        File::Known(bytes) => bytes,
        File::Changed(bytes) => {
            let text = format!("`{path}` is not the file that was written for `{name}` last");
            let hint = "restore it; `secret rekey --trust` takes the files as they are, after a look at each value";
            findings.push(Finding::error("secret/changed", text).with_hint(hint));
            bytes
        }
        File::Foreign(bytes) => {
            let hint = "`secret rekey --trust` takes the files as they are, after a look at each value";
            findings.push(Finding::error("secret/changed", format!("`{path}` was written by another tool")).with_hint(hint));
            bytes
        }
    };
    if !is_age_file(&bytes) {
        let looks_plain = !bytes.starts_with(b"age-encryption.org/") && !is_armored(&bytes);
        let what = if looks_plain { "is not encrypted" } else { "is damaged" };
        let rule = if looks_plain { "secret/plain" } else { "secret/corrupted" };
        let hint = if looks_plain { "remove it, make the secret again, and use another value" } else { "restore it" };
        findings.push(Finding::error(rule, format!("`{path}` {what}")).with_hint(hint));
        return Ok(findings);
    }
    readers(session, secret, &bytes, &mut findings);
    match session.value_with(secret, Trust::FilesAsTheyAre) {
        Ok(value) => findings.extend(certificate(secret, &value)),
        Err(error) => {
            let mut finding = Finding::error("secret/undecryptable", error.message.clone());
            finding.hint = error.hints.first().cloned();
            findings.push(finding);
        }
    }
    if let Some(entry) = session.index.secrets.get(name.as_str()) {
        if is_overdue(secret, entry.made_at) {
            let hint = format!("`manifestgen secret rotate {name}`");
            findings.push(Finding::error("secret/overdue", format!("the value of `{name}` is older than it may be")).with_hint(hint));
        }
        if !entry.known_to.is_empty() {
            let text = format!("a recipient that is gone has read the value of `{name}`: {}", shortened(&entry.known_to));
            let hint = format!("`manifestgen secret rotate {name}`");
            findings.push(Finding::warning("secret/exposed", text).with_hint(hint));
        }
    }
    Ok(findings)
}

/// What is wrong with a value that is to be a certificate with its key.
fn certificate(secret: &SecretEntry, value: &Plain) -> Option<Finding> {
    let is_made = secret.make.valid_for().is_some();
    if !is_made && !secret.deliver.iter().any(|to| matches!(to, Destination::Tls { .. })) {
        return None;
    }
    let name = &secret.name;
    let way_out =
        if is_made { format!("`manifestgen secret rotate {name}`") } else { format!("`manifestgen secret edit {name} --from FILE`") };
    match Tls::parse(value) {
        Err(what) => {
            Some(Finding::error("secret/certificate", format!("`{name}` is no certificate with its key: {what}")).with_hint(way_out))
        }
        Ok(tls) => {
            let left = tls.ends.saturating_sub(i64::try_from(now()).unwrap_or(i64::MAX));
            let days = left / DAY;
            if left <= 0 {
                Some(Finding::error("secret/expired", format!("the certificate of `{name}` has expired")).with_hint(way_out))
            } else if !is_made && days < SOON {
                // One of ours is overdue long before: see `is_overdue`.
                Some(Finding::warning("secret/expiring", format!("the certificate of `{name}` expires in {days} days")).with_hint(way_out))
            } else {
                None
            }
        }
    }
}

const DAY: i64 = 24 * 60 * 60;
/// Days before the end of a certificate from which on it is mentioned: a third of the 90 days that public CAs give.
const SOON: i64 = 30;

/// Whom a file is for: what the index says, and what the header of the file tells of it.
fn readers(session: &Session<'_>, secret: &SecretEntry, bytes: &[u8], findings: &mut Vec<Finding>) {
    let keys = session.keys(secret);
    let wanted = recorded(&keys);
    let hint = "`manifestgen secret rekey` encrypts it for the recipients of the config";
    if let Some(entry) = session.index.secrets.get(secret.name.as_str()).filter(|entry| entry.recipients != wanted) {
        let missing: Vec<String> = wanted.iter().filter(|key| !entry.recipients.contains(key)).cloned().collect();
        let extra: Vec<String> = entry.recipients.iter().filter(|key| !wanted.contains(key)).cloned().collect();
        let parts = [("it is not encrypted for", missing), ("it is still encrypted for", extra)];
        let parts: Vec<String> =
            parts.into_iter().filter(|(_, keys)| !keys.is_empty()).map(|(what, keys)| format!("{what} {}", shortened(&keys))).collect();
        let text = format!("`{}` has other recipients than the config: {}", secret.path(), parts.join("; "));
        findings.push(Finding::error("secret/recipients", text).with_hint(hint));
    } else if header_for(&keys).is_some_and(|wanted| wanted != header_of(bytes)) {
        let text = format!("the header of `{}` names other recipients than the config", secret.path());
        findings.push(Finding::error("secret/recipients", text).with_hint(hint));
    }
}

/// Files that belong to no secret.
fn strays(session: &Session<'_>) -> Vec<Finding> {
    let mut known: BTreeSet<String> = ["index.json", ".journal.json"].map(|name| format!("{SECRETS_FOLDER}/{name}")).into();
    known.extend([INDEX_KEY, SECRETS_NIX, NODES_NIX].map(ToOwned::to_owned));
    for secret in &session.cluster.secrets {
        let path = secret.path();
        let stem = path.trim_end_matches(".age");
        known.extend([format!("{stem}.pub"), format!("{stem}.crt"), path.clone()]);
    }
    let mut findings = Vec::new();
    let mut names: Vec<String> = fs::read_dir(session.base.join(SECRETS_FOLDER))
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()))
        .map(|entry| format!("{SECRETS_FOLDER}/{}", entry.file_name().to_string_lossy()))
        .filter(|path| !known.contains(path))
        .collect();
    names.sort();
    for path in names {
        let is_age = fs::read(session.base.join(&path)).is_ok_and(|bytes| is_age_file(&bytes));
        let finding = if is_age {
            Finding::warning("secret/unused", format!("`{path}` belongs to no secret of the config"))
                .with_hint("remove it, or declare it in `secrets`")
        } else {
            Finding::error("secret/plain", format!("`{path}` is not encrypted"))
                .with_hint("this folder is for encrypted files: move it away")
        };
        findings.push(finding.with_config_path(ConfigPath::of(["secrets"])));
    }
    findings
}

/// Public keys, short enough for a line.
fn shortened(keys: &[String]) -> String {
    let short = |key: &String| {
        let end = key.chars().count().saturating_sub(12);
        match key.split_once(' ') {
            Some((kind, _)) => format!("`{kind} …{}`", key.chars().skip(end).collect::<String>()),
            None => format!("`{}…`", key.chars().take(16).collect::<String>()),
        }
    };
    keys.iter().map(short).collect::<Vec<_>>().join(", ")
}
