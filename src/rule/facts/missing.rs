//! Needs that nothing answers.

use std::collections::{HashMap, HashSet};

use crate::diag::did_you_mean;
use crate::reference::{Edge, Need, Part, Target};
use crate::rule::{Context, Report};

/// Suggestions that a rule makes at most, and names that it compares for each: telling names apart costs more than all the rest.
const SUGGESTIONS: usize = 100;
const CANDIDATES: usize = 100;

/// Reports the objects that are needed and not there, once for each object that needs them.
pub(in crate::rule) fn missing(context: &Context<'_>, report: &mut Report<'_>, need: Need, hint: &str) {
    let mut seen = HashSet::new();
    let mut names = None;
    for edge in needs(context, need).filter(|edge| edge.part == Part::Whole) {
        let Target::Object { group, kind, namespace, name } = edge.target else { continue };
        if context.exists(&edge.target) || !seen.insert((edge.from, group, kind, namespace, name)) {
            continue;
        }
        let certain = if namespace.is_empty() { context.is_cluster_settled() } else { context.is_settled(namespace) };
        let place = if namespace.is_empty() { String::new() } else { format!(" in namespace `{namespace}`") };
        let message = format!("{kind} `{name}` is not there{place}");
        // A slip of the pen stands beside what was meant.
        let near = (seen.len() <= SUGGESTIONS).then(|| {
            let names = names.get_or_insert_with(|| names_by_place(context));
            did_you_mean(name, names.get(&(group, kind, namespace)).into_iter().flatten().copied())
        });
        let hint = near.flatten().map_or_else(|| hint.to_owned(), |near| format!("did you mean `{near}`?"));
        report.add_if(certain, edge.from, edge.pointer.clone(), message, hint);
    }
}

/// The first names of objects by group, kind and namespace.
fn names_by_place<'a>(context: &Context<'a>) -> HashMap<(&'a str, &'a str, &'a str), Vec<&'a str>> {
    let mut names: HashMap<_, Vec<_>> = HashMap::new();
    for object in context.objects {
        let names = names.entry((object.group(), object.kind(), object.namespace().unwrap_or_default())).or_default();
        if names.len() < CANDIDATES {
            names.push(object.name());
        }
    }
    names
}

/// Reports parts (keys, ports, listeners) that what is there does not have.
pub(in crate::rule) fn missing_part(context: &Context<'_>, report: &mut Report<'_>, need: Need) {
    let mut seen = HashSet::new();
    for edge in needs(context, need).filter(|edge| edge.part != Part::Whole) {
        let Target::Object { kind, namespace, name, .. } = edge.target else { continue };
        if context.has_part(&edge.target, edge.part) != Some(false) || !seen.insert((edge.from, kind, namespace, name, edge.part)) {
            continue;
        }
        let part = match edge.part {
            Part::Key(key) => format!("key `{key}`"),
            Part::PortName(port) => format!("port `{port}`"),
            Part::PortNumber(port) => format!("port {port}"),
            Part::Listener(listener) => format!("listener `{listener}`"),
            Part::Whole => continue,
        };
        let has = parts(context, edge);
        let hint = if has.is_empty() { String::new() } else { format!("it has {}", has.join(", ")) };
        report.add(edge.from, edge.pointer.clone(), format!("{kind} `{name}` has no {part}"), hint);
    }
}

/// The needs of one sort that Kubernetes does not go on without.
pub(in crate::rule) fn needs<'c, 'a>(context: &'c Context<'a>, need: Need) -> impl Iterator<Item = &'c Edge<'a>> {
    context.graph.edges().iter().filter(move |edge| edge.need == need && !edge.optional)
}

/// The parts that the target of an edge has, at most eight.
fn parts(context: &Context<'_>, edge: &Edge<'_>) -> Vec<String> {
    let crate::reference::Answer::Object(number) = context.graph.answer(&edge.target) else { return Vec::new() };
    let value = context.objects[number].value();
    let list = |field: &str| value.get("spec").and_then(|spec| spec.get(field)?.as_array()).into_iter().flatten();
    let all: Vec<String> = match edge.part {
        Part::Key(_) => {
            let maps = ["data", "binaryData", "stringData"].into_iter().filter_map(|field| value.get(field)?.as_object());
            maps.flat_map(serde_json::Map::keys).map(|key| format!("`{key}`")).collect()
        }
        Part::PortName(_) => list("ports").filter_map(|port| Some(format!("`{}`", port.get("name")?.as_str()?))).collect(),
        Part::PortNumber(_) => list("ports").filter_map(|port| Some(port.get("port")?.to_string())).collect(),
        Part::Listener(_) => list("listeners").filter_map(|listener| Some(format!("`{}`", listener.get("name")?.as_str()?))).collect(),
        Part::Whole => Vec::new(),
    };
    all.into_iter().take(8).collect()
}
