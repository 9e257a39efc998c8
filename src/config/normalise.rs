//! Fixes the meaning of plain scalars where the schema knows better than YAML: `version: 1.30` is text, and so is `off` where the
//! schema has that word.

use super::schema::{Shape, View};
use super::validate::is_text;
use crate::yaml::{Node, Resolved, Scalar, Value, resolve};

/// Marks such scalars as text, so that the JSON form has their raw text.
pub(crate) fn normalise(node: &mut Node, view: View<'_>) {
    match (&mut node.value, view.shape()) {
        (Value::Map(entries), _) => {
            for entry in entries {
                if let Some(view) = view.child(&entry.key.text) {
                    normalise(&mut entry.value, view);
                }
            }
        }
        (Value::Seq(nodes), Shape::List(items)) => nodes.iter_mut().for_each(|node| normalise(node, items)),
        (Value::Seq(nodes), Shape::Either(branches)) => {
            let items = branches.iter().find_map(|branch| match branch.shape() {
                Shape::List(items) => Some(items),
                _ => None,
            });
            if let Some(items) = items {
                for node in nodes.iter_mut() {
                    normalise(node, items);
                }
            }
        }
        (Value::Scalar(scalar), _) if is_meant_as_text(scalar, view) => scalar.plain = false,
        _ => {}
    }
}

fn is_meant_as_text(scalar: &Scalar, view: View<'_>) -> bool {
    if !scalar.plain || resolve(scalar) == Resolved::Str {
        return false;
    }
    match view.shape() {
        Shape::String => is_text(scalar, view),
        Shape::Choice(choices) => choices.iter().any(|(choice, _)| choice.as_str() == Some(&scalar.text)),
        // A form that takes the value as YAML reads it comes first.
        Shape::Either(branches) => {
            let as_read = |branch: &View<'_>| match (branch.shape(), resolve(scalar)) {
                (Shape::Integer, Resolved::Number(number)) => number.is_i64() || number.is_u64(),
                (Shape::Number, Resolved::Number(_)) | (Shape::Boolean, Resolved::Bool(_)) => true,
                _ => false,
            };
            !branches.iter().any(as_read) && branches.iter().any(|branch| is_meant_as_text(scalar, *branch))
        }
        _ => false,
    }
}
