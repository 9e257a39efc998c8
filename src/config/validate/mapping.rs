//! Mappings: keys that are unknown, missing, or in the wrong place.

use super::{Fix, Stage, Walk};
use crate::config::describe::{listed, sample, shown};
use crate::config::schema::{Additional, ELSEWHERE, Mapping, Shape, View};
use crate::diag::did_you_mean;
use crate::source::{ConfigPath, Span};
use crate::yaml::{Entry, Key, Node, Value};

impl Walk<'_> {
    pub(super) fn mapping(&mut self, entries: &[Entry], view: View<'_>, mapping: &Mapping<'_>, path: &ConfigPath, place: Span) {
        let mut meant = Vec::new();
        for entry in entries {
            if let Some(known) = mapping.property(&entry.key.text) {
                self.entry(entry, known, path);
            } else {
                self.other_key(entry, view, mapping, path, &mut meant);
            }
        }
        if self.stage == Stage::Whole {
            for key in mapping.required() {
                let there = entries.iter().any(|entry| entry.key.text == key);
                if let Some(value) = mapping.property(key)
                    && !there
                    && !meant.contains(&key)
                {
                    self.missing_value(key, value, path, place);
                }
            }
        }
    }

    /// A known key.
    pub(super) fn entry(&mut self, entry: &Entry, view: View<'_>, path: &ConfigPath) {
        let key = &entry.key.text;
        if entry.value.is_null() && self.stage == Stage::Layer {
            return;
        }
        let path = path.key(key);
        self.value(&entry.value, view, &path, entry.key.span);
    }

    /// A key that is not among the known ones.
    fn other_key<'a>(&mut self, entry: &Entry, view: View<'_>, mapping: &Mapping<'a>, path: &ConfigPath, meant: &mut Vec<&'a str>) {
        match mapping.additional() {
            Additional::Refused => {
                let known: Vec<&str> = mapping.properties().map(|(key, _)| key).collect();
                meant.extend(self.unknown_key(&entry.key, view, &known, path));
            }
            Additional::Any => self.key_form(&entry.key, mapping, path),
            Additional::Of(value) => {
                self.key_form(&entry.key, mapping, path);
                if !(entry.value.is_null() && self.stage == Stage::Layer) {
                    self.value(&entry.value, value, &path.key(&entry.key.text), entry.key.span);
                }
            }
        }
    }

    /// Reports an unknown key and answers with the key that was meant.
    pub(super) fn unknown_key<'a>(&mut self, key: &Key, view: View<'_>, known: &[&'a str], path: &ConfigPath) -> Option<&'a str> {
        let meant = did_you_mean(&key.text, known.iter().copied());
        let whole = *path == ConfigPath::root();
        let name = shown(&key.text);
        let message = if whole { format!("{name} is no key of the config") } else { format!("{name} is no key of `{path}`") };
        let hint = match (elsewhere(view, &key.text), meant) {
            (Some(hint), _) => hint.to_owned(),
            (None, Some(meant)) => format!("did you mean `{meant}`?"),
            (None, None) if known.is_empty() => "no keys are known there".to_owned(),
            (None, None) if known.len() <= 12 => format!("the keys are {}", listed(known.iter().copied())),
            (None, None) if whole => "`manifestgen explain` lists the keys".to_owned(),
            (None, None) => format!("`manifestgen explain {path}` lists the keys"),
        };
        let here = path.key(&key.text);
        self.problems.error(here.clone(), "config/unknown-key", message, hint).at(key.span);
        self.note(&here, Fix::Remove);
        if let Some(meant) = meant {
            // Nothing may be said about the value that the key was meant to set.
            self.note(&path.key(meant), Fix::Add);
        }
        meant
    }

    fn key_form(&mut self, key: &Key, mapping: &Mapping<'_>, path: &ConfigPath) {
        let Some(names) = mapping.names() else { return };
        if let Some((message, hint)) = super::scalar::wrong_text(&key.text, names) {
            let here = path.key(&key.text);
            self.problems.error(here.clone(), "config/key", message, hint).at(key.span);
            self.note(&here, Fix::Keep);
        }
    }

    /// An entry without the key by which its list is merged, unless a misspelt key was meant to be it.
    pub(super) fn missing_name(&mut self, key: &str, node: &Node, items: View<'_>, path: &ConfigPath) {
        let (Shape::Mapping(mapping), Value::Map(entries)) = (items.shape(), &node.value) else { return };
        let is_meant = |entry: &Entry| {
            let text = &entry.key.text;
            mapping.property(text).is_none() && did_you_mean(text, mapping.properties().map(|(key, _)| key)) == Some(key)
        };
        if let Some(value) = mapping.property(key).filter(|_| !entries.iter().any(is_meant)) {
            self.missing_value(key, value, path, node.span);
        }
    }

    fn missing_value(&mut self, key: &str, value: View<'_>, path: &ConfigPath, place: Span) {
        let message = if *path == ConfigPath::root() { format!("the config has no `{key}`") } else { format!("`{path}` has no `{key}`") };
        let hint = sample(value).map_or_else(|| format!("add `{key}`"), |sample| format!("add it, like `{key}: {sample}`"));
        self.problems.error(path.clone(), "config/missing", message, hint).at(place);
        self.note(&path.key(key), Fix::Add);
    }
}

/// What the schema says about a key that belongs elsewhere; case, `-` and `_` do not matter.
fn elsewhere<'a>(view: View<'a>, key: &str) -> Option<&'a str> {
    let fold = |text: &str| text.chars().filter(|c| !matches!(c, '-' | '_')).flat_map(char::to_lowercase).collect::<String>();
    let folded = fold(key);
    let hints = view.keyword(ELSEWHERE)?.as_object()?;
    hints.iter().find(|(other, _)| fold(other) == folded)?.1.as_str()
}
