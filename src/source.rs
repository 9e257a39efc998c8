//! Files as the user named them, positions in them, and paths into the config.
//!
//! A [`Span`] is small and `Copy`, so that every node of a parsed tree can carry one; [`Sources`] turns it back
//! into a file name, line and column when somebody has to read it.

mod config_path;
mod location;
mod visible;

pub use config_path::{ConfigPath, Segment};
pub use location::Location;
pub use visible::visible;

/// Names one text in [`Sources`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(u32);

/// A half-open range of bytes in one source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Span {
    /// The text that the offsets count in.
    pub source: SourceId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

/// One text that was read, under the name the user knows it by.
#[derive(Debug)]
pub struct Source {
    /// What messages call it: a path as given, `<stdin>`, `--set`, `profile primer (built in)`.
    pub name: String,
    /// The whole text, valid UTF-8, without a byte order mark.
    pub text: String,
    line_starts: Vec<u32>,
}

impl Source {
    fn new(name: String, text: String) -> Self {
        let mut line_starts = vec![0];
        // Offsets fit u32: every reader bounds its input far below 4 GiB.
        line_starts
            .extend(text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| u32::try_from(at + 1).unwrap_or(u32::MAX)));
        Self { name, text, line_starts }
    }

    /// One-based line and column (in characters) of a byte offset; an offset past the end is the end.
    #[must_use]
    pub fn position(&self, offset: u32) -> (usize, usize) {
        let line = self.line_starts.partition_point(|start| *start <= offset).max(1);
        let start = self.line_starts[line - 1] as usize;
        let end = (offset as usize).clamp(start, self.text.len());
        let column = self.text.get(start..end).map_or(end - start, |before| before.chars().count());
        (line, column + 1)
    }

    /// The text of a one-based line, without its line break.
    #[must_use]
    pub fn line(&self, line: usize) -> &str {
        let start = self.line_starts.get(line - 1).map_or(self.text.len(), |start| *start as usize);
        let end = self.line_starts.get(line).map_or(self.text.len(), |next| *next as usize);
        self.text.get(start..end).unwrap_or_default().trim_end_matches(['\n', '\r'])
    }
}

/// All texts of one run.
#[derive(Debug, Default)]
pub struct Sources {
    texts: Vec<Source>,
}

impl Sources {
    /// An empty collection.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The names of all texts, in the order in which they were added.
    pub fn ids(&self) -> impl Iterator<Item = SourceId> + use<> {
        // As many as `add` was ready to number.
        (0..u32::try_from(self.texts.len()).unwrap_or(u32::MAX)).map(SourceId)
    }

    /// Takes a text in and names it.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> SourceId {
        let id = SourceId(u32::try_from(self.texts.len()).unwrap_or(u32::MAX));
        self.texts.push(Source::new(name.into(), text.into()));
        id
    }

    /// The source behind an id of this collection.
    ///
    /// # Panics
    /// When the id comes from another collection, which is a bug.
    #[must_use]
    pub fn get(&self, id: SourceId) -> &Source {
        &self.texts[id.0 as usize]
    }

    /// Where a span begins, with the line to show; control characters in it are made [`visible()`].
    #[must_use]
    pub fn locate(&self, span: Span) -> Location {
        let source = self.get(span.source);
        let (line, column) = source.position(span.start);
        let (end_line, end_column) = source.position(span.end);
        let text = source.line(line);
        let length = if end_line == line { end_column.saturating_sub(column) } else { text.chars().count().saturating_sub(column - 1) };
        Location { file: visible(&source.name).into_owned(), line, column, length: length.max(1), text: visible(text).into_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn position_counts_characters_not_bytes() {
        let mut sources = Sources::new();
        let id = sources.add("a.yaml", "é: ü\nb: c\r\n");
        let source = sources.get(id);
        assert_eq!(source.position(4), (1, 4));
        assert_eq!(source.position(7), (2, 1));
        assert_eq!(source.line(2), "b: c");
        assert_eq!(source.position(10_000), (3, 1));
    }

    #[test]
    fn locate_stops_at_the_end_of_the_line() {
        let mut sources = Sources::new();
        let id = sources.add("a.yaml", "a:\n  b: 1\n  c: 2\n");
        let location = sources.locate(Span { source: id, start: 5, end: 16 });
        assert_eq!((location.line, location.column, location.length), (2, 3, 4));
    }
}
