//! A text that grows without being moved.

use std::borrow::Cow;
use std::fmt;

/// Bytes of one piece. A text that grows into the megabytes as a whole is copied at each step into memory that the kernel has to clear
/// first, which took a quarter of a render.
const PIECE: usize = 64 << 10;

/// Bytes of the first one, which most documents fit into.
const FIRST: usize = 4 << 10;

/// A text in pieces that follow each other.
#[derive(Default)]
pub(super) struct Pieces {
    full: Vec<Cow<'static, str>>,
    last: String,
}

impl Pieces {
    /// Adds to the end.
    #[inline]
    pub(super) fn push(&mut self, text: &str) {
        if text.len() > self.last.capacity() - self.last.len() {
            self.begin(text.len());
        }
        self.last.push_str(text);
    }

    /// Begins a piece that so many bytes fit into.
    #[cold]
    fn begin(&mut self, length: usize) {
        let piece = if self.last.capacity() == 0 { FIRST } else { PIECE };
        let next = String::with_capacity(length.max(piece));
        let full = std::mem::replace(&mut self.last, next);
        if !full.is_empty() {
            self.full.push(Cow::Owned(full));
        }
    }

    /// Adds a text that is there as long as the program, without a copy.
    pub(super) fn append(&mut self, text: &'static str) {
        if text.len() < FIRST {
            return self.push(text);
        }
        let last = std::mem::take(&mut self.last);
        if !last.is_empty() {
            self.full.push(Cow::Owned(last));
        }
        self.full.push(Cow::Borrowed(text));
    }

    /// The pieces, none of them empty.
    pub(super) fn finish(self) -> Vec<Cow<'static, str>> {
        let Self { full: mut pieces, last } = self;
        if !last.is_empty() {
            pieces.push(Cow::Owned(last));
        }
        pieces
    }
}

impl fmt::Write for Pieces {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push(text);
        Ok(())
    }

    /// Indentation is written space by space: two of three calls are for one.
    #[inline]
    fn write_char(&mut self, character: char) -> fmt::Result {
        if self.last.capacity() - self.last.len() < character.len_utf8() {
            self.begin(character.len_utf8());
        }
        self.last.push(character);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_lost_between_pieces() {
        let mut pieces = Pieces::default();
        let long = "x".repeat(PIECE + 1);
        let mut whole = String::new();
        for text in ["", "a", &long, "b", &long[1..], &long[2..], "", "é"] {
            pieces.push(text);
            whole.push_str(text);
        }
        let given: &'static str = "given before\n";
        let large: &'static str = Box::leak("y".repeat(FIRST).into_boxed_str());
        for text in [given, large, given] {
            pieces.append(text);
            whole.push_str(text);
        }
        let pieces = pieces.finish();
        assert!(pieces.len() > 2 && pieces.iter().all(|piece| !piece.is_empty()));
        assert_eq!(pieces.concat(), whole);
        assert!(Pieces::default().finish().is_empty());
    }
}
