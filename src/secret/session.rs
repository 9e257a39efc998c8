//! One command's work on the files of a cluster: opened, verified, changed, written at once.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use age::DecryptError;

use super::change::{self, Change, Lock};
use super::deliver::ID;
use super::encryption::{decrypt, encrypt};
use super::identity::Identities;
use super::index::{Entry, INDEX, INDEX_KEY, INDEX_KEY_NAME, Index, now, recorded, sha256};
use super::index_key::IndexKey;
use super::nix::{NODES_NIX, SECRETS_NIX, nodes_nix, secrets_nix};
use super::{Ask, Plain, seen};
use crate::config::{Cluster, PublicKey, SecretEntry};
use crate::diag::{Error, Result, did_you_mean};

/// Whether files that are not as the index has them are taken as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// They are refused.
    IndexOnly,
    /// They are taken: somebody changed them with another tool.
    FilesAsTheyAre,
}

/// One command's work on the files of a cluster.
pub struct Session<'a> {
    pub(super) cluster: &'a Cluster,
    pub(super) base: PathBuf,
    pub(super) identities: Identities,
    pub(super) ask: Arc<dyn Ask>,
    pub(super) index: Index,
    pub(super) trust: Trust,
    /// What is wrong with the index itself, where the command goes on in spite of it.
    pub(super) complaint: Option<String>,
    key: IndexKey,
    key_is_new: bool,
    changes: Vec<Change>,
    index_changed: bool,
    /// None for one that only reads.
    _lock: Option<Lock>,
}

impl std::fmt::Debug for Session<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Session").field("base", &self.base).finish_non_exhaustive()
    }
}

/// The file of a secret, compared with the index.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum File {
    Missing,
    /// As the index has it.
    Known(Vec<u8>),
    /// The index has another one under this name.
    Changed(Vec<u8>),
    /// The index has none.
    Foreign(Vec<u8>),
}

impl<'a> Session<'a> {
    /// Opens the files below the folder of the cluster file, and completes what a killed run left.
    ///
    /// # Errors
    /// Usage, when no identity reads the index; environment, when the index is not ours or cannot be read.
    pub fn open(cluster: &'a Cluster, base: &Path, identities: Identities, ask: Arc<dyn Ask>, trust: Trust) -> Result<Self> {
        let mut session = Self::unverified(cluster, base, identities, ask, trust)?;
        if let Some(complaint) = session.complaint.take_if(|_| trust == Trust::IndexOnly) {
            return Err(Error::environment(complaint)
                .hint("restore the files, from version control for instance")
                .hint("`secret rekey --trust` takes the files as they are; look at each value first"));
        }
        Ok(session)
    }

    /// The same, for `check`, which goes on to say what else is wrong.
    pub fn unverified(cluster: &'a Cluster, base: &Path, identities: Identities, ask: Arc<dyn Ask>, trust: Trust) -> Result<Self> {
        let base = if base.as_os_str().is_empty() { Path::new(".") } else { base };
        let lock = change::lock(base)?;
        let files: Vec<String> = cluster.secrets.iter().map(SecretEntry::path).collect();
        change::recover(base, files.iter().map(String::as_str))?;
        Self::read(cluster, base, identities, ask, trust, Some(lock))
    }

    /// Opens the files to read them only: nothing is locked, and nothing that a killed run left is touched.
    ///
    /// # Errors
    /// As [`Session::open`]; also environment, when a run was killed and what it left counts already.
    pub fn read_only(cluster: &'a Cluster, base: &Path, identities: Identities, ask: Arc<dyn Ask>) -> Result<Self> {
        let base = if base.as_os_str().is_empty() { Path::new(".") } else { base };
        if change::is_unfinished(base) {
            return Err(Error::environment("a change of the secrets was interrupted").hint("`manifestgen secret check` completes it"));
        }
        let mut session = Self::read(cluster, base, identities, ask, Trust::IndexOnly, None)?;
        match session.complaint.take() {
            Some(complaint) => Err(Error::environment(complaint).hint("restore the files, from version control for instance")),
            None => Ok(session),
        }
    }

    fn read(
        cluster: &'a Cluster,
        base: &Path,
        identities: Identities,
        ask: Arc<dyn Ask>,
        trust: Trust,
        lock: Option<Lock>,
    ) -> Result<Self> {
        let mut complaint = None;
        let (index, key, key_is_new) = match (read(&base.join(INDEX))?, read(&base.join(INDEX_KEY))?) {
            (None, None) => (Index::new(), IndexKey::generate()?, true),
            (index, key) => {
                let key = key.map(|file| index_key(&file, &identities)).transpose()?;
                let parsed = index.as_deref().map(Index::parse).transpose()?;
                match (&parsed, &key) {
                    (Some(index), Some(key)) if !index.is_sealed_by(key)? => {
                        complaint = Some(format!("`{INDEX}` was changed by somebody who does not have its key"));
                    }
                    (Some(index), Some(key)) => complaint = seen::complaint(base, index, key),
                    (None, _) => complaint = Some(format!("`{INDEX}` is missing")),
                    (_, None) => complaint = Some(format!("`{INDEX_KEY}` is missing")),
                }
                let key_is_new = key.is_none();
                (parsed.unwrap_or_else(Index::new), key.map_or_else(IndexKey::generate, Ok)?, key_is_new)
            }
        };
        let base = base.to_owned();
        let index_changed = complaint.is_some();
        Ok(Self {
            cluster,
            base,
            identities,
            ask,
            index,
            trust,
            complaint,
            key,
            key_is_new,
            changes: Vec::new(),
            index_changed,
            _lock: lock,
        })
    }

