//! What may reach a terminal.

use std::borrow::Cow;

/// Text that came from an input, without anything that could steer the terminal.
///
/// Control characters (escape sequences among them) and the bidirectional overrides that can reorder what a person reads
/// (CVE-2021-42574) become `\u{…}`. Line breaks stay; tabs become a blank.
#[must_use]
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|c| is_unsafe(c) || c == '\t') {
        return Cow::Borrowed(text);
    }
    let mut cleaned = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\t' => cleaned.push(' '),
            c if is_unsafe(c) => cleaned.extend(c.escape_unicode()),
            c => cleaned.push(c),
        }
    }
    Cow::Owned(cleaned)
}

fn is_unsafe(c: char) -> bool {
    (c.is_control() && c != '\n' && c != '\t') || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::clean;

    #[test]
    fn escape_sequences_become_visible() {
        assert_eq!(clean("a\u{1b}[31mb"), "a\\u{1b}[31mb");
        assert_eq!(clean("plain ü\nnext"), "plain ü\nnext");
        assert_eq!(clean("a\u{202e}b"), "a\\u{202e}b");
    }
}
