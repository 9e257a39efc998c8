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
        let compile = || go_regex(&self.text);
        self.compiled.get_or_init(compile).as_ref().is_none_or(|regex| regex.is_match(text))
    }
}

/// A regular expression as Go reads it: `\d`, `\w`, `\s` and `\b` know ASCII only. None where it cannot be read.
#[must_use]
pub fn go_regex(text: &str) -> Option<Regex> {
    let (mut ascii, mut in_class, mut rest) = (String::with_capacity(text.len()), false, text);
    while let Some(first) = rest.chars().next() {
        let (token, class) = match rest.get(..2) {
            Some("\\d") => (2, Some("0-9")),
            Some("\\w") => (2, Some("0-9A-Za-z_")),
            Some("\\s") => (2, Some("\\t\\n\\x0C\\r ")),
            Some("\\b") if !in_class => (2, None),
            Some("\\Q") => return Regex::new(text).ok(),
            Some(escape) if escape.starts_with('\\') => {
                ascii.push_str(escape);
                rest = &rest[2..];
                continue;
            }
            _ => (0, None),
        };
        if token == 2 {
            match class {
                Some(class) if in_class => ascii.push_str(class),
                Some(class) => ascii.extend(["[", class, "]"]),
                None => ascii.push_str("(?-u:\\b)"),
            }
            rest = &rest[2..];
            continue;
        }
        match first {
            '[' if in_class && !rest.starts_with("[:") => ascii.push('\\'),
            '[' => in_class = true,
            // In the first place it is one of the characters.
            ']' if !ascii.ends_with('[') && !ascii.ends_with("[^") => in_class = false,
            // Go knows no differences, intersections and unions of classes.
            '&' | '~' if in_class => ascii.push('\\'),
            _ => {}
        }
        ascii.push(first);
        rest = &rest[first.len_utf8()..];
    }
    Regex::new(&ascii).or_else(|_| Regex::new(text)).ok()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_those_of_go() {
        let matches = |pattern: &str, text: &str| go_regex(pattern).is_some_and(|regex| regex.is_match(text));
        assert!(matches(r"^\d+$", "12") && !matches(r"^\d+$", "\u{663}"));
        assert!(matches(r"^[\w-]+$", "a-b_c") && !matches(r"^[\w-]+$", "é"));
        assert!(matches(r"^[]a]+$", "]a") && matches(r"^[a[]+$", "a[") && matches("^[&&a]+$", "&a"));
        assert!(matches(r"^[[:alpha:]]+$", "ab") && matches(r"^\[a\]$", "[a]"));
        assert!(matches(r"\bfoo\b", "a foo b") && matches(r"^[^]]+$", "ab"));
        assert!(go_regex("(").is_none());
    }
}
