//! YAML in and out.
//!
//! In: [`parse`] makes one tree of [`Node`]s that keep their place and their raw text, because serde's own spans get
//! lost inside untagged, tagged and flattened types, and because an untyped `012` would already have become a number.
//! Out: [`write()`] is the only YAML writer; what it writes reads back unchanged under YAML 1.1 and 1.2.

mod node;
mod read;
mod resolve;
mod write;

pub use node::{Entry, Key, Node, Scalar, Value};
pub use read::{Documents, Limits, Piece, SyntaxError, documents, parse, pieces};
pub use resolve::{Resolved, into_key_as_go, key_text_as_go, resolve};
pub use write::{Document, WriteError, documents_to_string, documents_to_texts, to_string, write};
