//! One document after the other.

use granit_parser::{Event, Parser, StrInput};

use crate::source::SourceId;
use crate::yaml::Node;

use super::build::Builder;
use super::place::Text;
use super::{Limits, SyntaxError, message};

/// Reads the documents of a text one by one, so that a million of them need the memory of one.
///
/// After an error it goes on at the next `---` (or after the next `...`) at the start of a line, if there is one: a broken document
/// does not hide the others.
#[must_use]
pub fn documents(source: SourceId, text: &str, limits: Limits) -> Documents<'_> {
    let place = Text::new(source, text);
    let state = if text.len() > limits.bytes.min(u32::MAX as usize) { State::TooLong } else { State::Reading };
    let mut options = granit_parser::Options::default();
    options.flow_nesting_limit = limits.depth;
    options.block_nesting_limit = limits.depth;
    options.set_emit_comments(false);
    let unprintable = if state == State::Reading { place.next_unprintable(0) } else { None };
    Documents { place, limits, parser: Parser::new_from_str_with_options(place.content, options), unprintable, resumed: false, state }
}

/// The iterator of [`documents`].
pub struct Documents<'input> {
    place: Text<'input>,
    limits: Limits,
    parser: Parser<'input, StrInput<'input>>,
    /// The next character that YAML does not allow. The parser would let it pass in a comment, Kubernetes' reader does not.
    unprintable: Option<usize>,
    /// The parser stands behind a broken document, which may have held more of them.
    resumed: bool,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    TooLong,
    Reading,
    /// The last document was broken.
    Broken,
    Done,
}

impl Iterator for Documents<'_> {
    type Item = Result<Node, SyntaxError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.state {
            State::Done => return None,
            State::TooLong => {
                self.state = State::Done;
                return Some(Err(message::too_long(&self.place, self.limits.bytes)));
            }
            State::Broken => {
                if !matches!(self.parser.proceed_next_document(), Ok(true)) {
                    self.state = State::Done;
                    return None;
                }
                self.resumed = true;
            }
            State::Reading => {}
        }
        let next = self.document().transpose();
        self.state = match next {
            Some(Ok(_)) => State::Reading,
            Some(Err(_)) => State::Broken,
            None => State::Done,
        };
        next
    }
}

impl<'input> Documents<'input> {
    fn document(&mut self) -> Result<Option<Node>, SyntaxError> {
        let mut builder: Option<Builder<'input>> = None;
        while let Some(event) = self.parser.next_event() {
            let (event, span) = event.map_err(|error| self.refusal(&error))?;
            let range = span.byte_range().unwrap_or_default();
            if let Event::DocumentStart(..) = event {
                if std::mem::take(&mut self.resumed) && self.unprintable.is_some_and(|at| at < range.start) {
                    self.unprintable = self.place.next_unprintable(range.start);
                }
                builder = Some(Builder::new(self.place, self.limits));
            }
            if let Some(at) = self.unprintable.filter(|at| *at < range.end || matches!(event, Event::StreamEnd)) {
                return Err(message::unprintable(&self.place, at));
            }
            match (event, builder.as_mut()) {
                (Event::DocumentStart(..), _) => {}
                (Event::DocumentEnd, _) => return builder.map(Builder::finish).transpose(),
                (event, Some(builder)) => builder.take(event, self.place.span(&span), span.tag_span().map(|tag| self.place.span(&tag)))?,
                // The start and the end of the stream.
                (_, None) => {}
            }
        }
        Ok(None)
    }

    fn refusal(&self, error: &granit_parser::ScanError) -> SyntaxError {
        let at = error.marker().byte_offset().unwrap_or_default();
        match self.unprintable.filter(|unprintable| *unprintable <= at) {
            Some(unprintable) => message::unprintable(&self.place, unprintable),
            None => message::refusal(&self.place, error, self.limits),
        }
    }
}
