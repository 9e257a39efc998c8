//! Holds nodes against the schema.
//!
//! We walk the schema ourselves instead of mapping the errors of a validator back: of a mapping in several forms a validator reports every
//! form that does not fit, while only the one that `type` selects matters; it sees JSON, where `1.30` has become `1.3`; and it cannot
//! leave out what an inherited layer supplies.

mod choice;
mod mapping;
mod scalar;

pub(crate) use scalar::is_text;

use super::Problems;
use super::describe::{found, shown, wanted};
use super::schema::{MERGE_KEY, Shape, View};
use crate::source::{ConfigPath, Span};
use crate::yaml::{Node, Value};

/// What is being looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// One layer: parts may be missing, and null removes what is inherited.
    Layer,
    /// The whole, merged config.
    Whole,
}

/// What would make a wrong value usable, so that checks across values can run although it is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fix {
    /// It can stay: only its form is wrong.
    Keep,
    /// Take it away.
    Remove,
    /// It is missing, and has to be there if the schema requires it.
    Add,
}

/// A value that is wrong by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Broken {
    pub(crate) path: ConfigPath,
    pub(crate) fix: Fix,
}

/// Walks one tree.
#[derive(Debug)]
pub(crate) struct Walk<'p> {
    stage: Stage,
    problems: &'p mut Problems,
    broken: Vec<Broken>,
}

/// Holds a tree against the schema, adds what is wrong to `problems`, and tells which values are wrong.
pub(crate) fn validate(node: &Node, view: View<'_>, path: &ConfigPath, stage: Stage, problems: &mut Problems) -> Vec<Broken> {
    let mut walk = Walk { stage, problems, broken: Vec::new() };
    walk.value(node, view, path, node.span);
    walk.broken
}

impl Walk<'_> {
    /// `place` is where a mapping that lacks something is shown: its key, where it has one.
    fn value(&mut self, node: &Node, view: View<'_>, path: &ConfigPath, place: Span) {
        match view.shape() {
            Shape::Any => {}
            Shape::Null if node.is_null() => {}
            Shape::Null => self.wrong_type(node, view, path),
            Shape::Mapping(mapping) => match &node.value {
                Value::Map(entries) => self.mapping(entries, view, &mapping, path, place),
                _ => self.wrong_type(node, view, path),
            },
            Shape::Tagged(tagged) => match &node.value {
                Value::Map(entries) => self.tagged(entries, view, &tagged, path, place),
                _ => self.wrong_type(node, view, path),
            },
            Shape::List(items) => match &node.value {
                Value::Seq(nodes) => self.list(nodes, view, items, path),
                _ => self.wrong_type(node, view, path),
            },
            Shape::Either(branches) => self.either(node, view, &branches, path, place),
            Shape::Choice(choices) => self.choice(node, view, &choices, path),
            Shape::String => self.string(node, view, path),
            Shape::Integer | Shape::Number => self.number(node, view, path),
            Shape::Boolean => self.boolean(node, view, path),
        }
    }

    fn list(&mut self, nodes: &[Node], view: View<'_>, items: View<'_>, path: &ConfigPath) {
        let merge_key = view.text(MERGE_KEY);
        for (at, node) in nodes.iter().enumerate() {
            let path = path.index(at);
            if self.stage == Stage::Layer
                && let Some(key) = merge_key
                && matches!(node.value, Value::Map(_))
            {
                if node.get(key).is_none_or(Node::is_null) {
                    self.missing_name(key, node, items, &path);
                }
                // Merging looks at removals.
                if node.get("$patch").is_some() {
                    continue;
                }
            }
            self.value(node, items, &path, node.span);
        }
        self.list_bounds(nodes, view, path);
    }

    fn list_bounds(&mut self, nodes: &[Node], view: View<'_>, path: &ConfigPath) {
        let bound = |keyword| view.keyword(keyword).and_then(serde_json::Value::as_u64).and_then(|bound| usize::try_from(bound).ok());
        let Some(first) = nodes.first() else {
            if self.stage == Stage::Whole && bound("minItems").is_some_and(|least| least > 0) {
                self.problems.error(path.clone(), "config/value", format!("`{path}` must not be empty"), "");
                self.note(path, Fix::Keep);
            }
            return;
        };
        let wrong = if bound("minItems").is_some_and(|least| nodes.len() < least) && self.stage == Stage::Whole {
            format!("`{path}` has {} entries, at least {} are needed", nodes.len(), bound("minItems").unwrap_or_default())
        } else if bound("maxItems").is_some_and(|most| nodes.len() > most) {
            format!("`{path}` has {} entries, at most {} are possible", nodes.len(), bound("maxItems").unwrap_or_default())
        } else {
            if view.keyword("uniqueItems").is_some_and(|unique| *unique == true) {
                self.unique(nodes, path);
            }
            return;
        };
        self.problems.error(path.clone(), "config/value", wrong, "").at(first.span);
        self.note(path, Fix::Keep);
    }

    fn unique(&mut self, nodes: &[Node], path: &ConfigPath) {
        let mut seen = std::collections::HashSet::new();
        for (at, node) in nodes.iter().enumerate() {
            let value = node.to_json().to_string();
            if !seen.insert(value.clone()) {
                let message = format!("`{path}` holds {} twice", shown(value.trim_matches('"')));
                self.error(node, &path.index(at), "config/duplicate", message, "remove one of them", Fix::Keep);
            }
        }
    }

    /// A value of another type than the schema wants.
    fn wrong_type(&mut self, node: &Node, view: View<'_>, path: &ConfigPath) {
        let message = format!("`{path}` takes {}, not {}", wanted(view), found(node));
        self.error(node, path, "config/type", message, scalar::type_hint(node, view, path), Fix::Remove);
    }

    fn error(&mut self, node: &Node, path: &ConfigPath, rule: &'static str, message: String, hint: impl Into<String>, fix: Fix) {
        self.problems.error(path.clone(), rule, message, hint).at(node.span);
        self.note(path, fix);
    }

    fn note(&mut self, path: &ConfigPath, fix: Fix) {
        self.broken.push(Broken { path: path.clone(), fix });
    }
}
