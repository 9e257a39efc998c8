//! The tree that a YAML text is read into.

use crate::source::{ConfigPath, Segment, Span};

use super::{Resolved, resolve};

/// A value and the place where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// What stands there.
    pub value: Value,
    /// Where, as bytes of the text.
    ///
    /// A scalar's has its quotes, but neither anchor nor tag; that of a value that is not there is empty. A mapping's or list's goes
    /// from its first to its last entry, or from bracket to bracket. An alias stands where it is used, and what is inside of it
    /// where its anchor is defined; so do the entries that a merge key brings in.
    pub span: Span,
}

/// What a node holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A scalar, not yet interpreted.
    Scalar(Scalar),
    /// A list.
    Seq(Vec<Node>),
    /// A mapping in the order of the text. Keys are unique: the reader refuses duplicates.
    Map(Vec<Entry>),
}

/// Text that may be a string, number, boolean or null, depending on how it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scalar {
    /// The text after YAML's own unescaping and folding.
    pub text: String,
    /// Whether it was written without quotes, and so is open to interpretation.
    pub plain: bool,
    /// A core tag's suffix (`str`, `int`, …) where one was written; it overrides the interpretation.
    pub tag: Option<String>,
}

/// A key with its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: Key,
    /// Its value.
    pub value: Node,
}

/// A key and the place where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Key {
    /// The raw text.
    pub text: String,
    /// Whether it was written without quotes.
    pub plain: bool,
    /// Where.
    pub span: Span,
}

impl Node {
    /// The value under a key, where this is a mapping that has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The entry under a key, where this is a mapping that has it.
    #[must_use]
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        match &self.value {
            Value::Map(entries) => entries.iter().find(|entry| entry.key.text == key),
            _ => None,
        }
    }

    /// The node at the end of a path.
    #[must_use]
    pub fn at(&self, path: &ConfigPath) -> Option<&Self> {
        path.segments().iter().try_fold(self, |node, segment| match (segment, &node.value) {
            (Segment::Key(key), _) => node.get(key),
            (Segment::Index(index), Value::Seq(items)) => items.get(*index),
            // A JSON pointer cannot tell the key `0` from the place 0.
            (Segment::Index(index), Value::Map(_)) => node.get(&index.to_string()),
            (Segment::Index(_), Value::Scalar(_)) => None,
        })
    }

    /// The text of a scalar that is a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar(scalar) if resolve(scalar) == Resolved::Str => Some(&scalar.text),
            _ => None,
        }
    }

    /// Whether this is an unquoted null.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar(scalar) if resolve(scalar) == Resolved::Null)
    }

    /// The value as JSON, scalars interpreted by [`resolve`], keys as their raw text.
    ///
    /// A number that JSON cannot hold (`.inf`, `.nan`) becomes its text. Recursion is bounded by [`super::Limits::depth`].
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        match &self.value {
            Value::Scalar(scalar) => resolve(scalar).into_json(&scalar.text),
            Value::Seq(items) => items.iter().map(Self::to_json).collect(),
            Value::Map(entries) => {
                serde_json::Value::Object(entries.iter().map(|entry| (entry.key.text.clone(), entry.value.to_json())).collect())
            }
        }
    }
}
