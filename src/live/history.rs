//! The releases that were applied, kept in the cluster.
//!
//! Each is a Secret, or several where one is too small, with the objects as zstd-compressed JSON. Secret objects of a release are left out:
//! only their names are kept.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::Connection;
use super::delete::delete;
use super::inventory::parent_name;
use super::list::{Listed, list};
use super::request::{Write, get, refused, segment, write};
use super::target::Target;
use crate::diag::{Error, Result};
use crate::manifest::{Object, Release, ReleaseBuilder};
use crate::source::ConfigPath;

const RELEASE: &str = "manifestgen.dev/release";
const REVISION: &str = "manifestgen.dev/revision";
const CHUNK: &str = "manifestgen.dev/chunk";
const CHUNKS: &str = "manifestgen.dev/chunks";
const DIGEST: &str = "manifestgen.dev/digest";
const NOTE: &str = "manifestgen.dev/note";
/// Bytes in one Secret, which holds 1 MiB.
const CHUNK_SIZE: usize = 900 * 1024;
/// Larger releases have no history: it must not fill etcd.
const MOST_CHUNKS: usize = 8;
/// A broken record must not fill the memory.
const LARGEST: u64 = 512 * 1024 * 1024;
const FORMAT: u64 = 1;

/// A release that was applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// Counted from 1.
    pub number: u64,
    /// The release's digest.
    pub digest: String,
    /// When it was applied (RFC 3339).
    pub created: String,
    /// Where it came from.
    pub note: Option<String>,
    chunks: usize,
}

/// A release out of the history.
#[derive(Debug, Clone)]
pub struct StoredRelease {
    /// Its revision.
    pub revision: Revision,
    /// Its objects, without its Secrets.
    pub release: Release,
    /// Its Secrets by name, without their content.
    pub secrets: Vec<Object>,
}

/// The digest and the note that a record gets.
pub(super) struct Source {
    pub digest: String,
    pub note: Option<String>,
}

/// All revisions of a release.
pub(super) struct History {
    name: String,
    namespace: String,
    revisions: Vec<Revision>,
    /// Records that are not whole, by path.
    stray: Vec<String>,
}

impl History {
    pub(super) async fn read(target: &Target, release: &str, namespace: &str) -> Result<Self> {
        let mut history = Self { name: release.to_owned(), namespace: namespace.to_owned(), revisions: Vec::new(), stray: Vec::new() };
        let items = match list(&target.client, &history.collection(), &format!("{RELEASE}={release}")).await? {
            Listed::Items(items) => items,
            Listed::Forbidden(error) => return Err(error),
        };
        let mut parts: BTreeMap<u64, Vec<&Value>> = BTreeMap::new();
        for item in &items {
            let number = item["metadata"]["labels"][REVISION].as_str().and_then(|text| text.parse().ok());
            parts.entry(number.unwrap_or(0)).or_default().push(item);
        }
        for (number, parts) in parts {
            let revision = parts.iter().find_map(|part| revision_of(number, part));
            if let Some(revision) = revision.filter(|revision| number > 0 && parts.len() >= revision.chunks) {
                history.revisions.push(revision);
            } else {
                let collection = history.collection();
                let names = parts.iter().filter_map(|part| part["metadata"]["name"].as_str());
                history.stray.extend(names.map(|name| format!("{collection}/{}", segment(name))));
            }
        }
        Ok(history)
    }

    /// Oldest first.
    pub(super) fn revisions(&self) -> &[Revision] {
        &self.revisions
    }

    fn collection(&self) -> String {
        format!("/api/v1/namespaces/{}/secrets", segment(&self.namespace))
    }

    fn chunk_name(&self, number: u64, chunk: usize) -> String {
        let first = format!("{}-r{number}", parent_name(&self.name));
        if chunk == 0 { first } else { format!("{first}-{chunk}") }
    }

    fn chunk_path(&self, number: u64, chunk: usize) -> String {
        format!("{}/{}", self.collection(), segment(&self.chunk_name(number, chunk)))
    }

