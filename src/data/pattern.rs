//! A regular expression of a schema.

use std::sync::OnceLock;

use regex::Regex;

/// A regular expression of a schema, compiled when it is first needed.
#[derive(Debug, Clone)]
pub struct Pattern {
    text: Box<str>,
    compiled: OnceLock<Option<Regex>>,
}

impl Pattern {
    /// The expression as written in the schema.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it matches somewhere in a text. An expression that cannot be read matches everything: the server refuses the CRD that
    /// has it, not the objects.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        let compile = || Regex::new(&self.text).ok();
        self.compiled.get_or_init(compile).as_ref().is_none_or(|regex| regex.is_match(text))
    }
}

impl From<Box<str>> for Pattern {
    fn from(text: Box<str>) -> Self {
        Self { text, compiled: OnceLock::new() }
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}
