//! The reader: text to [`Node`]s, one tree per document, each node with its place.
//!
//! The grammar is `granit-parser`'s (YAML 1.2, as lenient about indentation in flow collections as libyaml); this room makes
//! trees of its events, bounds them, and says in plain words what is wrong and where.

mod anchor;
mod block;
mod build;
mod document;
mod indent;
mod merge;
mod message;
mod place;
mod scalar;
mod split;
mod tabs;

pub use document::{Documents, Piece, documents, pieces};

use crate::source::{SourceId, Span};

use super::Node;

/// Bounds on what is read, so that no text can take more memory than its reader is ready to spend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the whole text, and bytes that the aliases of one document may add to it.
    pub bytes: usize,
    /// Nodes of one document after its aliases are expanded; keys count, too.
    pub nodes: usize,
    /// Lists and mappings within each other. Code that walks a tree may recurse: this bounds its stack.
    pub depth: usize,
}

impl Limits {
    /// For a config that a person wrote.
    pub const CONFIG: Self = Self { bytes: 4 << 20, nodes: 200_000, depth: 64 };

    /// For manifests, ours or not: the largest CRDs have some 100,000 nodes, nested 50 deep.
    pub const MANIFESTS: Self = Self { bytes: 256 << 20, nodes: 2_000_000, depth: 128 };
}

/// Text that is not YAML, or YAML that no Kubernetes object or config can hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SyntaxError {
    /// What is wrong: one sentence without a final period, names in backticks.
    pub message: String,
    /// Where.
    pub span: Span,
    /// The way out, where there is one.
    pub hint: Option<String>,
}

impl SyntaxError {
    fn new(span: Span, message: impl Into<String>) -> Self {
        Self { message: message.into(), span, hint: None }
    }

    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// Reads all documents of a text.
///
/// A text that holds nothing, or nothing but comments, has no document; a document that holds nothing (`---` and no
/// more) is a null. Use [`documents`] for a text of many documents, or to go on after a broken one.
///
/// # Errors
/// The first thing that is wrong.
pub fn parse(source: SourceId, text: &str, limits: Limits) -> Result<Vec<Node>, SyntaxError> {
    documents(source, text, limits).collect()
}

#[cfg(test)]
mod tests;
