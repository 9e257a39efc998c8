//! Events to one tree. It keeps its own stack: nesting in the text never nests calls.

use std::collections::HashMap;

use granit_parser::{Event, ScalarStyle, StructureStyle, Tag};

use crate::source::Span;
use crate::yaml::{Entry, Key, Node, Scalar, Value, key_text_as_go};

use super::anchor::Anchors;
use super::place::Text;
use super::scalar::{self, Style};
use super::{Limits, SyntaxError, block, merge, message};

/// The tree of one document while it grows.
#[derive(Debug)]
pub(super) struct Builder<'input> {
    text: Text<'input>,
    limits: Limits,
    open: Vec<Open>,
    anchors: Anchors,
    nodes: usize,
    root: Option<Node>,
}

/// A list or mapping whose end has not come yet.
#[derive(Debug)]
struct Open {
    items: Items,
    /// Where the event said that it starts.
    span: Span,
    flow: bool,
    /// Zero: none.
    anchor: usize,
}

#[derive(Debug)]
enum Items {
    Seq(Vec<Node>),
    Map(Vec<Entry>, Option<Key>),
}

impl<'input> Builder<'input> {
    pub(super) fn new(text: Text<'input>, limits: Limits) -> Self {
        Self { text, limits, open: Vec::new(), anchors: Anchors::default(), nodes: 0, root: None }
    }

    /// Takes the next event of the document.
    ///
    /// `tag_span` is where the node's tag stands, if it has one.
    pub(super) fn take(&mut self, event: Event<'_>, span: Span, tag_span: Option<Span>) -> Result<(), SyntaxError> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                // The parser writes `~` where nothing stands.
                let nothing = span.start == span.end && style == ScalarStyle::Plain;
                let text = match style {
                    ScalarStyle::Plain if nothing => String::new(),
                    ScalarStyle::Literal | ScalarStyle::Folded => block::as_libyaml(text.into_owned(), span, &self.text)?,
                    _ => text.into_owned(),
                };
                let tag = tag.as_deref().map(|tag| (tag, tag_span.unwrap_or(span)));
                let style = if style == ScalarStyle::Plain { Style::Plain } else { Style::Quoted };
                self.count(span)?;
                let scalar = scalar::tagged(text, style, tag, span)?;
                self.place_node(Node { value: Value::Scalar(scalar), span }, anchor)
            }
            Event::SequenceStart(style, anchor, tag) => {
                self.start(Items::Seq(Vec::new()), style, anchor, (tag.as_deref(), "seq", tag_span), span)
            }
            Event::MappingStart(style, anchor, tag) => {
                self.start(Items::Map(Vec::new(), None), style, anchor, (tag.as_deref(), "map", tag_span), span)
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(span),
            Event::Alias(anchor) => {
                let copy = self.anchors.copy(anchor, span, &self.text, self.limits, self.open.len())?;
                self.nodes = self.nodes.saturating_add(copy.nodes);
                if self.nodes > self.limits.nodes {
                    return Err(message::alias_bomb(span, self.limits));
                }
                self.place_node(copy.node, 0)
            }
            // All other events stand between nodes or were not asked for.
            _ => Ok(()),
        }
    }

    pub(super) fn finish(self) -> Result<Node, SyntaxError> {
        let start = Span { source: self.text.source, start: 0, end: 0 };
        self.root.ok_or_else(|| SyntaxError::new(start, "this document ends in the middle"))
    }

    fn count(&mut self, span: Span) -> Result<(), SyntaxError> {
        self.nodes += 1;
        if self.nodes > self.limits.nodes { Err(message::too_many_nodes(span, self.limits)) } else { Ok(()) }
    }

    fn start(
        &mut self,
        items: Items,
        style: StructureStyle,
        anchor: usize,
        (tag, own, tag_span): (Option<&Tag>, &str, Option<Span>),
        span: Span,
    ) -> Result<(), SyntaxError> {
        if let Some(tag) = tag {
            scalar::check_collection_tag(tag, own, tag_span.unwrap_or(span))?;
        }
        if let Some(Open { items: Items::Map(_, None), .. }) = self.open.last() {
            return Err(message::complex_key(span, own == "map", &self.text));
        }
        self.count(span)?;
        if self.open.len() >= self.limits.depth {
            return Err(message::too_deep(span, self.limits));
        }
        self.open.push(Open { items, span, flow: style == StructureStyle::Flow, anchor });
        Ok(())
    }

    fn end(&mut self, event: Span) -> Result<(), SyntaxError> {
        // The parser's events are balanced.
        let Some(Open { items, span, flow, anchor }) = self.open.pop() else { return Ok(()) };
        let ends = match &items {
            Items::Seq(items) => items.first().zip(items.last()).map(|(first, last)| (first.span.start, last.span.end)),
            Items::Map(entries, _) => entries.first().zip(entries.last()).map(|(first, last)| (first.key.span.start, last.value.span.end)),
        };
        let (start, end) = match ends {
            Some(ends) if !flow => ends,
            _ => (span.start, event.end),
        };
        let value = match items {
            Items::Seq(items) => Value::Seq(items),
            Items::Map(entries, _) => {
                refuse_duplicates(&entries, &self.text)?;
                Value::Map(merge::merged(entries)?)
            }
        };
        self.place_node(Node { value, span: Span { start, end: end.max(start), ..span } }, anchor)
    }

    /// Puts a whole node where it belongs.
    fn place_node(&mut self, node: Node, anchor: usize) -> Result<(), SyntaxError> {
        if anchor != 0 {
            self.anchors.remember(anchor, &node);
        }
        match self.open.last_mut().map(|open| &mut open.items) {
            None => self.root = Some(node),
            Some(Items::Seq(items)) => items.push(node),
            Some(Items::Map(entries, key)) => match key.take() {
                Some(key) => entries.push(Entry { key, value: node }),
                None => *key = Some(into_key(node, &self.text)?),
            },
        }
        Ok(())
    }
}

