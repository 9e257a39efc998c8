//! Where k3s is.

use std::path::{Path, PathBuf};

use crate::diag::{Error, Result};
use crate::lab::nodes::programs::Base;
use crate::lab::nodes::start::hidden;
use crate::process::Places;

/// What a lab of k3s runs.
pub(in crate::lab::nodes) struct K3s {
    pub base: Base,
    /// k3s' own file. It brings containerd, runc, the CNI plugins and iptables along (docs.k3s.io/advanced).
    pub binary: PathBuf,
}

const NAME: &str = "k3s";

/// Where k3s' installer puts it, which is not in every PATH.
const FOLDERS: [&str; 2] = ["/usr/local/bin", "/opt/bin"];

impl K3s {
    /// Finds it, and what makes namespaces.
    ///
    /// # Errors
    /// An environment error that says what is missing and how to get it.
    pub(in crate::lab::nodes) fn find(places: &Places, manifestgen: PathBuf) -> Result<Self> {
        let binary = find_in(places, &FOLDERS.map(Path::new))?;
        Ok(Self { base: Base::find(places, manifestgen, &[])?, binary })
    }
}

fn find_in(places: &Places, folders: &[&Path]) -> Result<PathBuf> {
    let elsewhere = || folders.iter().map(|folder| folder.join(NAME)).find(|path| path.is_file());
    let found = places.find(NAME).or_else(elsewhere).and_then(|path| path.canonicalize().ok());
    let path = found.ok_or_else(|| {
        let folders: Vec<_> = folders.iter().map(|folder| folder.display().to_string()).collect();
        Error::environment("a lab of k3s needs the program `k3s`, which is not there")
            .caused_by(format!("it is neither in the folder of `--assets` nor in PATH, nor in {}", folders.join(" or ")))
            .hint("k3s' releases (github.com/k3s-io/k3s/releases) are one static file: name it `k3s`, and its folder with `--assets`")
            .hint("`--engine kubernetes` has the same nodes with Kubernetes' own programs")
    })?;
    match hidden(&path) {
        Some(place) => Err(Error::environment(format!("nodes cannot see `{}`: each has a `{place}` of its own", path.display()))
            .hint("copy it to another folder, and name that with `--assets`")),
        None => Ok(path),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn folder_with(mode: u32) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(NAME);
        fs::write(&path, "#!/bin/sh\n").expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("its mode");
        folder
    }

    #[test]
    fn assets_come_before_the_installers_folders() {
        let (assets, installed) = (folder_with(0o755), folder_with(0o755));
        let places = Places { assets: Some(assets.path().to_owned()), ..Places::default() };
        let whole = |folder: &tempfile::TempDir| folder.path().join(NAME).canonicalize().expect("a file");
        assert_eq!(find_in(&places, &[installed.path()]).expect("found"), whole(&assets));
        assert_eq!(find_in(&Places::default(), &[installed.path()]).expect("found"), whole(&installed));
    }

    #[test]
    fn one_that_is_missing_is_said_with_the_ways_out() {
        let error = find_in(&Places::default(), &[Path::new("/nowhere")]).expect_err("none");
        assert_eq!(error.kind.exit_code(), 3);
        assert_eq!(error.message, "a lab of k3s needs the program `k3s`, which is not there");
        assert!(error.source.as_ref().is_some_and(|cause| cause.to_string().ends_with("in PATH, nor in /nowhere")), "{error:?}");
        assert!(error.hints[0].contains("`--assets`") && error.hints[1].contains("`--engine kubernetes`"), "{:?}", error.hints);
    }
}
