//! Private keys that decrypt.

use std::collections::HashMap;
use std::fs::File;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use age::secrecy::SecretString;
use age::{Callbacks, Identity, IdentityFile};

use super::encryption::is_age_file;
use super::{Ask, Plain};
use crate::diag::{Error, Result};

/// Where agenix looks when no identity is named: the user's key, then the machine's.
const DEFAULTS: [&str; 3] = ["~/.ssh/id_ed25519", "~/.ssh/id_rsa", "/etc/ssh/ssh_host_ed25519_key"];

/// Private keys that decrypt, in the order in which they are tried.
pub struct Identities {
    keys: Vec<Box<dyn Identity>>,
    names: Vec<String>,
    /// Where files lie that agenix decrypted, by the names of the secrets.
    folder: Option<PathBuf>,
}

impl std::fmt::Debug for Identities {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_tuple("Identities").field(&self.names).finish()
    }
}

impl Identities {
    /// Reads identity files: age's own (plain or with a passphrase), of a plugin, or private keys of SSH. Without any, those of agenix'
    /// default places that are there. `-` is stdin.
    ///
    /// # Errors
    /// Usage, for a file that holds no identity; environment, for one that cannot be read.
    pub fn read(files: &[PathBuf], ask: &Arc<dyn Ask>) -> Result<Self> {
        let mut identities = Self { keys: Vec::new(), names: Vec::new(), folder: None };
        for file in files {
            identities.add(file, ask)?;
        }
        if files.is_empty() {
            for place in DEFAULTS {
                let path = match (place.strip_prefix("~/"), std::env::home_dir()) {
                    (Some(rest), Some(home)) => home.join(rest),
                    (Some(_), None) => continue,
                    (None, _) => PathBuf::from(place),
                };
                // A host key is readable for root alone; a default that cannot be used is no error.
                let _ = identities.add(&path, ask);
            }
        }
        Ok(identities)
    }

    fn add(&mut self, path: &Path, ask: &Arc<dyn Ask>) -> Result<()> {
        let name = path.display().to_string();
        let unreadable = |cause: std::io::Error| {
            let missing = cause.kind() == std::io::ErrorKind::NotFound;
            let error = if missing {
                Error::usage(format!("there is no identity file `{name}`"))
            } else {
                Error::environment(format!("the identity file `{name}` cannot be read"))
            };
            error.caused_by(cause)
        };
        let text = if path == Path::new("-") {
            Plain::read(std::io::stdin().lock()).map_err(unreadable)?
        } else {
            Plain::read(File::open(path).map_err(unreadable)?).map_err(unreadable)?
        };
        self.keys.extend(parse(&text, &name, ask)?);
        self.names.push(name);
        Ok(())
    }

    /// Takes values from a folder where agenix decrypted them, in place of decrypting.
    #[must_use]
    pub fn with_decrypted(self, folder: PathBuf) -> Self {
        Self { folder: Some(folder), ..self }
    }

    /// That folder.
    pub(super) fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// The value of a secret as it was decrypted by somebody else; none when nobody did that.
    pub(super) fn opened(&self, name: &str) -> Option<Result<Plain>> {
        let path = self.folder.as_ref()?.join(name);
        Some(File::open(&path).and_then(Plain::read).map_err(|cause| {
            Error::environment(format!("`{}` cannot be read", path.display()))
                .hint("agenix decrypts it where the node is among the secret's recipients, and its module names it")
                .caused_by(cause)
        }))
    }

    /// The keys.
    pub(super) fn iter(&self) -> impl Iterator<Item = &dyn Identity> {
        self.keys.iter().map(|key| &**key)
    }

    /// The files that they were read from, for messages.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }
}

fn parse(text: &Plain, name: &str, ask: &Arc<dyn Ask>) -> Result<Vec<Box<dyn Identity>>> {
    let talk = PluginTalk::new(ask.clone());
    if is_age_file(text.bytes()) {
        let encrypted = age::armor::ArmoredReader::new(Cursor::new(text.bytes().to_vec()));
        if let Ok(Some(identity)) = age::encrypted::Identity::from_buffer(encrypted, Some(name.to_owned()), talk, None) {
            return Ok(vec![Box::new(identity)]);
        }
        return Err(Error::usage(format!("`{name}` is an age file without a passphrase, which holds no identity"))
            .hint("name the identity file that decrypts, not a secret"));
    }
    if let Ok(identity) = age::ssh::Identity::from_buffer(text.bytes(), Some(name.to_owned())) {
        if let age::ssh::Identity::Unsupported(_) = identity {
            return Err(Error::usage(format!("the SSH key `{name}` cannot decrypt age files"))
                .hint("age takes `ssh-ed25519` and `ssh-rsa` keys in OpenSSH's format (`ssh-keygen -p -f FILE` converts an old one)"));
        }
        return Ok(vec![Box::new(identity.with_callbacks(talk))]);
    }
    let no_identity = || {
        Error::usage(format!("`{name}` holds no identity"))
            .hint("an identity is a file of `age-keygen` or a private key of SSH; the `.pub` file beside it is the recipient")
    };
    let file = IdentityFile::from_buffer(text.bytes()).map_err(|_| no_identity())?;
    let keys = file
        .with_callbacks(talk)
        .into_identities()
        .map_err(|cause| Error::environment(format!("`{name}` cannot be used")).caused_by(cause))?;
    if keys.is_empty() {
        return Err(no_identity());
    }
    Ok(keys.into_iter().map(|key| key as Box<dyn Identity>).collect())
}

/// How age and its plugins talk to the user. A passphrase is asked for once, as one key may have to open many files.
#[derive(Clone)]
pub(super) struct PluginTalk {
    ask: Arc<dyn Ask>,
    answers: Arc<Mutex<HashMap<String, Option<SecretString>>>>,
}

impl PluginTalk {
    pub(super) fn new(ask: Arc<dyn Ask>) -> Self {
        Self { ask, answers: Arc::default() }
    }
}

impl Callbacks for PluginTalk {
    fn display_message(&self, message: &str) {
        self.ask.tell(message);
    }

    fn confirm(&self, message: &str, yes: &str, no: Option<&str>) -> Option<bool> {
        let answer = self.ask.line(&format!("{message} [{yes}/{}]", no.unwrap_or("no")))?;
        Some(answer.trim().eq_ignore_ascii_case(yes))
    }

    fn request_public_string(&self, description: &str) -> Option<String> {
        self.ask.line(description)
    }

    fn request_passphrase(&self, description: &str) -> Option<SecretString> {
        let mut answers = self.answers.lock().ok()?;
        answers.entry(description.to_owned()).or_insert_with(|| self.ask.passphrase(description)).clone()
    }
}
