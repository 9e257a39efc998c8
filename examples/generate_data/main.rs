//! Writes the embedded data under `data/` from the Go modules that it comes from.
//!
//! `cargo run --example generate_data` needs Go and a module proxy. Each folder under `data/` says in its `origin.json` which
//! modules it was made of; the same modules give the same bytes. A test runs the same functions and compares.

// This is a tool for the project's own developers, not the library: it may talk.
#![allow(clippy::print_stderr)]

mod argocd;
mod bundle;
mod crds;
mod enums;
mod gomod;
mod kubernetes;

use std::fs;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("data");
    let openapi = || kubernetes::generate().and_then(|files| write(&root.join("openapi"), &files));
    let crds = || crds::generate().and_then(|files| write(&root.join("crds"), &files));
    let argocd = || argocd::generate().and_then(|files| write(&root.join("argocd"), &files));
    match openapi().and_then(|()| crds()).and_then(|()| argocd()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(cause) => {
            eprintln!("error: {cause}");
            ExitCode::FAILURE
        }
    }
}

/// Writes files into a folder.
fn write(folder: &Path, files: &bundle::Files) -> Result<(), String> {
    fs::create_dir_all(folder).map_err(|cause| format!("{}: {cause}", folder.display()))?;
    for (name, bytes) in files {
        let path = folder.join(name);
        fs::write(&path, bytes).map_err(|cause| format!("{}: {cause}", path.display()))?;
        eprintln!("{}: {} bytes", path.display(), bytes.len());
    }
    Ok(())
}
