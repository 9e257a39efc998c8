//! What an image is made of.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::diag::{Error, Result};
use crate::process::Places;
use crate::source::Sources;
use crate::yaml::{self, Limits};

/// The file that makes a folder a recipe.
const FILE: &str = "image.yaml";

/// An image of one layer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Recipe {
    /// The whole reference, with registry and tag, as manifests name it: `docker.io/headscale/headscale:0.29.0`.
    pub image: String,
    /// Files by their absolute paths in the image.
    pub files: BTreeMap<String, ImageFile>,
    /// The program that runs, with its first arguments.
    pub entrypoint: Vec<String>,
    /// The user that it runs as, `65532:65532`; by default root.
    #[serde(default)]
    pub user: Option<String>,
    /// Variables of its environment.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
}

/// A file of an image.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", untagged, deny_unknown_fields)]
pub enum ImageFile {
    /// A real part, by its name: a static binary in PATH or the project's cache.
    Program {
        /// The name, `headscale-0.29`.
        program: String,
    },
    /// A file beside the recipe.
    Copy {
        /// Its path in the recipe's folder.
        copy: PathBuf,
        /// Whether it may be run.
        #[serde(default)]
        executable: bool,
    },
    /// A text.
    Text {
        /// The text.
        text: String,
    },
}

/// A file of an image, found.
pub(in crate::lab) enum Content {
    File { from: PathBuf, executable: bool },
    Text(String),
}

impl Recipe {
    /// Reads the recipe in a folder.
    ///
    /// # Errors
    /// Usage errors: no file `image.yaml`, no YAML, or no recipe.
    pub fn read(folder: &Path) -> Result<Self> {
        let path = folder.join(FILE);
        let cannot = |what: &str| Error::usage(format!("`{}` {what}", path.display()));
        let text = std::fs::read_to_string(&path).map_err(|cause| cannot("cannot be read").caused_by(cause))?;
        let mut sources = Sources::new();
        let source = sources.add(path.display().to_string(), &text);
        let documents = yaml::parse(source, &text, Limits::CONFIG).map_err(|_| cannot("is not YAML"))?;
        let [document] = documents.as_slice() else { return Err(cannot("is not one YAML document")) };
        let mut recipe: Self = serde_path_to_error::deserialize(document.to_json()).map_err(|cause| {
            cannot("is not a recipe of an image").caused_by(cause).hint(
                "it has `image`, `entrypoint` and `files`; a file is `{program: NAME}`, `{copy: PATH, executable: true}` or `{text: TEXT}`",
            )
        })?;
        for file in recipe.files.values_mut() {
            if let ImageFile::Copy { copy, .. } = file {
                *copy = folder.join(&*copy);
            }
        }
        recipe.check().map_err(|problem| cannot(&problem))?;
        Ok(recipe)
    }

    fn check(&self) -> std::result::Result<(), String> {
        let relative = |path: &&String| !path.starts_with('/') || path.split('/').any(|part| part == "..");
        if let Some(path) = self.files.keys().find(relative) {
            return Err(format!("has a file `{path}`, which is not an absolute path"));
        }
        if self.entrypoint.is_empty() {
            return Err("has no entrypoint".to_owned());
        }
        Ok(())
    }

    /// An image with one static program in it.
    #[must_use]
    pub fn of_program(image: &str, path: &str, program: &str) -> Self {
        let files = [(path.to_owned(), ImageFile::Program { program: program.to_owned() })].into();
        Self { image: image.to_owned(), files, entrypoint: vec![path.to_owned()], user: None, environment: BTreeMap::new() }
    }

    /// Where the content of each file is.
    pub(in crate::lab) fn contents(&self, places: &Places) -> Result<Vec<(String, Content)>> {
        let content = |file: &ImageFile| match file {
            ImageFile::Program { program } => places
                .find(program)
                .map(|from| Content::File { from, executable: true })
                .ok_or_else(|| Error::environment(format!("the image `{}` needs the program `{program}`, which is not there", self.image)))
                .map_err(|error| error.hint("`tests/toolchain/build` in a checkout of manifestgen makes all programs of its own recipes")),
            ImageFile::Copy { copy, executable } => Ok(Content::File { from: copy.clone(), executable: *executable }),
            ImageFile::Text { text } => Ok(Content::Text(text.clone())),
        };
        self.files.iter().map(|(path, file)| Ok((path.clone(), content(file)?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Recipe> {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join(FILE), text).expect("a recipe");
        Recipe::read(folder.path())
    }

    #[test]
    fn a_recipe_names_its_files() {
        let recipe = read(
            "image: example.com/a:1\nentrypoint: [/bin/a]\nuser: '65532'\nfiles:\n  /bin/a: {program: a}\n  /etc/a: {text: b}\n  \
             /lib/c: {copy: c}\n",
        )
        .expect("a recipe");
        assert_eq!(recipe.files["/bin/a"], ImageFile::Program { program: "a".to_owned() });
        assert!(matches!(&recipe.files["/lib/c"], ImageFile::Copy { copy, executable: false } if copy.is_absolute()));
    }

    #[test]
    fn a_mistake_is_told_with_the_file() {
        for (text, said) in [
            ("image: a\nentrypoint: [/a]\nfiles: {../a: {text: b}}\n", "which is not an absolute path"),
            ("image: a\nentrypoint: []\nfiles: {}\n", "has no entrypoint"),
            ("image: a\nentrypont: [/a]\nfiles: {}\n", "is not a recipe of an image"),
            ("- a: [\n", "is not YAML"),
        ] {
            let error = read(text).expect_err("a mistake");
            assert!(error.message.contains("image.yaml` ") && error.message.contains(said), "{error}");
            assert_eq!(error.kind.exit_code(), 2);
        }
    }
}
