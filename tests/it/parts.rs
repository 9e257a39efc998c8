//! Real parts that some tests need: a Go toolchain, etcd, kube-apiserver and others.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::{env, thread};

/// Where an executable is: in PATH, or in the folder that `tests/toolchain/build` fills.
///
/// A missing part fails the test when `MANIFESTGEN_REQUIRE_PARTS` is set. Otherwise the test is to return, and the part and the test
/// are noted in the file that `MANIFESTGEN_SKIP_LOG` names.
pub(crate) fn part(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    found_or_noted(name, env::split_paths(&path).chain(toolchain()).map(|folder| folder.join(name)).find(|file| file.is_file()))
}

/// A Python that has the package: the one that `MANIFESTGEN_PYTHON` names, or the first of `python3` and Debian's; noted as [`part`] does.
pub(crate) fn python_with(package: &str) -> Option<PathBuf> {
    let named = env::var_os("MANIFESTGEN_PYTHON").filter(|value| !value.is_empty()).map(PathBuf::from);
    let mut pythons = named.into_iter().chain(["python3", "/usr/bin/python3"].map(PathBuf::from));
    let imports = |python: &PathBuf| {
        let import = Command::new(python).args(["-c", &format!("import {package}")]).stderr(Stdio::null()).status();
        import.is_ok_and(|status| status.success())
    };
    found_or_noted(&format!("python3 with {package}"), pythons.find(imports))
}

fn found_or_noted(name: &str, found: Option<PathBuf>) -> Option<PathBuf> {
    noted(name, found.is_some());
    found
}

/// Notes what a test needs and does not have, as [`part`] does.
pub(crate) fn noted(name: &str, there: bool) -> bool {
    if !there {
        assert!(env::var_os("MANIFESTGEN_REQUIRE_PARTS").is_none(), "part `{name}` is missing, and MANIFESTGEN_REQUIRE_PARTS is set");
        if let Some(log) = env::var_os("MANIFESTGEN_SKIP_LOG") {
            let mut log = OpenOptions::new().create(true).append(true).open(log).expect("MANIFESTGEN_SKIP_LOG can be written");
            writeln!(log, "{name}: {}", thread::current().name().unwrap_or("?")).expect("MANIFESTGEN_SKIP_LOG can be written");
        }
    }
    there
}

fn toolchain() -> Option<PathBuf> {
    let folder = |variable: &str| env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from);
    let cache = folder("MANIFESTGEN_CACHE")
        .or_else(|| folder("XDG_CACHE_HOME").map(|cache| cache.join("manifestgen")))
        .or_else(|| folder("HOME").map(|home| home.join(".cache/manifestgen")))?;
    Some(cache.join("toolchain/bin"))
}
