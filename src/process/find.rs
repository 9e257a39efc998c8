//! Where real parts (etcd, kube-apiserver, …) are looked for.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use crate::diag::{Error, Result};

/// The folders that are searched for real parts, in this order: `--assets`, `KUBEBUILDER_ASSETS`, `PATH`, the project's cache.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Places {
    /// The folder of `--assets`.
    pub assets: Option<PathBuf>,
    /// The value of `KUBEBUILDER_ASSETS`, which `setup-envtest use -p env` prints.
    pub kubebuilder_assets: Option<PathBuf>,
    /// The value of `PATH`.
    pub path: Option<OsString>,
    /// The folder that `tests/toolchain/build` fills.
    pub cache: Option<PathBuf>,
}

impl Places {
    /// The places of this process' environment, and the folder of `--assets`.
    ///
    /// The cache is `toolchain/bin` in `$MANIFESTGEN_CACHE`, or in `manifestgen` under `$XDG_CACHE_HOME` or `$HOME/.cache`.
    #[must_use]
    pub fn from_environment(assets: Option<PathBuf>) -> Self {
        // An empty variable counts as unset, as the XDG specification says.
        let folder = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let cache = folder("MANIFESTGEN_CACHE")
            .or_else(|| folder("XDG_CACHE_HOME").or_else(|| Some(folder("HOME")?.join(".cache"))).map(|home| home.join("manifestgen")))
            .map(|root| root.join("toolchain/bin"));
        Self { assets, kubebuilder_assets: folder("KUBEBUILDER_ASSETS"), path: std::env::var_os("PATH"), cache }
    }

    /// The program of this name in the first place that has it.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<PathBuf> {
        self.folders().map(|(_, folder)| folder.join(name)).find(|candidate| is_executable(candidate))
    }

    /// Every one of these programs, in the order asked for.
    ///
    /// # Errors
    /// A usage error when `--assets` is no folder; an environment error that names what is missing, where it was looked for, and
    /// the ways to get it.
    pub fn find_all<const N: usize>(&self, names: [&str; N]) -> Result<[PathBuf; N]> {
        if let Some(assets) = self.assets.as_deref().filter(|assets| !assets.is_dir()) {
            return Err(Error::usage(format!("`--assets {}` is not a folder", assets.display()))
                .hint("name the folder that holds the programs `etcd` and `kube-apiserver`"));
        }
        let found = names.map(|name| (name, self.find(name)));
        let missing: Vec<_> = found.iter().filter(|(_, path)| path.is_none()).map(|(name, _)| *name).collect();
        if missing.is_empty() {
            // Every entry is some: that is what `missing` has just counted.
            return Ok(found.map(|(_, path)| path.unwrap_or_default()));
        }
        Err(self.not_found(&missing))
    }

    fn not_found(&self, missing: &[&str]) -> Box<Error> {
        let quoted = missing.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" and ");
        let mut error = Error::environment(format!("cannot find {quoted}; looked in {}", self.searched()))
            .hint("build them from a checkout of manifestgen: `tests/toolchain/build etcd kubernetes`, which fills the cache")
            .hint(
                "or download them: `go run sigs.k8s.io/controller-runtime/tools/setup-envtest@latest use -p path 1.36`, and name the \
                 folder with `--assets` or KUBEBUILDER_ASSETS",
            );
        for (_, folder) in self.folders() {
            for candidate in missing.iter().map(|name| folder.join(name)).filter(|candidate| candidate.exists()) {
                error = error.hint(format!("`{}` is there, but is not an executable file", candidate.display()));
            }
        }
        error
    }

    fn folders(&self) -> impl Iterator<Item = (&'static str, PathBuf)> {
        let path = self.path.as_deref().unwrap_or(OsStr::new(""));
        let assets = self.assets.iter().map(|folder| ("--assets", folder.clone()));
        let kubebuilder = self.kubebuilder_assets.iter().map(|folder| ("KUBEBUILDER_ASSETS", folder.clone()));
        // An empty entry of PATH means the current folder to a shell; nobody means that here.
        let path = std::env::split_paths(path).filter(|folder| !folder.as_os_str().is_empty()).map(|folder| ("PATH", folder));
        let cache = self.cache.iter().map(|folder| ("the cache", folder.clone()));
        assets.chain(kubebuilder).chain(path).chain(cache)
    }

    fn searched(&self) -> String {
        let shown = |label: &str, folder: &Option<PathBuf>| match folder {
            Some(folder) => format!("{label} ({})", folder.display()),
            None => format!("{label} (not set)"),
        };
        [
            shown("--assets", &self.assets),
            shown("KUBEBUILDER_ASSETS", &self.kubebuilder_assets),
            "PATH".to_owned(),
            shown("the cache", &self.cache),
        ]
        .join(", ")
    }
}

fn is_executable(path: &Path) -> bool {
    path.is_file() && rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn folder_with(program: &str, mode: u32) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a scratch folder");
        let file = folder.path().join(program);
        std::fs::write(&file, "#!/bin/sh\n").expect("a program");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).expect("its mode");
        folder
    }

    #[test]
    fn the_four_places_come_in_order() {
        let folders: Vec<_> = (0..4).map(|_| folder_with("etcd", 0o755)).collect();
        let at = |index: usize| folders[index].path().to_owned();
        let mut places = Places { assets: Some(at(0)), kubebuilder_assets: Some(at(1)), path: Some(at(2).into()), cache: Some(at(3)) };
        let mut seen = vec![places.find("etcd")];
        places.assets = None;
        seen.push(places.find("etcd"));
        places.kubebuilder_assets = None;
        seen.push(places.find("etcd"));
        places.path = None;
        seen.push(places.find("etcd"));
        assert_eq!(seen, (0..4).map(|index| Some(at(index).join("etcd"))).collect::<Vec<_>>());
    }

    #[test]
    fn a_place_without_the_program_is_passed_over() {
        let (empty, full) = (tempfile::tempdir().expect("a folder"), folder_with("etcd", 0o755));
        let places = Places { assets: Some(empty.path().to_owned()), cache: Some(full.path().to_owned()), ..Places::default() };
        assert_eq!(places.find_all(["etcd"]).expect("found"), [full.path().join("etcd")]);
    }

    #[test]
    fn what_is_missing_is_named_with_the_two_ways_to_get_it() {
        let folder = folder_with("etcd", 0o644);
        let places = Places { assets: Some(folder.path().to_owned()), ..Places::default() };
        let error = places.find_all(["etcd", "kube-apiserver"]).expect_err("neither is there");
        assert_eq!(error.kind.exit_code(), 3);
        assert!(error.message.starts_with("cannot find `etcd` and `kube-apiserver`; looked in --assets ("), "{error}");
        assert!(error.hints[0].contains("tests/toolchain/build etcd kubernetes"), "{:?}", error.hints);
        assert!(error.hints[1].contains("setup-envtest"), "{:?}", error.hints);
        assert!(error.hints[2].ends_with("/etcd` is there, but is not an executable file"), "{:?}", error.hints);
    }

    #[test]
    fn assets_that_are_no_folder_are_wrong_usage() {
        let places = Places { assets: Some("/nonexistent".into()), ..Places::default() };
        assert_eq!(places.find_all(["etcd"]).expect_err("no folder").kind.exit_code(), 2);
    }
}
