//! The embedded text and its rows.

use std::sync::LazyLock;

/// Two blocks of rows, parted by an empty line: kinds, then definitions. Columns are parted by tabs. The first column has a `1`
/// for each version, oldest first, that has the row; equal rows of several versions stand there once.
static TEXT: LazyLock<String> = LazyLock::new(|| decompress(include_bytes!("../../data/openapi/kubernetes.zst")));

/// The text of a zstd frame made by the generator, which writes the size of the text into the frame: no more memory than that is taken.
pub(super) fn decompress(frame: &[u8]) -> String {
    let size = zstd::zstd_safe::get_frame_content_size(frame).ok().flatten().and_then(|size| usize::try_from(size).ok());
    let bytes =
        size.and_then(|size| zstd::bulk::decompress(frame, size).ok()).expect("the frame is part of the program, and a test reads it");
    String::from_utf8(bytes).expect("the generator writes JSON, which is UTF-8")
}

/// A row about one kind.
pub(super) struct KindRow {
    pub(super) api_version: &'static str,
    pub(super) kind: &'static str,
    pub(super) plural: &'static str,
    pub(super) namespaced: bool,
    pub(super) definition: &'static str,
}

/// The kinds of the version at `index`.
pub(super) fn kinds(index: usize) -> impl Iterator<Item = KindRow> {
    let (kinds, _) = blocks();
    rows(kinds, index).filter_map(|row| {
        let mut columns = row.split('\t');
        Some(KindRow {
            api_version: columns.next()?,
            kind: columns.next()?,
            plural: columns.next()?,
            namespaced: columns.next()? == "Namespaced",
            definition: columns.next()?,
        })
    })
}

/// The definitions of the version at `index`: name and JSON text.
pub(super) fn definitions(index: usize) -> impl Iterator<Item = (&'static str, &'static str)> {
    let (_, definitions) = blocks();
    rows(definitions, index).filter_map(|row| row.split_once('\t'))
}

fn blocks() -> (&'static str, &'static str) {
    TEXT.split_once("\n\n").unwrap_or_default()
}

fn rows(block: &'static str, index: usize) -> impl Iterator<Item = &'static str> {
    block
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .filter(move |(versions, _)| versions.as_bytes().get(index) == Some(&b'1'))
        .map(|(_, row)| row)
}