    /// Adds a release, unless it is the newest already, and drops the oldest ones. Gives the number; none when it is too large.
    pub(super) async fn record(
        mut self,
        target: &Target,
        release: &Release,
        kept: &[Object],
        source: &Source,
        limit: usize,
    ) -> Result<Option<u64>> {
        let newest = self.revisions.last();
        let number = match newest {
            Some(newest) if newest.digest == source.digest => return Ok(Some(newest.number)),
            newest => newest.map_or(1, |newest| newest.number + 1),
        };
        let content = pack(release, kept)?;
        let chunks: Vec<_> = content.chunks(CHUNK_SIZE).collect();
        if chunks.len() > MOST_CHUNKS {
            return Ok(None);
        }
        // The first chunk, which makes the record count, comes last.
        for (index, chunk) in chunks.iter().enumerate().rev() {
            let mut annotations = json!({DIGEST: source.digest, CHUNKS: chunks.len().to_string()});
            if let Some(note) = &source.note {
                annotations[NOTE] = note.as_str().into();
            }
            let secret = json!({
                "apiVersion": "v1", "kind": "Secret", "type": "manifestgen.dev/release",
                "metadata": {
                    "name": self.chunk_name(number, index), "namespace": self.namespace,
                    "labels": {
                        RELEASE: self.name, REVISION: number.to_string(), CHUNK: index.to_string(),
                        "app.kubernetes.io/managed-by": "manifestgen",
                    },
                    "annotations": annotations,
                },
                "data": {"release": STANDARD.encode(chunk)},
            });
            let answer = write(&target.client, Write::Apply, &self.chunk_path(number, index), &secret).await?;
            if !answer.is_good() {
                return Err(refused(&answer.status()));
            }
        }
        let surplus = (self.revisions.len() + 1).saturating_sub(limit);
        for old in self.revisions.drain(..surplus.min(self.revisions.len())).collect::<Vec<_>>() {
            self.remove(target, &old).await?;
        }
        for path in &self.stray {
            delete(&target.client, path, None).await?;
        }
        Ok(Some(number))
    }

    async fn remove(&self, target: &Target, revision: &Revision) -> Result<()> {
        for chunk in 0..revision.chunks {
            delete(&target.client, &self.chunk_path(revision.number, chunk), None).await?;
        }
        Ok(())
    }

    /// Removes everything: the release is gone.
    pub(super) async fn forget(self, target: &Target) -> Result<()> {
        for revision in &self.revisions {
            self.remove(target, revision).await?;
        }
        for path in &self.stray {
            delete(&target.client, path, None).await?;
        }
        Ok(())
    }

    pub(super) async fn load(&self, target: &Target, revision: &Revision) -> Result<StoredRelease> {
        let broken = || Error::environment(format!("revision {} of `{}` is broken", revision.number, self.name));
        let mut content = Vec::new();
        for chunk in 0..revision.chunks {
            let secret = get(&target.client, &self.chunk_path(revision.number, chunk)).await?.ok_or_else(broken)?;
            let data = secret.pointer("/data/release").and_then(Value::as_str).ok_or_else(broken)?;
            content.extend(STANDARD.decode(data).map_err(|cause| broken().caused_by(cause))?);
        }
        let (release, secrets) = unpack(&self.name, &content).map_err(|cause| broken().caused_by(cause))?;
        Ok(StoredRelease { revision: revision.clone(), release, secrets })
    }
}

/// The revisions of a release, oldest first.
pub async fn revisions(connection: &Connection, release: &str, state_namespace: &str) -> Result<Vec<Revision>> {
    let target = Target::look(connection).await?;
    Ok(History::read(&target, release, state_namespace).await?.revisions)
}

/// A release out of the history: the one of this number, or the one before the newest.
///
/// # Errors
/// Wrong usage when there is no such revision.
pub async fn stored_release(connection: &Connection, release: &str, number: Option<u64>, state_namespace: &str) -> Result<StoredRelease> {
    let target = Target::look(connection).await?;
    let history = History::read(&target, release, state_namespace).await?;
    let have = match history.revisions.as_slice() {
        [] => "it has none".to_owned(),
        [only] => format!("it has only {}", only.number),
        [first, .., last] => format!("it has {} to {}", first.number, last.number),
    };
    let found = match number {
        Some(number) => history.revisions.iter().find(|revision| revision.number == number),
        None => history.revisions.iter().rev().nth(1),
    };
    let Some(revision) = found else {
        let what = number.map_or_else(|| "no revision before the newest".to_owned(), |number| format!("no revision {number}"));
        return Err(Error::usage(format!("the history of `{release}` has {what}; {have}"))
            .hint("`manifestgen status` lists the revisions; `--history` says how many are kept"));
    };
    history.load(&target, revision).await
}

