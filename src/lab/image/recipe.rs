//! What an image is made of.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

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
    /// A program of this machine, with the shared libraries that it needs as `ldd` names them.
    System {
        /// Its name, `git`, or its whole path.
        system: String,
    },
    /// A symbolic link.
    Link {
        /// What it leads to.
        link: String,
    },
    /// A text.
    Text {
        /// The text.
        text: String,
        /// Whether it may be run.
        #[serde(default)]
        executable: bool,
    },
}

/// A file of an image, found.
pub(in crate::lab) enum Content {
    File { from: PathBuf, executable: bool },
    Link(String),
    Text { text: String, executable: bool },
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
                "it has `image`, `entrypoint` and `files`; a file is `{program: NAME}`, `{system: NAME}`, `{copy: PATH, executable: true}`, \
                 `{link: TARGET}` or `{text: TEXT}`",
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

    /// Where the content of each file is, by its path in the image. Shared libraries join the recipe's own files.
    pub(in crate::lab) fn contents(&self, places: &Places) -> Result<BTreeMap<String, Content>> {
        let mut contents = BTreeMap::new();
        for (path, file) in &self.files {
            let content = match file {
                ImageFile::Program { program } => Content::File { from: self.program(program, places)?, executable: true },
                ImageFile::System { system } => {
                    let from = self.program(system, places)?;
                    for library in libraries(&from)? {
                        let path = library.to_string_lossy().into_owned();
                        contents.insert(path, Content::File { from: library, executable: true });
                    }
                    Content::File { from, executable: true }
                }
                ImageFile::Copy { copy, executable } => Content::File { from: copy.clone(), executable: *executable },
                ImageFile::Link { link } => Content::Link(link.clone()),
                ImageFile::Text { text, executable } => Content::Text { text: text.clone(), executable: *executable },
            };
            contents.insert(path.clone(), content);
        }
        Ok(contents)
    }

    fn program(&self, name: &str, places: &Places) -> Result<PathBuf> {
        let found = if name.starts_with('/') { Some(PathBuf::from(name)).filter(|path| path.is_file()) } else { places.find(name) };
        found.ok_or_else(|| {
            Error::environment(format!("the image `{}` needs the program `{name}`, which is not there", self.image))
                .hint("`tests/toolchain/build` in a checkout of manifestgen makes all static programs of its own recipes")
        })
    }
}

/// The files that the dynamic linker loads for a program of this machine.
fn libraries(program: &Path) -> Result<Vec<PathBuf>> {
    let cannot = || Error::environment(format!("cannot find the shared libraries of `{}`", program.display()));
    let output = Command::new("ldd").arg(program).output().map_err(|cause| cannot().caused_by(cause))?;
    if !output.status.success() {
        return Err(cannot().caused_by(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
    }
    // `libc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x…)`, and the linker itself without a name before it.
    let text = String::from_utf8_lossy(&output.stdout);
    let path = |line: &str| line.split_whitespace().find(|word| word.starts_with('/')).map(PathBuf::from);
    Ok(text.lines().filter_map(path).collect())
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
             /lib/c: {copy: c}\n  /bin/d: {system: d}\n  \
             /bin/e: {link: a}\n",
        )
        .expect("a recipe");
        assert_eq!(recipe.files["/bin/a"], ImageFile::Program { program: "a".to_owned() });
        assert_eq!(recipe.files["/bin/d"], ImageFile::System { system: "d".to_owned() });
        assert_eq!(recipe.files["/bin/e"], ImageFile::Link { link: "a".to_owned() });
        assert!(matches!(&recipe.files["/lib/c"], ImageFile::Copy { copy, executable: false } if copy.is_absolute()));
    }

    #[test]
    fn a_program_of_the_machine_comes_with_its_libraries() {
        let mut recipe = Recipe::of_program("example.com/a:1", "/bin/sh", "");
        recipe.files.insert("/bin/sh".to_owned(), ImageFile::System { system: "/bin/sh".to_owned() });
        let contents = recipe.contents(&Places::default()).expect("contents");
        assert!(contents.keys().any(|path| path.contains("libc.so")), "{:?}", contents.keys());
        recipe.files.insert("/bin/no".to_owned(), ImageFile::System { system: "no-such-program".to_owned() });
        let Err(error) = recipe.contents(&Places::default()) else { panic!("found") };
        assert!(error.message.contains("`no-such-program`"), "{error}");
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
