//! Values of which there are several forms: enumerated scalars, mappings told apart by a key, and either of several.

use super::{Fix, Stage, Walk};
use crate::config::Problems;
use crate::config::describe::{listed, literal, same_kind, shown};
use crate::config::schema::{Mapping, Shape, Tagged, View};
use crate::diag::did_you_mean;
use crate::source::{ConfigPath, Span};
use crate::yaml::{Entry, Node, Value};

impl Walk<'_> {
    pub(super) fn choice(&mut self, node: &Node, view: View<'_>, choices: &[(&serde_json::Value, Option<&str>)], path: &ConfigPath) {
        let Value::Scalar(scalar) = &node.value else { return self.wrong_type(node, view, path) };
        let json = node.to_json();
        // `off` is a boolean to YAML, and still the word that is meant where the schema has it.
        let fits = |choice: &serde_json::Value| *choice == json || (scalar.plain && choice.as_str() == Some(&scalar.text));
        if choices.iter().any(|(choice, _)| fits(choice)) {
            return;
        }
        let words: Vec<String> = choices.iter().map(|(choice, _)| literal(choice)).collect();
        let meant = did_you_mean(&scalar.text, words.iter().map(String::as_str));
        let all = listed(words.iter().map(String::as_str));
        let hint = meant.map_or_else(|| format!("possible: {all}"), |meant| format!("did you mean `{meant}`? Possible: {all}"));
        self.error(node, path, "config/value", format!("`{path}` cannot be {}", shown(&scalar.text)), hint, Fix::Remove);
    }

    pub(super) fn tagged(&mut self, entries: &[Entry], view: View<'_>, tagged: &Tagged<'_>, path: &ConfigPath, place: Span) {
        let values = || listed(tagged.branches.iter().map(|(value, _)| *value));
        match entries.iter().find(|entry| entry.key.text == tagged.tag && !entry.value.is_null()) {
            None if self.stage == Stage::Whole => {
                let message = format!("`{path}` has no `{}`", tagged.tag);
                self.problems.error(path.clone(), "config/missing", message, format!("possible: {}", values())).at(place);
                self.note(&path.key(tagged.tag), Fix::Add);
            }
            None => self.any_branch(entries, view, tagged, path),
            Some(entry) => {
                let here = path.key(tagged.tag);
                let Value::Scalar(scalar) = &entry.value.value else {
                    let message = format!("`{here}` takes one of {}", values());
                    return self.error(&entry.value, &here, "config/type", message, "", Fix::Remove);
                };
                let Some(branch) = tagged.branch(&scalar.text) else {
                    let meant = did_you_mean(&scalar.text, tagged.branches.iter().map(|(value, _)| *value));
                    let hint = meant.map_or_else(String::new, |meant| format!("did you mean `{meant}`? "));
                    let hint = format!("{hint}{} {}", if hint.is_empty() { "possible:" } else { "Possible:" }, values());
                    let message = format!("`{here}` cannot be {}", shown(&scalar.text));
                    return self.error(&entry.value, &here, "config/value", message, hint, Fix::Remove);
                };
                if let Shape::Mapping(mapping) = branch.shape() {
                    self.mapping(entries, branch, &mapping, path, place);
                }
            }
        }
    }

    /// A layer that leaves the deciding key to another layer: each key must be one of some branch.
    fn any_branch(&mut self, entries: &[Entry], view: View<'_>, tagged: &Tagged<'_>, path: &ConfigPath) {
        let mappings: Vec<Mapping<'_>> = tagged.mappings().collect();
        for entry in entries {
            let candidates: Vec<View<'_>> = mappings.iter().filter_map(|mapping| mapping.property(&entry.key.text)).collect();
            let fitting = candidates.iter().find(|view| self.quietly(|walk| walk.entry(entry, **view, path)));
            if let Some(view) = fitting.or_else(|| candidates.first()) {
                self.entry(entry, *view, path);
            } else {
                let mut known: Vec<&str> = Vec::new();
                for (key, _) in mappings.iter().flat_map(Mapping::properties) {
                    if !known.contains(&key) {
                        known.push(key);
                    }
                }
                self.unknown_key(&entry.key, view, &known, path);
            }
        }
    }

    /// One of several forms: the first that fits; else the problems of the only one of the right kind; else all kinds are named.
    pub(super) fn either(&mut self, node: &Node, view: View<'_>, branches: &[View<'_>], path: &ConfigPath, place: Span) {
        if branches.iter().any(|branch| self.quietly(|walk| walk.value(node, *branch, path, place))) {
            return;
        }
        let near: Vec<&View<'_>> = branches.iter().filter(|branch| same_kind(node, **branch)).collect();
        match near.as_slice() {
            [only] => self.value(node, **only, path, place),
            _ => self.wrong_type(node, view, path),
        }
    }

    /// Whether a walk finds nothing wrong, told to nobody.
    fn quietly(&self, walk: impl FnOnce(&mut Walk<'_>)) -> bool {
        let mut problems = Problems::new();
        walk(&mut Walk { stage: self.stage, problems: &mut problems, broken: Vec::new() });
        !problems.has_errors()
    }
}
