//! Problems as findings: each gets its place and its layer.

use std::collections::HashSet;

use super::layers::Layers;
use super::mask::{mask_entry_line, mask_line};
use super::{Problem, Problems};
use crate::diag::{Finding, Origin, Severity};
use crate::source::{ConfigPath, Location, Segment, Sources, Span, visible};
use crate::yaml::{Node, Value};

/// All problems, sorted by place, each once.
pub(crate) fn of(problems: &Problems, tree: &Node, layers: &Layers, sources: &Sources) -> Vec<Finding> {
    let mut placed: Vec<(Span, &Problem)> =
        problems.as_slice().iter().map(|problem| (problem.span.unwrap_or_else(|| place(tree, &problem.path)), problem)).collect();
    placed.sort_by_key(|(span, problem)| (span.source, span.start, problem.severity));
    let mut seen = HashSet::new();
    placed.retain(|(span, problem)| {
        let what = match (problem.span, problem.rule) {
            (Some(_), "config/missing") => last_word(&problem.message),
            // A value is looked at in its own layer and in the merged config, where lists may have other places.
            (Some(_), _) => "",
            (None, _) => &problem.message,
        };
        seen.insert((span.source, span.start, problem.rule, what))
    });
    placed.into_iter().map(|(span, problem)| finding(span, problem, layers, sources)).collect()
}

/// The key that is missing, which ends the message.
fn last_word(message: &str) -> &str {
    message.rsplit(' ').next().unwrap_or_default()
}

fn finding(span: Span, problem: &Problem, layers: &Layers, sources: &Sources) -> Finding {
    let message = visible(&problem.message).into_owned();
    let mut finding = match problem.severity {
        Severity::Error => Finding::error(problem.rule, message),
        Severity::Warning => Finding::warning(problem.rule, message),
    };
    let mut location = locate(span, sources);
    if is_in_secrets(&problem.path) {
        location.text = mask_entry_line(&location.text);
    }
    finding = finding.with_location(location);
    if !problem.hint.is_empty() {
        finding = finding.with_hint(visible(&problem.hint));
    }
    match origin(span, &problem.path, layers) {
        Some(origin) if !origin.key.is_empty() => finding.with_origin(origin),
        _ => finding,
    }
}

/// Whether a path leads into an entry of `secrets`, also one of a profile.
fn is_in_secrets(path: &ConfigPath) -> bool {
    matches!(path.segments(), [Segment::Key(first), ..] if first == "secrets")
        || matches!(path.segments(), [Segment::Key(first), _, Segment::Key(third), ..] if first == "profiles" && third == "secrets")
}

/// The place with its line, secrets hidden.
pub(crate) fn locate(span: Span, sources: &Sources) -> Location {
    let mut location = sources.locate(span);
    location.text = mask_line(&location.text);
    location
}

/// The layer of a place, and the value there.
pub(crate) fn origin(span: Span, path: &ConfigPath, layers: &Layers) -> Option<Origin> {
    let layer = layers.name_of(span)?.to_owned();
    let inside: ConfigPath = match path.segments() {
        [Segment::Key(first), Segment::Key(_), rest @ ..] if first == "profiles" => rest.iter().cloned().collect(),
        all => all.iter().cloned().collect(),
    };
    Some(Origin { layer, key: visible(&inside.to_string()).into_owned() })
}

/// Where the value at a path stands, or else its nearest parent: a scalar itself, a mapping or list by its key.
pub(crate) fn place(tree: &Node, path: &ConfigPath) -> Span {
    let mut node = tree;
    let mut place = tree.span;
    for segment in path.segments() {
        match (segment, &node.value) {
            (Segment::Index(at), Value::Seq(items)) => {
                let Some(item) = items.get(*at) else { break };
                (node, place) = (item, item.span);
            }
            (_, Value::Map(_)) => {
                let key = match segment {
                    Segment::Key(key) => key.clone(),
                    Segment::Index(index) => index.to_string(),
                };
                let Some(entry) = node.entry(&key) else { break };
                node = &entry.value;
                place = if matches!(node.value, Value::Scalar(_)) { node.span } else { entry.key.span };
            }
            _ => break,
        }
    }
    place
}
