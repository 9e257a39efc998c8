//! A plan as text.

use serde_json::Value;

use crate::diag::ObjectRef;
use crate::live::{Action, Change, Entry, Plan};
use crate::ui::{StyledLine, Tone};

/// Longer values say little on a line.
const LONGEST: usize = 160;

/// Every object that something happens to, with its differences, and a summary.
pub(super) fn lines(plan: &Plan) -> Vec<StyledLine> {
    let mut lines = Vec::new();
    for entry in plan.entries.iter().filter(|entry| entry.action != Action::Unchanged || !entry.conflicts.is_empty()) {
        lines.extend(self::entry(entry));
    }
    if !lines.is_empty() {
        lines.push(StyledLine::new(Tone::Plain, ""));
    }
    lines.push(StyledLine::new(Tone::Plain, summary(plan)));
    lines
}

/// `2 to create, 1 to change, 56 unchanged`.
pub(super) fn summary(plan: &Plan) -> String {
    let count = |action: Action, words: &str| match plan.count(action) {
        0 => None,
        number => Some(format!("{number} {words}")),
    };
    let parts: Vec<_> = [
        count(Action::Create, "to create"),
        count(Action::Change, "to change"),
        count(Action::Replace, "to replace"),
        count(Action::Delete, "to delete"),
        count(Action::Keep, "kept"),
        count(Action::Unchanged, "unchanged"),
    ]
    .into_iter()
    .flatten()
    .collect();
    if parts.is_empty() { "nothing to do".to_owned() } else { parts.join(", ") }
}

/// `2 created, 1 changed, 56 unchanged`, once it is done.
pub(super) fn done(plan: &Plan) -> String {
    let words = [(" to create", " created"), (" to change", " changed"), (" to replace", " replaced"), (" to delete", " deleted")];
    words.into_iter().fold(summary(plan), |text, (due, done)| text.replace(due, done))
}

/// What happens to one object, with its differences.
pub(super) fn entry(entry: &Entry) -> Vec<StyledLine> {
    let (tone, sign) = match entry.action {
        Action::Create => (Tone::Added, "+"),
        Action::Change => (Tone::Changed, "~"),
        Action::Replace => (Tone::Bad, "!"),
        Action::Delete => (Tone::Removed, "-"),
        Action::Keep | Action::Unchanged => (Tone::Faint, " "),
    };
    let mut lines = vec![StyledLine::new(tone, format!("{sign} {} {}", entry.action.name(), name(&entry.object)))];
    lines.extend(entry.reasons.iter().map(|reason| StyledLine::new(Tone::Plain, format!("    {reason}"))));
    for conflict in &entry.conflicts {
        lines.push(StyledLine::new(Tone::Bad, format!("    conflict: `{}` belongs to `{}`", conflict.field, conflict.manager)));
    }
    lines.extend(entry.changes.iter().map(change));
    lines
}

fn change(change: &Change) -> StyledLine {
    let path = &change.path;
    let shown = |value: &Value| if change.sensitive { "(hidden)".to_owned() } else { short(value) };
    match (&change.before, &change.after) {
        (None, Some(after)) => StyledLine::new(Tone::Added, format!("    + {path}: {}", shown(after))),
        (Some(before), None) => StyledLine::new(Tone::Removed, format!("    - {path}: {}", shown(before))),
        (Some(before), Some(after)) => StyledLine::new(Tone::Changed, format!("    ~ {path}: {} -> {}", shown(before), shown(after))),
        (None, None) => StyledLine::new(Tone::Plain, format!("    {path}")),
    }
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= LONGEST {
        return text;
    }
    let cut: String = text.chars().take(LONGEST).collect();
    format!("{cut}... ({} characters)", text.chars().count())
}

/// `Deployment web/app`.
pub(super) fn name(object: &ObjectRef) -> String {
    match &object.namespace {
        Some(namespace) => format!("{} {namespace}/{}", object.kind, object.name),
        None => format!("{} {}", object.kind, object.name),
    }
}
