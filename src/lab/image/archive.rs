//! An image as one file: a tar of the OCI image layout (github.com/opencontainers/image-spec, `image-layout.md`).

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, Write};
use std::path::Path;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tar::{Builder, EntryType, Header};

use super::recipe::{Content, Recipe};
use crate::manifest::hex;

/// Writes the archive of a recipe. Equal content gives equal bytes.
pub(in crate::lab) fn write_archive(recipe: &Recipe, contents: &[(String, Content)], to: &Path) -> io::Result<()> {
    let mut layer = layer(contents)?;
    let layer_digest = digest(&mut layer)?;
    let layer_size = layer.metadata()?.len();
    let environment: Vec<String> = recipe.environment.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let config = json!({
        "architecture": architecture(),
        "os": "linux",
        "config": {"Entrypoint": recipe.entrypoint, "User": recipe.user.as_deref().unwrap_or_default(), "Env": environment},
        "rootfs": {"type": "layers", "diff_ids": [layer_digest]},
    })
    .to_string();
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": descriptor("application/vnd.oci.image.config.v1+json", &config),
        "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": layer_digest, "size": layer_size}],
    })
    .to_string();
    let mut entry = descriptor("application/vnd.oci.image.manifest.v1+json", &manifest);
    // containerd takes the image's name from here.
    entry["annotations"] = json!({"io.containerd.image.name": recipe.image});
    let index = json!({"schemaVersion": 2, "manifests": [entry]}).to_string();

    let mut archive = Builder::new(BufWriter::new(File::create(to)?));
    append(&mut archive, "oci-layout", br#"{"imageLayoutVersion":"1.0.0"}"#)?;
    append(&mut archive, "index.json", index.as_bytes())?;
    for blob in [&config, &manifest] {
        append(&mut archive, &format!("blobs/sha256/{}", hex(Sha256::digest(blob).as_slice())), blob.as_bytes())?;
    }
    layer.rewind()?;
    let name = format!("blobs/{}", layer_digest.replacen(':', "/", 1));
    archive.append_data(&mut header(EntryType::Regular, layer_size, 0o644), name, &mut layer)?;
    archive.into_inner()?.flush()
}

/// The files as a tar, with the folders that lead to them, and a `/tmp` that everybody may write.
fn layer(contents: &[(String, Content)]) -> io::Result<File> {
    let mut layer = Builder::new(BufWriter::new(tempfile::tempfile()?));
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
            Content::Text(text) => append(&mut layer, path, text.as_bytes())?,
            Content::File { from, executable } => {
                let file = File::open(from).map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", from.display())))?;
                let mode = if *executable { 0o755 } else { 0o644 };
                layer.append_data(&mut header(EntryType::Regular, file.metadata()?.len(), mode), path, file)?;
            }
        }
    }
    layer.into_inner()?.into_inner().map_err(io::IntoInnerError::into_error)
}

fn append<W: Write>(archive: &mut Builder<W>, path: &str, content: &[u8]) -> io::Result<()> {
    archive.append_data(&mut header(EntryType::Regular, content.len() as u64, 0o644), path, content)
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

fn descriptor(kind: &str, content: &str) -> Value {
    json!({"mediaType": kind, "digest": format!("sha256:{}", hex(Sha256::digest(content).as_slice())), "size": content.len()})
}

fn digest(file: &mut File) -> io::Result<String> {
    file.rewind()?;
    let mut digest = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok(format!("sha256:{}", hex(digest.finalize().as_slice())));
        }
        digest.update(&buffer[..read]);
    }
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
    fn equal_content_gives_equal_bytes() {
        let folder = tempfile::tempdir().expect("a folder");
        let recipe = Recipe::of_program("example.com/a:1", "/bin/a", "a");
        let contents = [("/usr/share/a/text".to_owned(), Content::Text("b".to_owned()))];
        let archives = ["one", "two"].map(|name| {
            write_archive(&recipe, &contents, &folder.path().join(name)).expect("an archive");
            std::fs::read(folder.path().join(name)).expect("its bytes")
        });
        assert_eq!(archives[0], archives[1]);
        let mut archive = tar::Archive::new(archives[0].as_slice());
        let names: Vec<_> =
            archive.entries().expect("entries").map(|entry| entry.expect("one").path().expect("a path").display().to_string()).collect();
        assert_eq!(names[..2], ["oci-layout", "index.json"]);
        assert_eq!(names.len(), 5);
    }
}
