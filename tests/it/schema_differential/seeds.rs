//! The valid objects that mutants are made of, and the definitions of their kinds.

use std::fs;
use std::path::Path;

use manifestgen::data::embedded_crds;
use manifestgen::source::Sources;
use manifestgen::yaml;
use serde_json::Value;

/// Objects of one origin.
pub(crate) struct Set {
    /// `built-in` or `custom`.
    pub(crate) name: &'static str,
    /// Valid objects; several of a kind show different sides of it.
    pub(crate) objects: Vec<Value>,
}

/// Objects of built-in kinds, and of custom ones.
pub(crate) fn sets() -> [Set; 2] {
    [Set { name: "built-in", objects: read("kinds") }, Set { name: "custom", objects: read("custom") }]
}

/// The definitions that a server needs for the custom kinds: those that are embedded, and those of `fixtures/definitions`.
pub(crate) fn definitions() -> Vec<Value> {
    let embedded = embedded_crds().iter().map(|crd| serde_json::from_str(crd.json).expect("JSON of our own"));
    embedded.chain(own_definitions()).collect()
}

/// Definitions that are not embedded: they are made to show what a definition can say.
pub(crate) fn own_definitions() -> Vec<Value> {
    read("definitions")
}

/// The documents of a folder of fixtures, files by name.
pub(crate) fn read(folder: &str) -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(folder);
    let mut paths: Vec<_> = fs::read_dir(folder).expect("fixtures").map(|entry| entry.expect("an entry").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    paths.sort();
    paths.iter().flat_map(|path| documents(path).expect("valid YAML")).collect()
}

/// The documents of a file; nothing where it cannot be read.
pub(crate) fn documents(path: &Path) -> Option<Vec<Value>> {
    let mut sources = Sources::new();
    let source = sources.add(path.display().to_string(), fs::read_to_string(path).ok()?);
    let documents = yaml::parse(source, &sources.get(source).text, yaml::Limits::MANIFESTS).ok()?;
    Some(documents.iter().map(yaml::Node::to_json).collect())
}
