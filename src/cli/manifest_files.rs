//! Manifests given by path: files, folders, standard input.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::config::ConfigFile;
use crate::diag::{Error, Finding, Result, Severity};
use crate::manifest::{Manifests, OTHER_CONTENT, Object, Release, ReleaseBuilder};
use crate::source::Sources;

use super::object_numbers::ObjectNumbers;

/// Manifests with the texts that they were read from.
#[derive(Debug)]
pub(super) struct ManifestFiles {
    manifests: Manifests,
    sources: Sources,
}

impl ManifestFiles {
    /// Reads files, folders (recursively, `*.yaml`, `*.yml` and `*.json`, by name, nothing hidden) and `-`.
    pub(super) fn read(paths: &[PathBuf]) -> Result<Self> {
        let mut files = Vec::new();
        for path in paths {
            collect(path, true, &mut files)?;
        }
        let mut sources = Sources::new();
        let mut named = HashSet::new();
        for path in &files {
            let file = ConfigFile::read_manifests(path)?;
            if paths.contains(path) {
                named.insert(file.name.clone());
            }
            sources.add(file.name, file.text);
        }
        let mut manifests = Manifests::read(&sources);
        // A repository has other YAML too: what nobody named may be it.
        for finding in manifests.findings.iter_mut().filter(|finding| finding.rule == OTHER_CONTENT) {
            if finding.location.as_ref().is_some_and(|location| !named.contains(&location.file)) {
                finding.severity = Severity::Warning;
                finding.hint = None;
            }
        }
        Ok(Self { manifests, sources })
    }

    /// What is not an object at all.
    pub(super) fn take_findings(&mut self) -> Vec<Finding> {
        std::mem::take(&mut self.manifests.findings)
    }

    /// What keeps the whole from being applied: the same, and objects without a name of their own.
    pub(super) fn take_obstacles(&mut self) -> Vec<Finding> {
        let mut findings = self.take_findings();
        findings.extend(self.manifests.not_applicable(&self.sources));
        findings
    }

    /// The objects in the order of the texts.
    pub(super) fn objects(&self) -> &[Object] {
        &self.manifests.objects
    }

    /// The objects in the order in which they can be created.
    pub(super) fn release(&self) -> Release {
        ReleaseBuilder { objects: self.manifests.objects.clone(), ..ReleaseBuilder::default() }.finish("files")
    }

    /// Gives findings about objects their place in the files.
    pub(super) fn locate(&self, findings: &mut [Finding]) {
        let mut numbers = ObjectNumbers::new(self.objects());
        let unplaced = findings.iter_mut().filter(|finding| finding.location.is_none());
        let mut numbered: Vec<(usize, &mut Finding)> = unplaced.filter_map(|finding| Some((numbers.of(finding)?, finding))).collect();
        // Each document is then read once.
        numbered.sort_by_key(|(number, _)| *number);
        let mut places = self.manifests.places(&self.sources);
        for (number, finding) in numbered {
            let pointer = finding.path.as_deref().unwrap_or("");
            // A field that should not be there is wrong by its name, any other by its value.
            let span = match finding.rule.as_str() {
                "schema/unknown-field" => places.key_span(number, pointer),
                _ => places.span(number, pointer),
            };
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
        let hidden = entry.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        // A link to a folder could lead back here.
        if !hidden && (!entry.is_symlink() || !entry.is_dir()) {
            collect(&entry, false, files)?;
        }
    }
    Ok(())
}