    /// The entries of some names; of all, when none is named.
    pub(super) fn chosen(&self, names: &[String]) -> Result<Vec<&'a SecretEntry>> {
        let cluster = self.cluster;
        if names.is_empty() {
            return Ok(cluster.secrets.iter().collect());
        }
        let find = |name: &String| {
            cluster.secrets.iter().find(|secret| secret.name.as_str() == name).ok_or_else(|| {
                let error = Error::usage(format!("there is no secret `{name}` in `secrets`"));
                match did_you_mean(name, cluster.secrets.iter().map(|secret| secret.name.as_str())) {
                    Some(near) => error.hint(format!("did you mean `{near}`?")),
                    None => error.hint("secrets are declared in the cluster file first"),
                }
            })
        };
        names.iter().map(find).collect()
    }

    /// The file of a secret, compared with the index.
    pub(super) fn file(&self, secret: &SecretEntry) -> Result<File> {
        let Some(bytes) = read(&self.base.join(secret.path()))? else { return Ok(File::Missing) };
        Ok(match self.index.secrets.get(secret.name.as_str()) {
            None => File::Foreign(bytes),
            Some(entry) if entry.sha256 == sha256(&bytes) => File::Known(bytes),
            Some(_) => File::Changed(bytes),
        })
    }

    /// The value of a secret, as far as its file can be trusted.
    pub(super) fn value(&self, secret: &SecretEntry) -> Result<Plain> {
        self.value_with(secret, self.trust)
    }

    /// The value of a secret, for a given trust.
    pub(super) fn value_with(&self, secret: &SecretEntry, trust: Trust) -> Result<Plain> {
        let (name, path) = (&secret.name, secret.path());
        let untrusted = |what: &str| {
            Error::environment(format!("`{path}` {what}"))
                .hint("restore it, from version control for instance")
                .hint("`secret rekey --trust` takes the files as they are; look at each value first")
        };
        let bytes = match self.file(secret)? {
            File::Missing => {
                return Err(Error::usage(format!("the secret `{name}` has no file `{path}`"))
                    .hint(format!("`manifestgen secret create {name}` makes it")));
            }
            File::Changed(_) if trust == Trust::IndexOnly => {
                return Err(untrusted(&format!("is not the file that was written for `{name}` last")));
            }
            File::Foreign(_) if trust == Trust::IndexOnly => return Err(untrusted("was written by another tool")),
            File::Known(bytes) | File::Changed(bytes) | File::Foreign(bytes) => bytes,
        };
        match self.identities.opened(name.as_str()) {
            Some(opened) => opened,
            None => decrypt(&bytes, &self.identities).map_err(|cause| cannot_decrypt(&path, &cause, &self.identities)),
        }
    }

    /// A name of a secret's value that tells nothing about it; empty where the index has none.
    pub(super) fn value_id(&self, secret: &SecretEntry) -> String {
        self.index.secrets.get(secret.name.as_str()).map(|entry| entry.value_id.chars().take(ID).collect()).unwrap_or_default()
    }

    /// The number of the last change, and the key that protects the index.
    pub(super) const fn state(&self) -> (u64, &IndexKey) {
        (self.index.generation, &self.key)
    }

    /// Whom a secret is to be encrypted for.
    pub(super) fn keys(&self, secret: &SecretEntry) -> Vec<PublicKey> {
        self.cluster.recipients_of_secret(secret).into_iter().map(|recipient| recipient.key).collect()
    }

    /// Encrypts a value of a secret; `is_new` when it is another one than before.
    pub(super) fn put(&mut self, secret: &SecretEntry, value: &Plain, is_new: bool) -> Result<()> {
        let keys = self.keys(secret);
        let contents = encrypt(value, &keys, secret.armor, &self.ask)?;
        let recipients = recorded(&keys);
        let before = self.index.secrets.get(secret.name.as_str());
        let mut known_to: Vec<String> = Vec::new();
        if let Some(before) = before.filter(|_| !is_new) {
            known_to.extend(before.known_to.iter().chain(&before.recipients).filter(|key| !recipients.contains(key)).cloned());
            known_to.sort();
            known_to.dedup();
        }
        let sha256 = sha256(&contents);
        let entry = Entry {
            file: secret.path(),
            value_id: before.filter(|_| !is_new).map_or_else(|| sha256.clone(), |before| before.value_id.clone()),
            sha256,
            recipients,
            value: before.map_or(0, |before| before.value) + u64::from(is_new || before.is_none()),
            made_at: before.filter(|_| !is_new).map_or_else(now, |before| before.made_at),
            known_to,
        };
        self.index.secrets.insert(secret.name.to_string(), entry);
        self.index_changed = true;
        self.changes.push(Change { path: secret.path(), contents, mode: 0o600 });
        Ok(())
    }

    /// Writes something public beside the file of a secret: `NAME.pub`, `NAME.crt`.
    pub(super) fn put_public(&mut self, secret: &SecretEntry, extension: &str, text: &str) -> String {
        let path = format!("{}.{extension}", secret.path().trim_end_matches(".age"));
        self.changes.push(Change { path: path.clone(), contents: text.as_bytes().to_vec(), mode: 0o644 });
        path
    }

    /// Forgets secrets that are neither declared nor there.
    pub(super) fn forget_gone(&mut self) {
        let (cluster, base) = (self.cluster, self.base.clone());
        let before = self.index.secrets.len();
        self.index
            .secrets
            .retain(|name, entry| cluster.secrets.iter().any(|secret| secret.name.as_str() == name) || base.join(&entry.file).exists());
        self.index_changed |= self.index.secrets.len() != before;
    }

    /// Writes all changes at once; tells whether there were any.
    ///
    /// # Errors
    /// Environment, when a file cannot be written: then all are as they were, or the next run completes them.
    pub fn finish(mut self) -> Result<bool> {
        let mut all: Vec<PublicKey> = self.cluster.secrets.iter().flat_map(|secret| self.keys(secret)).collect();
        all.sort();
        all.dedup_by_key(|key| key.without_comment());
        let wanted = recorded(&all);
        if !all.is_empty() && (self.key_is_new || wanted != self.index.key_recipients) {
            // Who is gone knows the old key and could sign with it.
            if self.index.key_recipients.iter().any(|key| !wanted.contains(key)) {
                self.key = self.key.successor()?;
            }
            let contents = encrypt(self.key.plain(), &all, false, &self.ask)?;
            self.changes.push(Change { path: INDEX_KEY.to_owned(), contents, mode: 0o600 });
            self.index.key_recipients = wanted;
            self.index_changed = true;
        }
        for (path, text) in [(SECRETS_NIX, secrets_nix(self.cluster, &all)?), (NODES_NIX, nodes_nix(self.cluster)?)] {
            let contents = text.into_bytes();
            if read(&self.base.join(path))?.as_ref() != Some(&contents) {
                self.changes.push(Change { path: path.to_owned(), contents, mode: 0o644 });
            }
        }
        if self.index_changed {
            self.index.generation += 1;
            let contents = self.index.sealed(&self.key)?;
            self.changes.push(Change { path: INDEX.to_owned(), contents, mode: 0o644 });
        }
        if self.changes.is_empty() {
            return Ok(false);
        }
        change::commit(&self.base, &self.changes)?;
        self.remember();
        Ok(true)
    }

    /// Remembers the state on this machine.
    pub(super) fn remember(&self) {
        seen::remember(&self.base, &self.index, &self.key);
    }
}

