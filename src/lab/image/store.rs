//! Where a lab keeps images: blobs by their digests, and names (github.com/opencontainers/image-spec).

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tar::{Builder, EntryType, Header};
use tempfile::NamedTempFile;

use super::archive;
use super::name::whole;
use super::recipe::{Content, Recipe};
use crate::manifest::hex;

const NAMES: &str = "names.json";

/// The media types of manifests.
pub(super) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(super) const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// A folder of images.
#[derive(Debug, Clone)]
pub(in crate::lab) struct Store {
    folder: PathBuf,
}

/// A blob in the store.
pub(super) struct Blob {
    pub(super) digest: String,
    pub(super) size: u64,
}

/// The names of images, and the digests of what they name.
pub(in crate::lab) type Names = BTreeMap<String, String>;

impl Store {
    /// Opens a store, and makes what is not there of it.
    pub(in crate::lab) fn open(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder.join("blobs/sha256"))?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// Adds the image of a recipe. Equal content gives an equal digest.
    pub(in crate::lab) fn add_recipe(&self, recipe: &Recipe, contents: &BTreeMap<String, Content>) -> io::Result<Names> {
        let layer = self.add(|out| write_layer(out, contents))?;
        let environment: Vec<String> = recipe.environment.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let config = json!({
            "architecture": architecture(),
            "os": "linux",
            "config": {"Entrypoint": recipe.entrypoint, "User": recipe.user.as_deref().unwrap_or_default(), "Env": environment},
            "rootfs": {"type": "layers", "diff_ids": [layer.digest]},
        });
        let config = self.add_json(&config)?;
        let manifest = self.add_json(&manifest(&config, &[layer]))?;
        Ok([(whole(&recipe.image), manifest.digest)].into())
    }

    /// Adds all images of an archive.
    pub(in crate::lab) fn add_archive(&self, path: &Path) -> io::Result<Names> {
        archive::add(self, path)
    }

    /// Replaces the names.
    pub(in crate::lab) fn name(&self, names: &Names) -> io::Result<()> {
        fs::write(self.folder.join(NAMES), serde_json::to_vec(names)?)
    }

    /// The digest that a name stands for.
    pub(super) fn digest_of(&self, name: &str) -> Option<String> {
        let names: Names = serde_json::from_slice(&fs::read(self.folder.join(NAMES)).ok()?).ok()?;
        names.get(name).cloned()
    }

    /// The file of a blob; none for what is no digest, or not there.
    pub(super) fn blob(&self, digest: &str) -> Option<PathBuf> {
        let digits = digest.strip_prefix("sha256:")?;
        let is_digest = digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_digest.then(|| self.folder.join("blobs/sha256").join(digits)).filter(|path| path.is_file())
    }

    pub(super) fn add_json(&self, value: &Value) -> io::Result<Blob> {
        self.add(|out| out.write_all(value.to_string().as_bytes()))
    }

    /// Adds what is written, aside until its digest is known.
    pub(super) fn add(&self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<Blob> {
        let mut out = Digesting { file: BufWriter::new(NamedTempFile::new_in(&self.folder)?), digest: Sha256::new(), size: 0 };
        write(&mut out)?;
        let digits = hex(out.digest.finalize().as_slice());
        out.file.into_inner().map_err(io::IntoInnerError::into_error)?.persist(self.folder.join("blobs/sha256").join(&digits))?;
        Ok(Blob { digest: format!("sha256:{digits}"), size: out.size })
    }
}

struct Digesting {
    file: BufWriter<NamedTempFile>,
    digest: Sha256,
    size: u64,
}

impl Write for Digesting {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.digest.update(&bytes[..written]);
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

pub(super) fn manifest(config: &Blob, layers: &[Blob]) -> Value {
    let descriptor = |kind: &str, blob: &Blob| json!({"mediaType": kind, "digest": blob.digest, "size": blob.size});
    json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": descriptor("application/vnd.oci.image.config.v1+json", config),
        "layers": layers.iter().map(|layer| descriptor("application/vnd.oci.image.layer.v1.tar", layer)).collect::<Vec<_>>(),
    })
}

/// The files as a tar, with the folders that lead to them, and a `/tmp` that everybody may write.
fn write_layer(out: &mut dyn Write, contents: &BTreeMap<String, Content>) -> io::Result<()> {
    let mut layer = Builder::new(out);
    layer.append_data(&mut header(EntryType::Directory, 0, 0o1777), "tmp/", io::empty())?;
    let mut folders = BTreeSet::from(["tmp".to_owned()]);
    for (path, content) in contents {
        let path = path.trim_start_matches('/');
        for (at, _) in path.match_indices('/') {
            if folders.insert(path[..at].to_owned()) {
                layer.append_data(&mut header(EntryType::Directory, 0, 0o755), format!("{}/", &path[..at]), io::empty())?;
            }
        }
        match content {
            Content::Text { text, executable } => {
                layer.append_data(&mut header(EntryType::Regular, text.len() as u64, mode(*executable)), path, text.as_bytes())?;
            }
            Content::Link(target) => layer.append_link(&mut header(EntryType::Symlink, 0, 0o777), path, target)?,
            Content::File { from, executable } => {
                let file = File::open(from).map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", from.display())))?;
                let size = file.metadata()?.len();
                layer.append_data(&mut header(EntryType::Regular, size, mode(*executable)), path, file.take(size))?;
            }
        }
    }
    layer.finish()
}

const fn mode(executable: bool) -> u32 {
    if executable { 0o755 } else { 0o644 }
}

fn header(kind: EntryType, size: u64, mode: u32) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(mode);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header
}

/// As OCI images name it, which is Go's way.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_content_gives_an_equal_digest() {
        let folder = tempfile::tempdir().expect("a folder");
        let recipe = Recipe::of_program("a:1", "/bin/a", "a");
        let contents = [
            ("/usr/share/a/text".to_owned(), Content::Text { text: "b".to_owned(), executable: false }),
            ("/usr/share/a/link".to_owned(), Content::Link("text".to_owned())),
        ]
        .into();
        let [one, two] = ["one", "two"].map(|name| {
            let store = Store::open(&folder.path().join(name)).expect("a store");
            store.add_recipe(&recipe, &contents).expect("an image")
        });
        assert_eq!(one, two);

        let store = Store::open(&folder.path().join("one")).expect("a store");
        let manifest = store.blob(&one["docker.io/library/a:1"]).expect("a manifest");
        let manifest: Value = serde_json::from_slice(&fs::read(manifest).expect("its bytes")).expect("JSON");
        let layer = store.blob(manifest["layers"][0]["digest"].as_str().expect("a digest")).expect("a layer");
        let mut layer = tar::Archive::new(File::open(layer).expect("a file"));
        let paths = layer.entries().expect("entries").map(|entry| entry.expect("one").path().expect("a path").display().to_string());
        assert_eq!(paths.collect::<Vec<_>>(), ["tmp/", "usr/", "usr/share/", "usr/share/a/", "usr/share/a/link", "usr/share/a/text"]);
        assert!(store.blob("sha256:../../names.json").is_none());
    }
}
