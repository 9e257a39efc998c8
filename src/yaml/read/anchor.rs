//! Anchors and the copies that aliases make of them.

use std::collections::HashMap;

use crate::source::Span;
use crate::yaml::{Node, Value};

use super::place::Text;
use super::{Limits, SyntaxError, message};

/// The anchors of one document.
#[derive(Debug, Default)]
pub(super) struct Anchors {
    whole: HashMap<usize, Anchored>,
    /// Bytes of text that copies have added so far.
    copied: usize,
}

#[derive(Debug)]
struct Anchored {
    node: Node,
    size: Size,
}

#[derive(Debug, Default, Clone, Copy)]
struct Size {
    nodes: usize,
    bytes: usize,
    /// Lists and mappings within each other.
    depth: usize,
}

/// A copy and the number of nodes in it.
#[derive(Debug)]
pub(super) struct Copy {
    pub(super) node: Node,
    pub(super) nodes: usize,
}

impl Anchors {
    pub(super) fn remember(&mut self, anchor: usize, node: &Node) {
        self.whole.insert(anchor, Anchored { node: node.clone(), size: measure(node) });
    }

    /// What the anchor stands for, placed at the alias. The limits are checked before anything is copied.
    pub(super) fn copy(&mut self, anchor: usize, alias: Span, text: &Text<'_>, limits: Limits, depth: usize) -> Result<Copy, SyntaxError> {
        let Some(Anchored { node, size }) = self.whole.get(&anchor) else {
            return Err(message::alias_in_itself(alias, text));
        };
        self.copied = self.copied.saturating_add(size.bytes);
        if size.nodes > limits.nodes || self.copied > limits.bytes {
            return Err(message::alias_bomb(alias, limits));
        }
        if depth + size.depth > limits.depth {
            return Err(message::too_deep(alias, limits));
        }
        let mut node = node.clone();
        node.span = alias;
        Ok(Copy { node, nodes: size.nodes })
    }
}

/// Recursion is bounded: no node is nested deeper than [`Limits::depth`].
fn measure(node: &Node) -> Size {
    let (children, depth, keys) = match &node.value {
        Value::Scalar(scalar) => return Size { nodes: 1, bytes: scalar.text.len(), depth: 0 },
        Value::Seq(items) => (items.iter().map(measure).fold(Size::default(), Size::and), 1, (0, 0)),
        Value::Map(entries) => {
            let keys = entries.iter().map(|entry| entry.key.text.len()).sum();
            (entries.iter().map(|entry| measure(&entry.value)).fold(Size::default(), Size::and), 1, (entries.len(), keys))
        }
    };
    Size { nodes: children.nodes + keys.0 + 1, bytes: children.bytes + keys.1, depth: children.depth + depth }
}

impl Size {
    fn and(self, other: Self) -> Self {
        Self { nodes: self.nodes + other.nodes, bytes: self.bytes + other.bytes, depth: self.depth.max(other.depth) }
    }
}