fn index_key(file: &[u8], identities: &Identities) -> Result<IndexKey> {
    let plain = match identities.opened(INDEX_KEY_NAME).and_then(Result::ok) {
        Some(plain) => plain,
        None => decrypt(file, identities).map_err(|cause| {
            let error = cannot_decrypt(INDEX_KEY, &cause, identities);
            match identities.folder() {
                Some(folder) => error.hint(format!("or let agenix decrypt it too: `{}`", folder.join(INDEX_KEY_NAME).display())),
                None => error,
            }
        })?,
    };
    IndexKey::of(plain).ok_or_else(|| {
        Error::environment(format!("`{INDEX_KEY}` holds no key of an index")).hint("restore it, from version control for instance")
    })
}

/// Why a file cannot be decrypted, and the way out.
pub(super) fn cannot_decrypt(path: &str, cause: &DecryptError, identities: &Identities) -> Box<Error> {
    match cause {
        DecryptError::NoMatchingKeys => {
            let names: Vec<String> = identities.names().iter().map(|name| format!("`{name}`")).collect();
            let tried = if names.is_empty() { "there is no identity".to_owned() } else { format!("tried {}", names.join(", ")) };
            Error::usage(format!("`{path}` cannot be decrypted: {tried}"))
                .hint("name a file with a private key of one of its recipients: `-i FILE`")
        }
        DecryptError::KeyDecryptionFailed => {
            Error::usage(format!("`{path}` cannot be decrypted: the passphrase of the identity is wrong")).hint("try again")
        }
        DecryptError::Plugin(_) | DecryptError::PluginResolve(_) => {
            Error::environment(format!("`{path}` cannot be decrypted: {}", cause.to_string().replace('\n', " ")))
        }
        _ => Error::environment(format!("`{path}` is damaged, or no age file"))
            .hint("restore it, from version control for instance")
            .caused_by(std::io::Error::other(cause.to_string())),
    }
}

/// A file's content; none when it is not there.
fn read(path: &Path) -> Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(Error::environment(format!("`{}` cannot be read", path.display())).caused_by(cause)),
    }
}
