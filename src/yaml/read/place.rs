//! Byte offsets in the text that is being read, and what stands there.

use crate::source::{SourceId, Span};

/// The text under its name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Text<'input> {
    pub(super) source: SourceId,
    /// Without a byte order mark.
    pub(super) content: &'input str,
    /// The length of a byte order mark that was cut off; offsets count it.
    pub(super) base: usize,
}

impl<'input> Text<'input> {
    pub(super) fn new(source: SourceId, whole: &'input str) -> Self {
        let text = whole.strip_prefix('\u{feff}').unwrap_or(whole);
        Self { source, content: text, base: whole.len() - text.len() }
    }

    /// The range of an event.
    pub(super) fn span(&self, span: &granit_parser::Span) -> Span {
        // Offsets are always there for an input that is one `&str`.
        let range = span.byte_range().unwrap_or_default();
        self.range(range.start, range.end)
    }

    /// The character at an offset; nothing at the end of the text.
    pub(super) fn at(&self, offset: usize) -> Span {
        let length = self.content.get(offset..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        self.range(offset, offset + length)
    }

    fn range(&self, start: usize, end: usize) -> Span {
        // Both fit: `documents` refuses larger texts.
        let offset = |at: usize| u32::try_from(at + self.base).unwrap_or(u32::MAX);
        Span { source: self.source, start: offset(start), end: offset(end) }
    }

    /// The text from the start of a span on.
    pub(super) fn from(&self, span: Span) -> &'input str {
        (span.start as usize).checked_sub(self.base).and_then(|start| self.content.get(start..)).unwrap_or_default()
    }

    /// `line 3, column 5`, for messages that name a second place. It counts from the start of the text: for errors only.
    pub(super) fn describe(&self, span: Span) -> String {
        let before = (span.start as usize).checked_sub(self.base).and_then(|start| self.content.get(..start)).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        format!("line {line}, column {}", before[line_start..].chars().count() + 1)
    }

    /// The first character at or after an offset that YAML does not allow in any place (YAML 1.2.2, 5.1).
    pub(super) fn next_unprintable(&self, from: usize) -> Option<usize> {
        let rest = self.content.get(from..)?;
        let bytes = rest.as_bytes();
        let mut at = 0;
        loop {
            at += bytes[at..].iter().position(|byte| !matches!(byte, b' '..=b'~' | b'\n' | b'\r' | b'\t'))?;
            let found = rest[at..].chars().next()?;
            if !matches!(found, '\u{85}' | '\u{a0}'..='\u{fffd}' | '\u{10000}'..) {
                return Some(from + at);
            }
            at += found.len_utf8();
        }
    }
}
