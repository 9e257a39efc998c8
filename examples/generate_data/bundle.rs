//! The files that a generator makes, and how they are compressed.

/// Files by name, in the order in which they are written.
pub(crate) type Files = Vec<(&'static str, Vec<u8>)>;

/// Compresses text as one zstd frame. The level is the highest: it is done once, and decompression costs the same.
pub(crate) fn compress(text: &str) -> Result<Vec<u8>, String> {
    zstd::bulk::compress(text.as_bytes(), 22).map_err(|cause| format!("zstd: {cause}"))
}
