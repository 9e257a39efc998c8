//! A place in a file, ready to be shown.

/// A place in a file with the line that stands there, so that whoever prints it needs nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// The file's name as the user knows it.
    pub file: String,
    /// One-based.
    pub line: usize,
    /// One-based, in characters.
    pub column: usize,
    /// Characters to underline, at least one.
    pub length: usize,
    /// The whole line, without its line break.
    pub text: String,
}
