//! Lays one layer over another.
//!
//! Mappings merge by key; scalars and plain lists replace. Lists that the schema keys merge by that key, inherited order first. Null removes
//! what is inherited, so that the default returns; inside free mappings (a chart's values) null is data. An entry
//! `{name: x, $patch: delete}` removes an inherited one. A mapping whose deciding key (`type`) changes replaces.

mod list;

use std::collections::HashMap;

use super::Problems;
use super::schema::{MERGE_KEY, Mapping, Shape, Tagged, View};
use crate::source::{ConfigPath, SourceId, Span};
use crate::yaml::{Entry, Node, Scalar, Value};

/// Lays layers over each other.
#[derive(Debug)]
pub(crate) struct Merge<'p> {
    pub(crate) problems: &'p mut Problems,
    /// The text of the built-in profile. A section of several layers stands where the lowest that the user can change has it: the place
    /// of a `--set` helps nobody who looks for a section.
    pub(crate) built_in: Option<SourceId>,
}

impl Merge<'_> {
    /// `over` laid over `base`; none when `over` removes it. Without a base, nulls and removals are still taken out of `over`.
    pub(crate) fn merge(&mut self, base: Option<Node>, over: Node, view: Option<View<'_>>, path: &ConfigPath) -> Option<Node> {
        let shape = view.map(|view| view.shape());
        if over.is_null() && !matches!(shape, Some(Shape::Any)) {
            if base.is_none() && is_left_empty(&over) {
                self.warn_of_nothing(&over, shape.as_ref(), path);
            }
            return None;
        }
        match (shape, over.value) {
            (Some(Shape::Mapping(mapping)), Value::Map(entries)) if mapping.is_free() => {
                Some(free(base, Node { value: Value::Map(entries), span: over.span }))
            }
            (Some(Shape::Mapping(mapping)), Value::Map(entries)) => {
                Some(self.mapping(base, entries, over.span, path, |key| mapping.value(key)))
            }
            (Some(Shape::Tagged(tagged)), Value::Map(entries)) => Some(self.tagged(base, entries, over.span, path, &tagged)),
            (Some(Shape::Either(branches)), Value::Map(entries)) => {
                let mappings: Vec<Mapping<'_>> = branches.iter().filter_map(as_mapping).collect();
                let value = |key: &str| mappings.iter().find_map(|mapping| mapping.value(key));
                Some(self.mapping(base, entries, over.span, path, value))
            }
            (Some(Shape::List(items)), Value::Seq(nodes)) => {
                let key = view.and_then(|view| view.text(MERGE_KEY));
                Some(match key {
                    Some(key) => self.keyed_list(base, nodes, over.span, key, items, path),
                    None => self.plain_list(nodes, over.span, items, path),
                })
            }
            (_, value) => Some(Node { value, span: over.span }),
        }
    }

    fn tagged(&mut self, base: Option<Node>, entries: Vec<Entry>, span: Span, path: &ConfigPath, tagged: &Tagged<'_>) -> Node {
        let tag_of = |entries: &[Entry]| {
            entries.iter().find(|entry| entry.key.text == tagged.tag).and_then(|entry| text(&entry.value).map(ToOwned::to_owned))
        };
        let inherited = base.as_ref().and_then(|node| match &node.value {
            Value::Map(entries) => tag_of(entries),
            _ => None,
        });
        let own = tag_of(&entries);
        let base = base.filter(|_| own.is_none() || own == inherited);
        let branch = own.or(inherited).and_then(|tag| tagged.branch(&tag)).and_then(|view| as_mapping(&view));
        let value = |key: &str| match &branch {
            Some(mapping) => mapping.value(key),
            None => tagged.mappings().find_map(|mapping| mapping.property(key)),
        };
        self.mapping(base, entries, span, path, value)
    }

    fn mapping<'a>(
        &mut self,
        base: Option<Node>,
        over: Vec<Entry>,
        span: Span,
        path: &ConfigPath,
        value: impl Fn(&str) -> Option<View<'a>>,
    ) -> Node {
        let (mut entries, base_span) = match base {
            Some(Node { value: Value::Map(entries), span }) => (entries, Some(span)),
            _ => (Vec::new(), None),
        };
        let mut places: HashMap<String, usize> = entries.iter().enumerate().map(|(at, entry)| (entry.key.text.clone(), at)).collect();
        let mut merged: Vec<Option<Entry>> = entries.drain(..).map(Some).collect();
        for Entry { key, value: node } in over {
            let at = *places.entry(key.text.clone()).or_insert_with(|| {
                merged.push(None);
                merged.len() - 1
            });
            let inherited = merged[at].take();
            let (inherited_key, inherited) = inherited.map_or((None, None), |entry| (Some(entry.key), Some(entry.value)));
            let is_section = matches!(node.value, Value::Map(_));
            let path = path.key(&key.text);
            merged[at] = self.merge(inherited, node, value(&key.text), &path).map(|value| {
                let key = inherited_key.filter(|key| is_section && self.is_users(key.span)).unwrap_or(key);
                Entry { key, value }
            });
        }
        let span = base_span.filter(|span| self.is_users(*span)).unwrap_or(span);
        Node { value: Value::Map(merged.into_iter().flatten().collect()), span }
    }

    /// Whether the user can change what stands at a place.
    fn is_users(&self, span: Span) -> bool {
        Some(span.source) != self.built_in
    }

    /// `headscale:` with nothing behind it is null, which most people do not mean.
    fn warn_of_nothing(&mut self, node: &Node, shape: Option<&Shape<'_>>, path: &ConfigPath) {
        let empty = match shape {
            Some(Shape::Mapping(_) | Shape::Tagged(_)) => "{}",
            Some(Shape::List(_)) => "[]",
            _ => return,
        };
        self.problems
            .warning(
                path.clone(),
                "config/nothing",
                format!("`{path}` has no value and counts as left out"),
                format!("write `{empty}` to have it, or `null` to show that leaving it out is meant"),
            )
            .at(node.span);
    }
}

/// Free mappings merge by key, too; everything in them is data.
fn free(base: Option<Node>, over: Node) -> Node {
    let span = over.span;
    match (base.map(|node| node.value), over.value) {
        (Some(Value::Map(mut entries)), Value::Map(over)) => {
            let places: HashMap<String, usize> = entries.iter().enumerate().map(|(at, entry)| (entry.key.text.clone(), at)).collect();
            for entry in over {
                match places.get(&entry.key.text) {
                    Some(at) => {
                        let inherited = std::mem::replace(&mut entries[*at], entry);
                        let own = entries[*at].value.clone();
                        entries[*at].value = free(Some(inherited.value), own);
                    }
                    None => entries.push(entry),
                }
            }
            Node { value: Value::Map(entries), span }
        }
        (_, value) => Node { value, span },
    }
}

fn as_mapping<'a>(view: &View<'a>) -> Option<Mapping<'a>> {
    match view.shape() {
        Shape::Mapping(mapping) => Some(mapping),
        _ => None,
    }
}

/// Whether nothing at all was written, not even `null` or `~`.
fn is_left_empty(node: &Node) -> bool {
    matches!(&node.value, Value::Scalar(Scalar { text, plain: true, .. }) if text.is_empty())
}

/// The text of a scalar.
fn text(node: &Node) -> Option<&str> {
    match &node.value {
        Value::Scalar(scalar) => Some(&scalar.text),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
