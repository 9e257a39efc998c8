//! `--set K=V`: single values from the command line.
//!
//! `K` is a path as messages write it: `headscale.service.nodePort`, `nodes[0].address`, `nodes[name=primer].address`, with quotes around a key
//! that holds other characters: `nodes[0].labels."example.com/disk"`. `V` is YAML: a scalar, `[a, b]` or `{a: b}`. A value set this way
//! counts exactly as if it stood in the file.

mod path;

use super::Problems;
use super::describe::shown;
use super::merge::Merge;
use super::schema::{MERGE_KEY, Shape, View};
use super::validate::{Stage, validate};
use crate::source::{ConfigPath, SourceId, Sources, Span};
use crate::yaml::{Entry, Key, Limits, Node, Scalar, Value, parse};

pub(crate) use path::{Step, parse_path};

/// One value to set.
#[derive(Debug)]
pub(crate) struct Setting {
    pub(crate) source: SourceId,
    steps: Vec<(Step, Span)>,
    value: Node,
}

impl Setting {
    /// Reads `K=V`; what is wrong with it goes to `problems`.
    pub(crate) fn read(text: &str, sources: &mut Sources, problems: &mut Problems) -> Option<Self> {
        let source = sources.add("--set", text);
        let span = |start: usize, end: usize| Span { source, start: offset(start), end: offset(end) };
        let mut refuse = |at: Span, message: String, hint: &str| {
            problems.error(ConfigPath::root(), "config/set", message, hint).at(at);
            None
        };
        let (steps, end) = match parse_path(text) {
            Ok(path) => path,
            Err(wrong) => return refuse(span(wrong.at, text.len().max(wrong.at + 1)), wrong.message, wrong.hint),
        };
        let Some(value) = text[end..].strip_prefix('=') else {
            return refuse(span(0, text.len()), format!("{} has no `=`", shown(text)), "write `--set KEY=VALUE`");
        };
        if steps.is_empty() {
            return refuse(span(0, text.len()), format!("{} names no key", shown(text)), "write `--set KEY=VALUE`");
        }
        let start = text.len() - value.len();
        if value.trim().is_empty() {
            let hint = "write `null` to remove the value, or `''` for an empty text";
            return refuse(span(0, text.len()), format!("{} has no value", shown(text)), hint);
        }
        let mut documents = match parse(source, value, Limits::CONFIG) {
            Ok(documents) => documents,
            Err(error) => {
                let at = shifted(error.span, start);
                return refuse(at, format!("the value is not YAML: {}", error.message), error.hint.as_deref().unwrap_or_default());
            }
        };
        let Some(mut value) = documents.pop().filter(|_| documents.is_empty()) else {
            return refuse(span(start, text.len()), "the value is not one YAML value".to_owned(), "");
        };
        shift(&mut value, start);
        let steps = steps.into_iter().map(|(step, range)| (step, span(range.start, range.end))).collect();
        Some(Self { source, steps, value })
    }

    /// Lays the value over a tree.
    pub(crate) fn apply(self, tree: Node, view: View<'_>, merge: &mut Merge<'_>) -> Node {
        let root = ConfigPath::root();
        if let Some((Step::Key(first), span)) = self.steps.first()
            && first == "profiles"
        {
            merge.problems.error(root.key("profiles"), "config/set", "a profile cannot be set", "set the value itself").at(*span);
            return tree;
        }
        let Some(over) = layer(Some(&tree), &self.steps, self.value, Some(view), &root, merge) else { return tree };
        validate(&over, view, &root, Stage::Layer, merge.problems);
        merge.merge(Some(tree.clone()), over, Some(view), &root).unwrap_or(tree)
    }
}

/// The layer that sets a value below `current`, as a file would have it; none when a place in a list does not exist.
fn layer(
    current: Option<&Node>,
    steps: &[(Step, Span)],
    value: Node,
    view: Option<View<'_>>,
    path: &ConfigPath,
    merge: &mut Merge<'_>,
) -> Option<Node> {
    let Some(((step, span), rest)) = steps.split_first() else { return Some(value) };
    match step {
        Step::Key(key) => {
            let below = view.and_then(|view| view.child(key));
            let node = layer(current.and_then(|node| node.get(key)), rest, value, below, &path.key(key), merge)?;
            Some(mapping(vec![entry(key, *span, node)], *span))
        }
        Step::Named(key, name) => {
            let Some(keyed) = view.filter(|view| view.text(MERGE_KEY) == Some(key)) else {
                let at = position(current, key, name);
                let Some(at) = at else { return refuse(merge, path, *span, format!("`{path}` has no entry with {key} {}", shown(name))) };
                return place(current, at, *span, rest, value, view, path, merge);
            };
            let entry = position(current, key, name).and_then(|at| item(current, at));
            named(entry, key, name, *span, rest, value, keyed, path, merge)
        }
        Step::Place(at) => {
            if let Some(keyed) = view.filter(|view| view.text(MERGE_KEY).is_some()) {
                let key = keyed.text(MERGE_KEY).unwrap_or_default();
                let entry = item(current, *at);
                let Some(name) = entry.and_then(|entry| entry.get(key)).and_then(scalar_text) else {
                    let hint = format!("`{path}` has no entry {at}; write `{path}[{key}=…]` for a new one");
                    return refuse(merge, path, *span, hint);
                };
                return named(entry, key, name, *span, rest, value, keyed, path, merge);
            }
            place(current, *at, *span, rest, value, view, path, merge)
        }
    }
}