fn into_key(node: Node, text: &Text<'_>) -> Result<Key, SyntaxError> {
    match node.value {
        Value::Scalar(Scalar { text, plain, tag }) => match tag.as_deref() {
            None => Ok(Key { text, plain, span: node.span }),
            Some("str") => Ok(Key { text, plain: false, span: node.span }),
            Some(tag) => Err(message::tagged_key(node.span, tag)),
        },
        Value::Seq(_) => Err(message::complex_key(node.span, false, text)),
        Value::Map(_) => Err(message::complex_key(node.span, true, text)),
    }
}

/// Two keys that Kubernetes' reader makes one of, such as `1e3` and `1e+3`: one value would be lost.
fn same_in_json(entries: &[Entry]) -> Option<(&Entry, &Entry)> {
    // Only numbers and booleans change their text. Few keys start like a number or are as short as a boolean.
    let may_change =
        |key: &Key| key.plain && (key.text.len() <= "False".len() || key.text.starts_with(|c: char| "+-.0123456789".contains(c)));
    let changes = |entry: &&Entry| may_change(&entry.key) && key_text_as_go(&entry.key).is_none_or(|text| text != entry.key.text);
    entries.iter().find(changes)?;
    let mut seen = HashMap::with_capacity(entries.len());
    entries.iter().find_map(|entry| seen.insert(key_text_as_go(&entry.key)?, entry).map(|earlier| (earlier, entry)))
}

/// Keys are compared by their text: `1` and `"1"` are one key in JSON.
fn refuse_duplicates(entries: &[Entry], text: &Text<'_>) -> Result<(), SyntaxError> {
    // Most mappings are small, and comparing all pairs is then cheaper than hashing.
    const SMALL: usize = 12;
    let pair = if entries.len() <= SMALL {
        entries
            .iter()
            .enumerate()
            .find_map(|(at, entry)| entries[..at].iter().find(|earlier| earlier.key.text == entry.key.text).map(|earlier| (earlier, entry)))
    } else {
        let mut seen = HashMap::with_capacity(entries.len());
        entries.iter().find_map(|entry| seen.insert(entry.key.text.as_str(), entry).map(|earlier| (earlier, entry)))
    };
    let pair = pair.or_else(|| same_in_json(entries));
    pair.map_or(Ok(()), |(first, second)| Err(message::duplicate(&first.key, &second.key, text)))
}
