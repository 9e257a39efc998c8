//! What may reach a terminal.

use std::borrow::Cow;

use crate::source::visible;

/// Text without anything that could steer the terminal, whatever input it came from; its line breaks stay, its tabs become blanks.
#[must_use]
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    if !text.contains(['\n', '\t']) {
        return visible(text);
    }
    let lines: Vec<_> = text.split('\n').map(visible).collect();
    Cow::Owned(lines.join("\n").replace('\t', " "))
}

#[cfg(test)]
mod tests {
    use super::clean;

    #[test]
    fn escape_sequences_become_visible() {
        assert_eq!(clean("a\u{1b}[31mb"), "a␛[31mb");
        assert_eq!(clean("plain ü\nnext\tend"), "plain ü\nnext end");
        assert!(!clean("a\u{202e}b\n").contains('\u{202e}'));
    }
}