/// An entry of a list that is merged by name.
#[expect(clippy::too_many_arguments, reason = "one call of a recursion")]
fn named(
    current: Option<&Node>,
    key: &str,
    name: &str,
    span: Span,
    rest: &[(Step, Span)],
    value: Node,
    view: View<'_>,
    path: &ConfigPath,
    merge: &mut Merge<'_>,
) -> Option<Node> {
    if let Some((Step::Key(first), at)) = rest.first()
        && first == key
    {
        return refuse(merge, path, *at, format!("an entry of `{path}` cannot be given another {key}"));
    }
    let removes = rest.is_empty() && value.is_null();
    let items = match view.shape() {
        Shape::List(items) => Some(items),
        _ => None,
    };
    let mut entries = vec![entry(key, span, string(name, span))];
    if removes {
        entries.push(entry("$patch", span, string("delete", span)));
    } else {
        let node = layer(current, rest, value, items, path, merge)?;
        let Value::Map(own) = node.value else {
            return refuse(merge, path, node.span, format!("an entry of `{path}` is a mapping"));
        };
        entries.extend(own.into_iter().filter(|entry| entry.key.text != key));
    }
    Some(Node { value: Value::Seq(vec![mapping(entries, span)]), span })
}

/// A place in a list that is replaced as a whole: the list as it is, with that place changed.
#[expect(clippy::too_many_arguments, reason = "one call of a recursion")]
fn place(
    current: Option<&Node>,
    at: usize,
    span: Span,
    rest: &[(Step, Span)],
    value: Node,
    view: Option<View<'_>>,
    path: &ConfigPath,
    merge: &mut Merge<'_>,
) -> Option<Node> {
    let mut nodes = match current.map(|node| &node.value) {
        Some(Value::Seq(nodes)) => nodes.clone(),
        _ => Vec::new(),
    };
    if at > nodes.len() {
        return refuse(merge, path, span, format!("`{path}` has {} entries, so there is no place {at}", nodes.len()));
    }
    let items = view.and_then(|view| match view.shape() {
        Shape::List(items) => Some(items),
        _ => None,
    });
    let path = path.index(at);
    let over = layer(nodes.get(at), rest, value, items, &path, merge)?;
    let inherited = if at < nodes.len() { Some(nodes.remove(at)) } else { None };
    if let Some(node) = merge.merge(inherited, over, items, &path) {
        nodes.insert(at, node);
    }
    Some(Node { value: Value::Seq(nodes), span })
}

fn refuse(merge: &mut Merge<'_>, path: &ConfigPath, span: Span, message: String) -> Option<Node> {
    merge.problems.error(path.clone(), "config/set", message, "").at(span);
    None
}

fn item(list: Option<&Node>, at: usize) -> Option<&Node> {
    match &list?.value {
        Value::Seq(nodes) => nodes.get(at),
        _ => None,
    }
}

/// Where in a list the entry with this name is.
fn position(list: Option<&Node>, key: &str, name: &str) -> Option<usize> {
    match &list?.value {
        Value::Seq(nodes) => nodes.iter().position(|node| node.get(key).and_then(scalar_text) == Some(name)),
        _ => None,
    }
}

fn scalar_text(node: &Node) -> Option<&str> {
    match &node.value {
        Value::Scalar(scalar) => Some(&scalar.text),
        _ => None,
    }
}

fn string(text: &str, span: Span) -> Node {
    Node { value: Value::Scalar(Scalar { text: text.to_owned(), plain: false, tag: None }), span }
}

fn entry(key: &str, span: Span, value: Node) -> Entry {
    Entry { key: Key { text: key.to_owned(), plain: false, span }, value }
}

fn mapping(entries: Vec<Entry>, span: Span) -> Node {
    Node { value: Value::Map(entries), span }
}

/// Moves all places of a tree that was read from the middle of a text.
fn shift(node: &mut Node, by: usize) {
    node.span = shifted(node.span, by);
    match &mut node.value {
        Value::Scalar(_) => {}
        Value::Seq(nodes) => nodes.iter_mut().for_each(|node| shift(node, by)),
        Value::Map(entries) => {
            for entry in entries {
                entry.key.span = shifted(entry.key.span, by);
                shift(&mut entry.value, by);
            }
        }
    }
}

fn shifted(span: Span, by: usize) -> Span {
    Span { source: span.source, start: span.start.saturating_add(offset(by)), end: span.end.saturating_add(offset(by)) }
}

fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
