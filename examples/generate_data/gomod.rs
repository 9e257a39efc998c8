//! Go modules as a source of data.

use std::path::PathBuf;
use std::process::Command;

use serde::Deserialize;

/// A module version on disk.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Module {
    /// The module path.
    pub(crate) path: String,
    /// The exact version.
    pub(crate) version: String,
    /// Where its files are.
    pub(crate) dir: PathBuf,
    /// Its hash as `go.sum` has it (`h1:…`).
    pub(crate) sum: String,
}

/// Downloads a module (or finds it in the module cache) by exact version.
pub(crate) fn download(module: &str, version: &str) -> Result<Module, String> {
    // Outside of any module, so that the go.mod of a folder above cannot interfere.
    let output = Command::new("go")
        .args(["mod", "download", "-json", &format!("{module}@{version}")])
        .current_dir(std::env::temp_dir())
        .output()
        .map_err(|cause| format!("`go` cannot be run: {cause}"))?;
    serde_json::from_slice(&output.stdout)
        .map_err(|_| format!("`go mod download {module}@{version}` failed: {}{}", text(&output.stdout), text(&output.stderr)))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim().to_owned()
}

/// What `origin.json` records of a module.
pub(crate) fn origin(module: &Module) -> serde_json::Value {
    serde_json::json!({"module": module.path, "version": module.version, "sum": module.sum})
}
