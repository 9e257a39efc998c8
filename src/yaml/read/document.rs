//! One document after the other.

use std::borrow::Cow;

use granit_parser::{ErrorKind, Event, Options, Parser, ScanError};

use crate::source::{SourceId, Span};
use crate::yaml::Node;

use super::build::Builder;
use super::indent::Padding;
use super::place::{Place, Text, unprintable};
use super::split::Pieces;
use super::tabs::Tabs;
use super::{Limits, SyntaxError, message};

/// Reads the documents of a text one by one, so that a million of them need the memory of one.
///
/// After an error it goes on behind the next line that starts with `---` or `...`, if there is one: a broken document does not hide the
/// others.
#[must_use]
pub fn documents(source: SourceId, text: &str, limits: Limits) -> Documents<'_> {
    let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let too_long = text.len() > limits.bytes.min(u32::MAX as usize);
    Documents { text: Text { source, whole: text }, limits, pieces: (!too_long).then(|| Pieces::new(text, start)), too_long }
}

/// A part of a text that holds one document, or nothing but comments. Pieces can be read apart from each other, in any order.
#[derive(Debug, Clone, Copy)]
pub struct Piece<'input> {
    text: Text<'input>,
    start: usize,
    piece: &'input str,
    limits: Limits,
}

/// Cuts a text into its documents without reading them; see [`documents`].
///
/// # Errors
/// The text is longer than the limits allow.
pub fn pieces(source: SourceId, text: &str, limits: Limits) -> Result<impl Iterator<Item = Piece<'_>>, SyntaxError> {
    let documents = documents(source, text, limits);
    let (text, limits) = (documents.text, documents.limits);
    let pieces = documents.pieces.ok_or_else(|| message::too_long(&text, limits.bytes))?;
    Ok(pieces.map(move |(start, piece)| Piece { text, start, piece, limits }))
}

impl<'input> Piece<'input> {
    /// The piece that stands at a place, as [`Self::span`] named it. `text` is the whole one.
    #[must_use]
    pub fn at(place: Span, text: &'input str, limits: Limits) -> Self {
        let (start, end) = (place.start as usize, place.end as usize);
        Self { text: Text { source: place.source, whole: text }, start, piece: text.get(start..end).unwrap_or_default(), limits }
    }

    /// Where it stands.
    #[must_use]
    pub fn span(&self) -> Span {
        self.text.span(self.start, self.start + self.piece.len())
    }

    /// Reads the document; none when there is nothing but comments.
    ///
    /// # Errors
    /// The first thing that is wrong in this document.
    pub fn read(&self) -> Result<Option<Node>, SyntaxError> {
        read(self.text, self.start, self.piece, self.limits)
    }
}

/// The iterator of [`documents`].
#[derive(Debug)]
pub struct Documents<'input> {
    text: Text<'input>,
    limits: Limits,
    pieces: Option<Pieces<'input>>,
    too_long: bool,
}

impl Iterator for Documents<'_> {
    type Item = Result<Node, SyntaxError>;

    fn next(&mut self) -> Option<Self::Item> {
        if std::mem::take(&mut self.too_long) {
            return Some(Err(message::too_long(&self.text, self.limits.bytes)));
        }
        let (text, limits) = (self.text, self.limits);
        self.pieces.as_mut()?.find_map(|(start, piece)| read(text, start, piece, limits).transpose())
    }
}

/// Why a document was not read.
enum Refusal {
    Syntax(SyntaxError),
    /// The parser's, and where the last event before it ended.
    Parser(ScanError, usize),
}

/// A piece of the text that holds one document, or none.
fn read(text: Text<'_>, start: usize, piece: &str, limits: Limits) -> Result<Option<Node>, SyntaxError> {
    // Each copy that needs padding is read once more; what that may cost is bounded.
    const AGAIN: usize = 64 << 20;
    if let Some(at) = unprintable(piece) {
        return Err(message::unprintable(&text, start + at));
    }
    let mut content = Cow::Borrowed(piece);
    let mut padding = Padding::default();
    let mut budget = AGAIN.max(8 * piece.len());
    let mut padded_up_to = None;
    loop {
        let place = Place { text, start, padding: &padding };
        let (error, after) = match attempt(place, &content, limits) {
            Ok(node) => return Ok(node),
            Err(Refusal::Syntax(error)) => return Err(error),
            Err(Refusal::Parser(error, after)) => (error, after),
        };
        let at = error.marker().byte_offset().unwrap_or_default();
        let offset = place.offset(at);
        let refusal = message::refusal(&text, &error, offset, limits);
        let quoted = matches!(error.kind(), ErrorKind::InvalidQuotedScalarIndent | ErrorKind::TabInIndentation);
        if !quoted || padded_up_to.is_some_and(|padded| offset <= padded) {
            return Err(refusal);
        }
        padded_up_to = Some(offset);
        budget = budget.saturating_sub(content.len());
        content = Cow::Owned(padding.pad(&content, after, at, budget).ok_or(refusal)?);
    }
}

fn attempt(place: Place<'_>, content: &str, limits: Limits) -> Result<Option<Node>, Refusal> {
    let mut builder: Option<Builder<'_>> = None;
    let mut tabs = Tabs::new(content);
    let mut after = 0;
    for event in Parser::new_from_str_with_options(content, options(limits)) {
        let (event, span) = event.map_err(|error| Refusal::Parser(error, after))?;
        let range = span.byte_range().unwrap_or_default();
        after = after.max(range.end);
        tabs.see(&event, range, content);
        match (event, builder.as_mut()) {
            (Event::DocumentStart(..), None) => builder = Some(Builder::new(place.text, limits)),
            (Event::DocumentStart(..), Some(_)) => return Err(Refusal::Syntax(message::second_document(place.span(&span)))),
            (event, Some(builder)) => {
                let tag = span.tag_span().map(|tag| place.span(&tag));
                builder.take(event, place.span(&span), tag).map_err(Refusal::Syntax)?;
            }
            // The start and the end of the stream.
            (_, None) => {}
        }
    }
    if let Some(tab) = tabs.refused() {
        return Err(Refusal::Syntax(message::tab(place.text.at(place.offset(tab)))));
    }
    builder.map(Builder::finish).transpose().map_err(Refusal::Syntax)
}

fn options(limits: Limits) -> Options {
    let mut options = Options::default();
    options.flow_nesting_limit = limits.depth;
    options.block_nesting_limit = limits.depth;
    options.set_emit_comments(false);
    options
}
