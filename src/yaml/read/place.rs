//! Byte offsets in the text that is being read, and what stands there.

use crate::source::{SourceId, Span};

use super::indent::Padding;

/// The whole text under its name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Text<'input> {
    pub(super) source: SourceId,
    pub(super) whole: &'input str,
}

impl<'input> Text<'input> {
    pub(super) fn span(&self, start: usize, end: usize) -> Span {
        // Both fit: `documents` refuses larger texts.
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Span { source: self.source, start: offset(start), end: offset(end) }
    }

    /// The character at an offset; nothing at the end of the text.
    pub(super) fn at(&self, offset: usize) -> Span {
        let length = self.whole.get(offset..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        self.span(offset, offset + length)
    }

    /// The text from the start of a span on.
    pub(super) fn from(&self, span: Span) -> &'input str {
        self.whole.get(span.start as usize..).unwrap_or_default()
    }

    /// `line 3, column 5`, for messages that name a second place. It counts from the start of the text: for errors only.
    pub(super) fn describe(&self, span: Span) -> String {
        let before = self.whole.get(..span.start as usize).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        format!("line {line}, column {}", before[line_start..].chars().count() + 1)
    }
}

/// Turns offsets of the parser, which sees one document, into places in the whole text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'input> {
    pub(super) text: Text<'input>,
    /// Where the document starts.
    pub(super) start: usize,
    pub(super) padding: &'input Padding,
}

impl Place<'_> {
    pub(super) fn offset(&self, at: usize) -> usize {
        self.start + self.padding.without(at)
    }

    /// The range of an event.
    pub(super) fn span(&self, span: &granit_parser::Span) -> Span {
        // Offsets are always there for an input that is one `&str`.
        let range = span.byte_range().unwrap_or_default();
        self.text.span(self.offset(range.start), self.offset(range.end))
    }
}

/// The first character that YAML does not allow in any place (YAML 1.2.2, 5.1). The parser lets some of them pass in comments, Go's
/// reader does not.
pub(super) fn unprintable(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 0;
    loop {
        at += bytes[at..].iter().position(|byte| !matches!(byte, b' '..=b'~' | b'\n' | b'\r' | b'\t'))?;
        let found = text[at..].chars().next()?;
        if !matches!(found, '\u{85}' | '\u{a0}'..='\u{fffd}' | '\u{10000}'..) {
            return Some(at);
        }
        at += found.len_utf8();
    }
}
