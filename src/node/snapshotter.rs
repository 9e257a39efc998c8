//! How containerd can keep the layers of images in a folder.

use std::ffi::CStr;
use std::fs;
use std::io;
use std::path::Path;

use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};
use serde::Serialize;

/// A snapshotter of containerd, by the name that it and k3s have for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Snapshotter {
    /// Layers are mounted over each other by the kernel.
    Overlayfs,
    /// By a program, which a user namespace of an older kernel needs, or a folder that lies on an overlay itself.
    FuseOverlayfs,
    /// Layers are copied: slow and large, and works everywhere.
    Native,
}

impl Snapshotter {
    /// The name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Overlayfs => "overlayfs",
            Self::FuseOverlayfs => "fuse-overlayfs",
            Self::Native => "native",
        }
    }

    /// The best one that works for a folder, found by trying.
    pub(super) fn probe(folder: &Path, fuse_overlayfs: bool) -> Self {
        match overlay_works(folder) {
            Ok(true) => Self::Overlayfs,
            _ if fuse_overlayfs => Self::FuseOverlayfs,
            _ => Self::Native,
        }
    }
}

/// Whether an overlay can be mounted in a folder, which it cannot where that lies on an overlay itself. It is tried, and taken away again.
///
/// # Errors
/// Of the file system: the folder cannot be written.
pub fn overlay_works(folder: &Path) -> io::Result<bool> {
    let probe = tempfile::Builder::new().prefix("overlay-").tempdir_in(folder)?;
    for name in ["lower", "upper", "work", "merged"] {
        fs::create_dir(probe.path().join(name))?;
    }
    let path = |name: &str| probe.path().join(name).display().to_string();
    let options = format!("lowerdir={},upperdir={},workdir={}\0", path("lower"), path("upper"), path("work"));
    let merged = probe.path().join("merged");
    let options = CStr::from_bytes_with_nul(options.as_bytes()).map_err(io::Error::other)?;
    let works = mount("overlay", &merged, "overlay", MountFlags::empty(), options).is_ok();
    if works {
        unmount(&merged, UnmountFlags::empty())?;
    }
    probe.close()?;
    Ok(works)
}
