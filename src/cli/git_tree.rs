//! Files as they were at a git revision.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::diag::{Error, Result};

/// A folder that stands for the current one at a git revision. It is gone with this value.
///
/// Git writes into it with an index of its own, so that the repository stays as it is.
pub(super) struct GitTree {
    scratch: tempfile::TempDir,
    below: PathBuf,
}

impl GitTree {
    /// Checks out what is needed to read these paths: their folders, or the current one.
    ///
    /// # Errors
    /// Wrong usage: no repository, no such revision, no such path in it.
    pub(super) fn check_out(revision: &str, paths: &[&Path]) -> Result<Self> {
        if let Some(outside) = paths.iter().find(|path| path.is_absolute() || **path == Path::new("-")) {
            return Err(Error::usage(format!("`{}` has no place in a git revision", outside.display()))
                .hint("name it relative to the current folder, inside of the repository"));
        }
        let prefix = text(&git(&["rev-parse", "--show-prefix"], &[])?);
        // `--end-of-options`: a revision must not be taken for an option.
        let verified = format!("{revision}^{{commit}}");
        let commit = text(
            &git(&["rev-parse", "--verify", "--quiet", "--end-of-options", &verified], &[])
                .map_err(|_| Error::usage(format!("git knows no revision `{revision}`")).hint("`git log --oneline` lists them"))?,
        );
        let scratch = tempfile::tempdir().map_err(|cause| Error::environment("cannot make a scratch folder").caused_by(cause))?;
        let (index, tree) = (scratch.path().join("index"), scratch.path().join("tree"));
        std::fs::create_dir(&tree).map_err(|cause| Error::environment("cannot make a scratch folder").caused_by(cause))?;
        let environment = [("GIT_INDEX_FILE", index.as_path()), ("GIT_WORK_TREE", tree.as_path())];
        git(&["read-tree", &commit], &environment)?;
        git(&["checkout-index", "--all", "--quiet"], &environment)?;
        let below = tree.join(prefix);
        if let Some(missing) = paths.iter().find(|path| !below.join(path).exists()) {
            return Err(Error::usage(format!("git revision `{revision}` has no `{}`", missing.display())));
        }
        Ok(Self { scratch, below })
    }

    /// What the current folder was.
    pub(super) fn folder(&self) -> &Path {
        debug_assert!(self.below.starts_with(self.scratch.path()));
        &self.below
    }
}

fn git(arguments: &[&str], environment: &[(&str, &Path)]) -> Result<Output> {
    let mut command = Command::new("git");
    command.args(arguments).envs(environment.iter().copied());
    if !environment.is_empty() {
        // A work tree from the environment needs the repository named, too.
        let repository = text(&git(&["rev-parse", "--absolute-git-dir"], &[])?);
        command.env("GIT_DIR", repository);
        // From the top of the work tree.
        if let Some((_, tree)) = environment.iter().find(|(name, _)| *name == "GIT_WORK_TREE") {
            command.current_dir(tree);
        }
    }
    let output = command
        .output()
        .map_err(|cause| Error::environment("git cannot be started").caused_by(cause).hint("install git, or name `--old PATH`"))?;
    if output.status.success() {
        return Ok(output);
    }
    Err(Error::usage(format!("git says: {}", String::from_utf8_lossy(&output.stderr).trim()))
        .hint("`--git` is for a config that lies in a git repository"))
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
