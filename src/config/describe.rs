//! The words that messages, `explain` and the template have for schemas and values.

use serde_json::Value as Json;

use super::format::format;
use super::schema::{Additional, Shape, View};
use crate::yaml::{Node, Resolved, Value, resolve};

/// What a schema wants, with its article: `a quantity`, `a list`.
pub(crate) fn wanted(view: View<'_>) -> String {
    match view.shape() {
        Shape::Mapping(_) | Shape::Tagged(_) => "a mapping".to_owned(),
        Shape::List(_) => "a list".to_owned(),
        Shape::Choice(choices) => {
            let words: Vec<String> = choices.iter().map(|(choice, _)| literal(choice)).collect();
            format!("one of {}", listed(words.iter().map(String::as_str)))
        }
        Shape::String => match view.text("format").and_then(format) {
            Some(format) => format!("{}, written as a string", format.noun),
            None => "a string".to_owned(),
        },
        Shape::Integer => "a whole number".to_owned(),
        Shape::Number => "a number".to_owned(),
        Shape::Boolean => "`true` or `false`".to_owned(),
        Shape::Either(branches) => {
            let mut words: Vec<String> = branches.iter().map(|branch| wanted(*branch)).collect();
            words.dedup();
            words.join(" or ")
        }
        Shape::Any => "any value".to_owned(),
        Shape::Null => "nothing".to_owned(),
    }
}

/// What `explain` calls a schema: `string (quantity)`, `list of mappings`.
pub(crate) fn kind(view: View<'_>) -> String {
    match view.shape() {
        Shape::Mapping(mapping) => match mapping.additional() {
            Additional::Of(values) if mapping.properties().next().is_none() => format!("mapping of names to {}", plural(&kind(values))),
            _ => "mapping".to_owned(),
        },
        Shape::Tagged(_) => "mapping".to_owned(),
        Shape::List(items) => format!("list of {}", plural(&kind(items))),
        Shape::Choice(_) => "one of the allowed values".to_owned(),
        Shape::String => match view.text("format").and_then(format) {
            Some(format) => format!("string ({})", format.noun.trim_start_matches("an ").trim_start_matches("a ")),
            None => "string".to_owned(),
        },
        Shape::Integer => match (view.keyword("minimum"), view.keyword("maximum")) {
            (Some(least), Some(most)) => format!("integer ({least} to {most})"),
            _ => "integer".to_owned(),
        },
        Shape::Number => "number".to_owned(),
        Shape::Boolean => "boolean".to_owned(),
        Shape::Either(branches) => branches.iter().map(|branch| kind(*branch)).collect::<Vec<_>>().join(" or "),
        Shape::Any => "anything".to_owned(),
        Shape::Null => "nothing".to_owned(),
    }
}

fn plural(kind: &str) -> String {
    match kind.split_once(' ') {
        _ if kind.starts_with("one of") || kind.starts_with("any") => kind.replacen("one of", "", 1).trim().to_owned(),
        Some((word, rest)) => format!("{word}s {rest}"),
        None => format!("{kind}s"),
    }
}

/// What a node is, with its article.
pub(crate) fn found(node: &Node) -> &'static str {
    match &node.value {
        Value::Map(_) => "a mapping",
        Value::Seq(_) => "a list",
        Value::Scalar(scalar) => match resolve(scalar) {
            Resolved::Null => "null",
            Resolved::Bool(_) => "a boolean",
            Resolved::Number(_) | Resolved::NotFinite => "a number",
            Resolved::Str => "a string",
        },
    }
}

/// Whether a node could be meant as a value of a schema.
pub(crate) fn same_kind(node: &Node, view: View<'_>) -> bool {
    match (&node.value, view.shape()) {
        (Value::Map(_), Shape::Mapping(_) | Shape::Tagged(_)) | (Value::Seq(_), Shape::List(_)) => true,
        (Value::Scalar(scalar), shape) => matches!(
            (resolve(scalar), shape),
            (Resolved::Str, Shape::String | Shape::Choice(_))
                | (Resolved::Number(_), Shape::Integer | Shape::Number)
                | (Resolved::Bool(_), Shape::Boolean)
        ),
        _ => false,
    }
}

/// Text of the input in a message: in backticks, cut when it is long.
pub(crate) fn shown(text: &str) -> String {
    const MOST: usize = 60;
    if text.chars().count() > MOST {
        let cut: String = text.chars().take(MOST).collect();
        return format!("`{cut}…`");
    }
    format!("`{text}`")
}

/// A JSON value as it would be written in a config.
pub(crate) fn literal(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}

/// Words in backticks, joined by commas.
pub(crate) fn listed<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    words.into_iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// A value that a schema takes, where one can be named in a few characters.
pub(crate) fn sample(view: View<'_>) -> Option<String> {
    if let Some(example) = view.examples().first() {
        return Some(literal(example));
    }
    match view.shape() {
        Shape::Choice(choices) => choices.first().map(|(choice, _)| literal(choice)),
        Shape::Boolean => Some("true".to_owned()),
        _ => None,
    }
}

/// The first sentence of a description, on one line.
pub(crate) fn first_sentence(text: &str) -> String {
    let text = text.split("\n\n").next().unwrap_or_default().replace('\n', " ");
    let end = text.find(". ").map_or(text.len(), |at| at + 1);
    text[..end].trim().to_owned()
}