/// The newest release of the history, with its revision.
pub async fn newest_release(connection: &Connection, release: &str, state_namespace: &str) -> Result<StoredRelease> {
    let target = Target::look(connection).await?;
    let history = History::read(&target, release, state_namespace).await?;
    let newest = history.revisions.last().ok_or_else(|| {
        Error::usage(format!("the cluster has no history of a release `{release}`")).hint("`manifestgen apply` begins one")
    })?;
    history.load(&target, newest).await
}

fn revision_of(number: u64, part: &Value) -> Option<Revision> {
    let metadata = &part["metadata"];
    if metadata["labels"][CHUNK] != "0" {
        return None;
    }
    let annotation = |name: &str| metadata["annotations"][name].as_str().map(ToOwned::to_owned);
    Some(Revision {
        number,
        digest: annotation(DIGEST)?,
        created: metadata["creationTimestamp"].as_str().unwrap_or_default().to_owned(),
        note: annotation(NOTE),
        chunks: annotation(CHUNKS)?.parse().ok()?,
    })
}

fn is_secret(object: &Object) -> bool {
    object.group().is_empty() && object.kind() == "Secret"
}

fn pack(release: &Release, kept: &[Object]) -> Result<Vec<u8>> {
    let identity = |object: &Object| {
        let mut metadata = json!({"name": object.name()});
        if let Some(namespace) = object.namespace() {
            metadata["namespace"] = namespace.into();
        }
        json!({"apiVersion": object.api_version(), "kind": object.kind(), "metadata": metadata})
    };
    let objects: Vec<_> = release.objects().iter().filter(|object| !is_secret(object)).collect();
    let secrets: Vec<_> = release.objects().iter().filter(|object| is_secret(object)).chain(kept).map(identity).collect();
    let content = json!({"format": FORMAT, "objects": objects, "secrets": secrets});
    zstd::encode_all(content.to_string().as_bytes(), 10).map_err(|cause| Error::internal("a release does not compress").caused_by(cause))
}

fn unpack(name: &str, content: &[u8]) -> Result<(Release, Vec<Object>), Box<dyn std::error::Error + Send + Sync>> {
    use std::io::Read;
    let mut text = String::new();
    zstd::Decoder::new(content)?.take(LARGEST).read_to_string(&mut text)?;
    let mut value: Value = serde_json::from_str(&text)?;
    if value["format"] != FORMAT {
        return Err("it was written by a newer program".into());
    }
    let mut objects = |field: &str| -> Result<Vec<Object>> {
        let Value::Array(values) = value[field].take() else { return Ok(Vec::new()) };
        values.iter().map(|value| Object::new("history", ConfigPath::root(), value)).collect()
    };
    let (own, secrets) = (objects("objects")?, objects("secrets")?);
    Ok((ReleaseBuilder { objects: own, ..ReleaseBuilder::default() }.finish(name), secrets))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(value: Value) -> Object {
        Object::new("test", ConfigPath::root(), &value).expect("an object")
    }

    #[test]
    fn secrets_stay_out() {
        let config = object(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"a": "b"}}));
        let secret = object(json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"a": "hunter2"}}));
        let release = ReleaseBuilder { objects: vec![config.clone(), secret], ..ReleaseBuilder::default() }.finish("r");
        let packed = pack(&release, &[]).expect("packed");
        let text = zstd::decode_all(&*packed).expect("zstd");
        assert!(!String::from_utf8_lossy(&text).contains("hunter2"));
        let (back, secrets) = unpack("r", &packed).expect("unpacked");
        assert_eq!(back.objects()[0].value(), config.value());
        assert_eq!((back.objects().len(), secrets.len(), secrets[0].name()), (1, 1, "s"));
        assert!(unpack("r", b"nonsense").is_err());
    }
}
