//! Archives of images: a tar of the OCI image layout, or what `docker save` writes.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use serde_json::Value;

use super::name::whole;
use super::store::{Blob, Names, Store, manifest};

/// Adds all images of an archive to a store.
pub(super) fn add(store: &Store, path: &Path) -> io::Result<Names> {
    let mut file = File::open(path)?;
    let mut start = [0; 2];
    if file.read(&mut start)? == 2 && start == [0x1f, 0x8b] {
        return Err(invalid("it is compressed: `gunzip` it before"));
    }
    let unpacked = tempfile::tempdir()?;
    // It writes nothing outside of the folder, whatever the names in the archive are.
    tar::Archive::new(File::open(path)?).unpack(unpacked.path())?;
    let names = match read_json(&unpacked.path().join("index.json")) {
        Ok(index) => add_layout(store, unpacked.path(), &index)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Names::new(),
        Err(error) => return Err(error),
    };
    let names = if names.is_empty() { add_docker(store, unpacked.path())? } else { names };
    if names.is_empty() { Err(invalid("no image in it has a name")) } else { Ok(names) }
}

fn invalid(problem: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, problem)
}

fn read_json(path: &Path) -> io::Result<Value> {
    Ok(serde_json::from_slice(&fs::read(path)?)?)
}

/// The OCI image layout (`image-layout.md`). Containerd's tools write whole names, others only the tag, which names nothing.
fn add_layout(store: &Store, folder: &Path, index: &Value) -> io::Result<Names> {
    let mut names = Names::new();
    for entry in index["manifests"].as_array().into_iter().flatten() {
        let annotation = |key: &str| entry["annotations"][key].as_str();
        let reference = annotation("io.containerd.image.name")
            .or_else(|| annotation("org.opencontainers.image.ref.name").filter(|name| name.contains(['/', ':'])));
        if let (Some(reference), Some(digest)) = (reference, entry["digest"].as_str()) {
            names.insert(whole(reference), digest.to_owned());
        }
    }
    if names.is_empty() {
        return Ok(names);
    }
    for blob in fs::read_dir(folder.join("blobs/sha256"))? {
        let blob = blob?;
        let added = add_file(store, &blob.path())?;
        if Some(added.digest.trim_start_matches("sha256:")) != blob.file_name().to_str() {
            return Err(invalid(&format!("the blob `{}` has another digest", blob.file_name().display())));
        }
    }
    Ok(names)
}

/// The older form, in which `manifest.json` names the configuration and the layers of each image.
fn add_docker(store: &Store, folder: &Path) -> io::Result<Names> {
    let images = read_json(&folder.join("manifest.json")).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => invalid("it has neither `index.json` nor `manifest.json`"),
        _ => error,
    })?;
    let file = |value: &Value| match value.as_str() {
        Some(path) if !path.starts_with('/') && path.split('/').all(|part| part != "..") => add_file(store, &folder.join(path)),
        _ => Err(invalid("`manifest.json` names a file outside of it")),
    };
    let mut names = Names::new();
    for image in images.as_array().into_iter().flatten() {
        let config = file(&image["Config"])?;
        let layers = image["Layers"].as_array().into_iter().flatten().map(file).collect::<io::Result<Vec<_>>>()?;
        let digest = store.add_json(&manifest(&config, &layers))?.digest;
        names.extend(image["RepoTags"].as_array().into_iter().flatten().filter_map(|tag| Some((whole(tag.as_str()?), digest.clone()))));
    }
    Ok(names)
}

fn add_file(store: &Store, path: &Path) -> io::Result<Blob> {
    let mut file = File::open(path)?;
    store.add(|out| io::copy(&mut file, out).map(|_| ()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::lab::image::Recipe;
    use crate::lab::image::recipe::Content;

    fn tar_of(folder: &Path, to: &Path) {
        let mut archive = tar::Builder::new(File::create(to).expect("a file"));
        archive.append_dir_all(".", folder).expect("added");
        archive.finish().expect("finished");
    }

    fn added(from: &Path) -> io::Result<Names> {
        let place = tempfile::tempdir().expect("a folder");
        let archive = place.path().join("archive.tar");
        tar_of(from, &archive);
        let store = Store::open(&place.path().join("store")).expect("a store");
        let names = add(&store, &archive)?;
        assert!(names.values().all(|digest| store.blob(digest).is_some()));
        Ok(names)
    }

    #[test]
    fn both_forms_are_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path()).expect("a store");
        let contents = BTreeMap::from([("/a".to_owned(), Content::Text { text: "b".to_owned(), executable: false })]);
        let names = store.add_recipe(&Recipe::of_program("example.com/a:1", "/a", "a"), &contents).expect("an image");
        let digest = &names["example.com/a:1"];
        let entry = serde_json::json!({"digest": digest, "annotations": {"io.containerd.image.name": "example.com/a:1"}});
        fs::write(folder.path().join("index.json"), serde_json::json!({"manifests": [entry]}).to_string()).expect("written");
        assert_eq!(added(folder.path()).expect("names"), names);

        let blobs = folder.path().join("blobs/sha256");
        fs::write(blobs.join("0".repeat(64)), "other").expect("written");
        assert!(added(folder.path()).expect_err("wrong").to_string().contains("has another digest"));

        let docker = tempfile::tempdir().expect("a folder");
        fs::create_dir(docker.path().join("l")).expect("a folder");
        fs::write(docker.path().join("c.json"), "{}").expect("written");
        fs::write(docker.path().join("l/layer.tar"), "").expect("written");
        let manifest = r#"[{"Config": "c.json", "RepoTags": ["a:1"], "Layers": ["l/layer.tar"]}]"#;
        fs::write(docker.path().join("manifest.json"), manifest).expect("written");
        assert_eq!(added(docker.path()).expect("names").into_keys().collect::<Vec<_>>(), ["docker.io/library/a:1"]);
        fs::write(docker.path().join("manifest.json"), manifest.replace("c.json", "../c.json")).expect("written");
        assert!(added(docker.path()).expect_err("wrong").to_string().contains("outside of it"));
    }

    #[test]
    fn what_is_no_archive_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("a"), "a").expect("written");
        assert!(added(folder.path()).expect_err("wrong").to_string().contains("neither"));
    }
}
