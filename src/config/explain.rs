//! What a key of the config means, and where its value came from.

use super::Loaded;
use super::describe::{first_sentence, kind, listed, literal, shown};
use super::schema::{Additional, ELSEWHERE, Mapping, Shape, View, model};
use super::set::{Step, parse_path};
use crate::diag::{Error, Origin, Result, did_you_mean};
use crate::source::{ConfigPath, Location, Segment, Sources, visible};
use crate::yaml::{Node, Value};

/// What is known about one key.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// The key's path as it was asked for; empty for the whole config.
    pub key: String,
    /// What values it takes: `string (quantity)`, `list of mappings`.
    pub kind: String,
    /// What it means.
    pub description: String,
    /// What holds when it is not set, where that is one value.
    pub default: Option<String>,
    /// All values that are possible, where they can be listed.
    pub allowed: Vec<String>,
    /// Some values.
    pub examples: Vec<String>,
    /// The keys below it (or the values that are possible), with a line on each.
    pub children: Vec<(String, String)>,
    /// What the config says, where a config was given and says anything.
    pub value: Option<String>,
    /// Where it says so, and in which layer.
    pub origin: Option<(Location, Origin)>,
}

/// Explains a key, written as `headscale.storage`, `nodes.name` or `nodes[name=primer].address`.
///
/// # Errors
/// Usage, when there is no such key.
pub fn explain(path: &str, loaded: Option<(&Loaded, &Sources)>) -> Result<Explanation> {
    let steps = match parse_path(path) {
        Ok((steps, end)) if end == path.len() => steps,
        Ok((_, end)) => return Err(no_path(path, &format!("`{}` is not part of a key", &path[end..]))),
        Err(wrong) => return Err(no_path(path, &wrong.message)),
    };
    let mut view = model();
    let mut before = String::new();
    for (step, range) in &steps {
        view = step_into(view, step, &before)?;
        path[..range.end].clone_into(&mut before);
    }
    let steps: Vec<Step> = steps.into_iter().map(|(step, _)| step).collect();
    let written = loaded.and_then(|(loaded, sources)| {
        let path = path_of(loaded.tree(), &steps)?;
        let node = loaded.tree().at(&path)?;
        Some((one_line(node), loaded.place(&path, sources)))
    });
    let (value, origin) = written.map_or((None, None), |(value, origin)| (Some(value), origin));
    Ok(Explanation {
        key: visible(path).into_owned(),
        kind: kind(view),
        description: view.description().map(unwrapped).unwrap_or_default(),
        default: view.keyword("default").filter(|default| !default.is_object()).map(literal),
        allowed: allowed(view),
        examples: view.examples().iter().map(literal).collect(),
        children: children(view),
        value,
        origin,
    })
}

fn no_path(path: &str, why: &str) -> Box<Error> {
    Error::usage(format!("{} is no key: {}", visible(&shown(path)), visible(why)))
        .hint("write keys joined by dots, like `headscale.storage.size`")
}

/// The schema one step further. A list is gone into with or without a place, because its entries are all alike.
fn step_into<'a>(view: View<'a>, step: &Step, before: &str) -> Result<View<'a>> {
    match (step, view.shape()) {
        (Step::Key(_), Shape::List(items)) => step_into(items, step, before),
        (Step::Place(_) | Step::Named(..), Shape::List(items)) => Ok(items),
        (Step::Key(key), _) => view.child(key).ok_or_else(|| unknown(view, key, before)),
        _ => Err(Error::usage(format!("`{before}` is no list"))),
    }
}

fn unknown(view: View<'_>, key: &str, before: &str) -> Box<Error> {
    let name = visible(&shown(key)).into_owned();
    let message = if before.is_empty() { format!("{name} is no key of the config") } else { format!("{name} is no key of `{before}`") };
    let known: Vec<&str> = properties(view).into_iter().map(|(key, _)| key).collect();
    let elsewhere = view.keyword(ELSEWHERE).and_then(|hints| hints.get(key)?.as_str());
    let hint = match (elsewhere, did_you_mean(key, known.iter().copied())) {
        (Some(hint), _) => hint.to_owned(),
        (None, Some(meant)) if before.is_empty() => format!("did you mean `{meant}`?"),
        (None, Some(meant)) => format!("did you mean `{before}.{meant}`?"),
        (None, None) if known.is_empty() => format!("`{before}` has no keys"),
        (None, None) => format!("the keys are {}", listed(known)),
    };
    Error::usage(message).hint(hint)
}

