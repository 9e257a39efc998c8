//! Lists: plain ones replace, keyed ones merge entry by entry.

use std::collections::HashMap;

use super::{Merge, text};
use crate::config::describe::{listed, shown};
use crate::config::schema::View;
use crate::diag::did_you_mean;
use crate::source::{ConfigPath, Span};
use crate::yaml::{Entry, Node, Value};

const PATCH: &str = "$patch";

impl Merge<'_> {
    /// Takes nulls out of the entries, which inherit nothing.
    pub(super) fn plain_list(&mut self, nodes: Vec<Node>, span: Span, items: View<'_>, path: &ConfigPath) -> Node {
        let merged = nodes.into_iter().enumerate().map(|(at, node)| {
            // A null entry is no removal; the schema says whether it may stand there.
            if node.is_null() { node } else { self.merge(None, node.clone(), Some(items), &path.index(at)).unwrap_or(node) }
        });
        Node { value: Value::Seq(merged.collect()), span }
    }

    pub(super) fn keyed_list(
        &mut self,
        base: Option<Node>,
        nodes: Vec<Node>,
        span: Span,
        key: &str,
        items: View<'_>,
        path: &ConfigPath,
    ) -> Node {
        let (inherited, base_span) = match base {
            Some(Node { value: Value::Seq(nodes), span }) => (nodes, Some(span)),
            _ => (Vec::new(), None),
        };
        let mut merged: Vec<Option<Node>> = inherited.into_iter().map(Some).collect();
        let mut places: HashMap<String, usize> =
            merged.iter().enumerate().filter_map(|(at, node)| Some((name(node.as_ref()?, key)?.to_owned(), at))).collect();
        let inherited_names: Vec<String> = merged.iter().flatten().filter_map(|node| name(node, key)).map(ToOwned::to_owned).collect();
        let mut own: HashMap<String, ConfigPath> = HashMap::new();
        for (at, node) in nodes.into_iter().enumerate() {
            let here = path.index(at);
            let Some(name) = name(&node, key).map(ToOwned::to_owned) else {
                // The schema says what is missing or wrong.
                merged.push(Some(node));
                continue;
            };
            if own.insert(name.clone(), here.clone()).is_some() {
                let place = node.get(key).map_or(node.span, |node| node.span);
                self.problems
                    .error(
                        here.key(key),
                        "config/duplicate",
                        format!("two entries of `{path}` have the {key} {}", shown(&name)),
                        "an entry of a list that is merged by name stands there once",
                    )
                    .at(place);
                continue;
            }
            if let Some(patch) = node.entry(PATCH) {
                if self.is_removal(&node, patch, key, &here) {
                    match places.remove(&name) {
                        Some(at) => merged[at] = None,
                        None => self.removes_nothing(&node, &name, &inherited_names, key, path),
                    }
                }
                continue;
            }
            let at = *places.entry(name).or_insert_with(|| {
                merged.push(None);
                merged.len() - 1
            });
            let inherited = merged[at].take();
            merged[at] = self.merge(inherited, node, Some(items), &path.index(at));
        }
        let span = base_span.filter(|span| self.is_users(*span)).unwrap_or(span);
        Node { value: Value::Seq(merged.into_iter().flatten().collect()), span }
    }

    /// Whether an entry with `$patch` is a removal as it should be.
    fn is_removal(&mut self, node: &Node, patch: &Entry, key: &str, path: &ConfigPath) -> bool {
        let word = text(&patch.value);
        if word != Some("delete") {
            let what = word.map_or_else(|| "this".to_owned(), shown);
            self.problems
                .error(path.key(PATCH), "config/patch", format!("{what} is no `$patch`"), "the only one is `delete`")
                .at(patch.value.span);
            return false;
        }
        let Value::Map(entries) = &node.value else { return false };
        let Some(other) = entries.iter().find(|entry| entry.key.text != key && entry.key.text != PATCH) else { return true };
        self.problems
            .error(
                path.key(&other.key.text),
                "config/patch",
                format!("{} has no effect in an entry that removes", shown(&other.key.text)),
                format!("write `{key}` and `$patch: delete` alone"),
            )
            .at(other.key.span);
        false
    }

    fn removes_nothing(&mut self, node: &Node, name: &str, inherited: &[String], key: &str, path: &ConfigPath) {
        let place = node.get(key).map_or(node.span, |node| node.span);
        let names = || inherited.iter().map(String::as_str);
        let hint = match did_you_mean(name, names()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None if inherited.is_empty() => "nothing is inherited".to_owned(),
            None => format!("inherited are {}", listed(names())),
        };
        self.problems.error(path.clone(), "config/patch", format!("`{path}` inherits no {} to delete", shown(name)), hint).at(place);
    }
}

/// The name by which an entry is merged: text, or a number as it was written.
fn name<'a>(node: &'a Node, key: &str) -> Option<&'a str> {
    node.get(key).filter(|node| !node.is_null()).and_then(text)
}
