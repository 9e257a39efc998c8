//! Manifests given by path: files, folders, standard input.

use std::fs;
use std::path::{Path, PathBuf};

use crate::config::ConfigFile;
use crate::diag::{Error, Finding, Result};
use crate::manifest::{Manifests, Release, ReleaseBuilder};
use crate::source::Sources;

/// Manifests with the texts that they were read from.
#[derive(Debug)]
pub(super) struct ManifestFiles {
    manifests: Manifests,
    sources: Sources,
}

impl ManifestFiles {
    /// Reads files, folders (recursively, `*.yaml`, `*.yml` and `*.json`, by name) and `-`.
    pub(super) fn read(paths: &[PathBuf]) -> Result<Self> {
        let mut files = Vec::new();
        for path in paths {
            collect(path, true, &mut files)?;
        }
        let mut read = Self { manifests: Manifests::default(), sources: Sources::new() };
        for path in &files {
            let file = ConfigFile::read_manifests(path)?;
            let id = read.sources.add(file.name, file.text);
            read.manifests.add(id, &read.sources);
        }
        Ok(read)
    }

    /// What is not an object at all.
    pub(super) fn take_findings(&mut self) -> Vec<Finding> {
        std::mem::take(&mut self.manifests.findings)
    }

    /// The objects in the order in which they can be created.
    pub(super) fn release(&self) -> Release {
        let objects = self.manifests.objects.iter().map(|read| read.object.clone()).collect();
        ReleaseBuilder { objects, ..ReleaseBuilder::default() }.finish("files")
    }

    /// Gives findings about objects their place in the files.
    pub(super) fn locate(&self, findings: &mut [Finding]) {
        for finding in findings.iter_mut().filter(|finding| finding.location.is_none()) {
            let Some(reference) = &finding.object else { continue };
            let Some(read) = self.manifests.objects.iter().find(|read| read.object.reference() == *reference) else { continue };
            let pointer = finding.path.as_deref().unwrap_or("");
            // A field that should not be there is wrong by its name, any other by its value.
            let span = if finding.rule == "schema/unknown-field" { read.key_span(pointer) } else { read.span(pointer) };
            finding.location = Some(self.sources.locate(span));
        }
    }
}

fn collect(path: &Path, named: bool, files: &mut Vec<PathBuf>) -> Result<()> {
    if path == Path::new("-") || !path.is_dir() {
        if named || path.extension().is_some_and(|extension| ["yaml", "yml", "json"].iter().any(|known| extension == *known)) {
            files.push(path.to_owned());
        }
        return Ok(());
    }
    let cannot_list = |cause| Error::environment(format!("the folder `{}` cannot be read", path.display())).caused_by(cause);
    let mut entries: Vec<PathBuf> =
        fs::read_dir(path).and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect()).map_err(cannot_list)?;
    entries.sort();
    for entry in entries {
        // A link to a folder could lead back here.
        if !entry.is_symlink() || !entry.is_dir() {
            collect(&entry, false, files)?;
        }
    }
    Ok(())
}