/// The keys that a value can have.
fn properties(view: View<'_>) -> Vec<(&str, View<'_>)> {
    match view.shape() {
        Shape::Mapping(mapping) => mapping.properties().collect(),
        Shape::Tagged(tagged) => {
            let mut all: Vec<(&str, View<'_>)> = Vec::new();
            for (key, view) in tagged.mappings().flat_map(|mapping| mapping.properties().collect::<Vec<_>>()) {
                if !all.iter().any(|(known, _)| *known == key) {
                    all.push((key, view));
                }
            }
            all
        }
        Shape::List(items) => properties(items),
        Shape::Either(branches) => branches.iter().flat_map(|branch| properties(*branch)).collect(),
        _ => Vec::new(),
    }
}

fn children(view: View<'_>) -> Vec<(String, String)> {
    let line = |view: View<'_>| view.description().map(first_sentence).unwrap_or_default();
    match view.shape() {
        Shape::Choice(choices) if choices.iter().any(|(_, description)| description.is_some()) => {
            choices.iter().map(|(choice, description)| (literal(choice), description.map(first_sentence).unwrap_or_default())).collect()
        }
        Shape::Mapping(mapping) => {
            let mut rows: Vec<(String, String)> = mapping.properties().map(|(key, view)| (key.to_owned(), line(view))).collect();
            if let (true, Some(values)) = (rows.is_empty(), values_of(&mapping)) {
                rows = children(values);
            }
            rows
        }
        _ => properties(view).into_iter().map(|(key, view)| (key.to_owned(), line(view))).collect(),
    }
}

/// What the values of a map from free names are.
fn values_of<'a>(mapping: &Mapping<'a>) -> Option<View<'a>> {
    match mapping.additional() {
        Additional::Of(values) => Some(values),
        _ => None,
    }
}

fn allowed(view: View<'_>) -> Vec<String> {
    match view.shape() {
        Shape::Choice(choices) => choices.iter().map(|(choice, _)| literal(choice)).collect(),
        Shape::Boolean => vec!["true".to_owned(), "false".to_owned()],
        Shape::List(items) if matches!(items.shape(), Shape::Choice(_)) => allowed(items),
        _ => Vec::new(),
    }
}

/// Paragraphs on one line each, so that whoever shows them can wrap them.
fn unwrapped(text: &str) -> String {
    text.split("\n\n").map(|paragraph| paragraph.replace('\n', " ")).collect::<Vec<_>>().join("\n\n")
}

/// The place in a tree that steps lead to; none when they name no single value.
fn path_of(tree: &Node, steps: &[Step]) -> Option<ConfigPath> {
    let mut node = tree;
    let mut path = Vec::new();
    for step in steps {
        let segment = match (step, &node.value) {
            (Step::Key(key), _) => Segment::Key(key.clone()),
            (Step::Place(at), _) => Segment::Index(*at),
            (Step::Named(key, name), Value::Seq(nodes)) => {
                let is_it =
                    |node: &Node| matches!(node.get(key).map(|node| &node.value), Some(Value::Scalar(scalar)) if scalar.text == *name);
                Segment::Index(nodes.iter().position(is_it)?)
            }
            (Step::Named(..), _) => return None,
        };
        node = node.at(&std::iter::once(segment.clone()).collect())?;
        path.push(segment);
    }
    Some(path.into_iter().collect())
}

/// A value on one line.
fn one_line(node: &Node) -> String {
    let text = match &node.value {
        Value::Scalar(scalar) => scalar.text.clone(),
        _ => node.to_json().to_string(),
    };
    visible(&text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_without_a_file() {
        let explanation = explain("cluster.security.podSecurityStandard", None).expect("a known key");
        assert_eq!(explanation.kind, "one of the allowed values");
        assert_eq!(explanation.default.as_deref(), Some("restricted"));
        assert_eq!(explanation.allowed, ["restricted", "baseline", "privileged"]);
        assert_eq!(explanation.children[0], ("restricted".to_owned(), "Hardened pods only.".to_owned()));
        let network = explain("cluster.network", None).expect("a known key");
        assert_eq!((network.kind.as_str(), network.default), ("mapping", None));
        assert!(network.children.iter().any(|(key, line)| key == "serviceCidr" && line.starts_with("Addresses of Services")));
    }

    #[test]
    fn lists_are_gone_into_with_and_without_a_place() {
        for path in ["nodes.name", "nodes[0].name", "nodes[name=x].name"] {
            assert!(explain(path, None).expect("a known key").description.starts_with("Its name"), "{path}");
        }
    }

    #[test]
    fn an_unknown_key_gets_a_suggestion() {
        let error = explain("cluster.netwrk", None).expect_err("no such key");
        assert_eq!(
            (error.message.as_str(), error.hints[0].as_str()),
            ("`netwrk` is no key of `cluster`", "did you mean `cluster.network`?")
        );
        let error = explain("cluster.name.x", None).expect_err("no such key");
        assert_eq!(error.hints, ["`cluster.name` has no keys"]);
        assert!(explain("a..b", None).is_err() && explain("cluster=", None).is_err());
    }
}
