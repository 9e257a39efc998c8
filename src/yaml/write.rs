//! The one YAML writer.
//!
//! `serde-saphyr` writes; this room decides what it gets to see. Block style, two spaces, lists at the column of their key as `kubectl` writes
//! them, keys in the order given, strings plain where every reader takes them for strings, text of several lines as a literal
//! block where no reader changes it. `tests/it/yaml_round_trip.rs` reads it all back with PyYAML, Go's reader and our own.

mod pieces;
mod strict;
mod text;

use std::borrow::Cow;
use std::fmt;

use rayon::prelude::*;
use serde::Serialize;

use pieces::Pieces;

/// A value that YAML and JSON cannot both hold, or an output that does not take more.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct WriteError(String);

/// One document as text.
///
/// # Errors
/// As [`write()`].
pub fn to_string<T: Serialize + ?Sized>(value: &T) -> Result<String, WriteError> {
    let mut out = String::new();
    write(&mut out, value)?;
    Ok(out)
}

/// One document into `out`, ending with a line break.
///
/// # Errors
/// When a number is not finite or needs more than 64 bits, when a key is not text, a number or a boolean, when there are bytes, or
/// when `out` fails. Some of the document may have been written by then.
pub fn write<T: Serialize + ?Sized>(out: &mut impl fmt::Write, value: &T) -> Result<(), WriteError> {
    // Without this option long lines would be folded, and blocks chosen that some readers change.
    let options = serde_saphyr::ser_options! { prefer_block_scalars: false };
    serde_saphyr::to_fmt_writer_with_options(out, &strict::Strict(value), options).map_err(|error| WriteError(error.to_string()))
}

/// A document: a value, and lines that were written beforehand and follow what is written of the value.
#[derive(Debug, Clone, Copy)]
pub struct Document<'a, T: ?Sized> {
    /// What is written.
    pub value: &'a T,
    /// Whole lines that belong to the last thing in it; empty for none.
    pub rest: &'static str,
}

/// Several documents, separated by `---`, in texts that follow each other; none for no document. They are written on all cores: a release
/// has a few large ones and many small ones.
///
/// # Errors
/// As [`write()`].
pub fn documents_to_texts<T: Serialize + Sync + ?Sized>(documents: &[Document<'_, T>]) -> Result<Vec<Cow<'static, str>>, WriteError> {
    // One document at a time: the large ones stand beside each other, and in one share of the work they would all be one thread's.
    let texts = documents.par_iter().enumerate().with_max_len(1).try_fold(Pieces::default, |mut pieces, (index, document)| {
        if index > 0 {
            pieces.push("---\n");
        }
        write(&mut pieces, document.value)?;
        pieces.append(document.rest);
        Ok(pieces)
    });
    texts.map(|pieces| pieces.map(Pieces::finish)).try_reduce(Vec::new, |mut all, more| {
        all.extend(more);
        Ok(all)
    })
}

/// The same as one text.
///
/// # Errors
/// As [`write()`].
pub fn documents_to_string<T: Serialize + Sync>(values: &[T]) -> Result<String, WriteError> {
    let documents: Vec<_> = values.iter().map(|value| Document { value, rest: "" }).collect();
    Ok(documents_to_texts(&documents)?.concat())
}

#[cfg(test)]
mod tests;
