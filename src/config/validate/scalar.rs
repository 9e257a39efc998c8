//! Scalars: strings and their formats, numbers and their bounds, booleans.

use serde_json::Value as Json;

use super::{Fix, Walk};
use crate::config::describe::shown;
use crate::config::format::format;
use crate::config::mask::{is_private_key, is_secret};
use crate::config::schema::{Shape, View};
use crate::source::{ConfigPath, Segment};
use crate::yaml::{Node, Resolved, Scalar, Value, resolve};

impl Walk<'_> {
    pub(super) fn string(&mut self, node: &Node, view: View<'_>, path: &ConfigPath) {
        let Value::Scalar(scalar) = &node.value else { return self.wrong_type(node, view, path) };
        if !is_text(scalar, view) {
            return self.wrong_type(node, view, path);
        }
        if let Some((message, hint)) = wrong_text(&scalar.text, view) {
            let (message, hint) = if is_private_key(&scalar.text) {
                let hint = "remove it, and use another key from now on: whoever reads this file has it".to_owned();
                (format!("`{path}` is a private key, which must not stand here"), hint)
            } else if holds_secret(path) {
                (format!("`{path}` is not {}", form(view)), String::new())
            } else {
                (message, hint)
            };
            self.error(node, path, "config/value", message, hint, Fix::Keep);
        }
    }

    pub(super) fn boolean(&mut self, node: &Node, view: View<'_>, path: &ConfigPath) {
        let fits = matches!(&node.value, Value::Scalar(scalar) if matches!(resolve(scalar), Resolved::Bool(_)));
        if !fits {
            self.wrong_type(node, view, path);
        }
    }

    pub(super) fn number(&mut self, node: &Node, view: View<'_>, path: &ConfigPath) {
        let number = match &node.value {
            Value::Scalar(scalar) => match resolve(scalar) {
                Resolved::Number(number) => number,
                _ => return self.wrong_type(node, view, path),
            },
            _ => return self.wrong_type(node, view, path),
        };
        let whole = number.is_i64() || number.is_u64();
        if matches!(view.shape(), Shape::Integer) && !whole {
            return self.wrong_type(node, view, path);
        }
        if let Some((bounds, hint)) = out_of_bounds(&number, view) {
            let message = format!("`{path}` is {number}, {bounds}");
            self.error(node, path, "config/value", message, hint, Fix::Remove);
        }
    }
}

/// Whether the value at a path may be a secret, which messages must not repeat.
fn holds_secret(path: &ConfigPath) -> bool {
    path.segments().iter().rev().find_map(|segment| match segment {
        Segment::Key(key) => Some(is_secret(key)),
        Segment::Index(_) => None,
    }) == Some(true)
}

/// The form that a text must have.
fn form(view: View<'_>) -> &'static str {
    view.text("format").and_then(format).map_or("of the form that is wanted", |format| format.noun)
}

/// Whether a scalar is text, or a number that the format takes by its text.
pub(crate) fn is_text(scalar: &Scalar, view: View<'_>) -> bool {
    match resolve(scalar) {
        Resolved::Str => true,
        Resolved::Number(_) => scalar.plain && view.text("format").and_then(format).is_some_and(|format| format.takes_number),
        _ => false,
    }
}

/// What is wrong with a text, and the way out.
pub(super) fn wrong_text(text: &str, view: View<'_>) -> Option<(String, String)> {
    let length = text.chars().count();
    let bound = |keyword| view.keyword(keyword).and_then(Json::as_u64).and_then(|bound| usize::try_from(bound).ok());
    if let Some(least) = bound("minLength").filter(|least| length < *least) {
        let message =
            if length == 0 { "it must not be empty".to_owned() } else { format!("{} is shorter than {least} characters", shown(text)) };
        return Some((message, String::new()));
    }
    if let Some(most) = bound("maxLength").filter(|most| length > *most) {
        return Some((format!("{} has {length} characters, at most {most} are possible", shown(text)), String::new()));
    }
    if let Some(format) = view.text("format").and_then(format) {
        let wrong = (format.check)(text).err()?;
        return Some((format!("{} is not {}: {}", shown(text), format.noun, wrong.reason), wrong.hint));
    }
    let pattern = view.text("pattern")?;
    // A pattern that is none is found by a test over the whole schema.
    let matches = regex::Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(text));
    (!matches).then(|| {
        let like: Vec<String> = view.examples().iter().filter_map(Json::as_str).map(|text| format!("`{text}`")).collect();
        let hint = if like.is_empty() { format!("it must match `{pattern}`") } else { format!("write it like {}", like.join(" or ")) };
        (format!("{} has not the form that is wanted", shown(text)), hint)
    })
}

fn out_of_bounds(number: &serde_json::Number, view: View<'_>) -> Option<(String, String)> {
    let bound = |keyword| view.keyword(keyword).and_then(Json::as_number);
    let (least, most) = (bound("minimum"), bound("maximum"));
    let below = |bound: &serde_json::Number| less(number, bound);
    let above = |bound: &serde_json::Number| less(bound, number);
    let range = || match (least, most) {
        (Some(least), Some(most)) => format!("the range is {least} to {most}"),
        _ => String::new(),
    };
    if let Some(least) = least.filter(|least| below(least)) {
        return Some((format!("at least {least} is possible"), range()));
    }
    if let Some(most) = most.filter(|most| above(most)) {
        return Some((format!("at most {most} is possible"), range()));
    }
    if let Some(least) = bound("exclusiveMinimum").filter(|least| !less(least, number)) {
        return Some((format!("it must be above {least}"), String::new()));
    }
    if let Some(most) = bound("exclusiveMaximum").filter(|most| !less(number, most)) {
        return Some((format!("it must be below {most}"), String::new()));
    }
    // A 64-bit number without bounds is still one.
    match view.text("format") {
        Some("int64") if number.as_i64().is_none() => Some((format!("at most {} is possible", i64::MAX), String::new())),
        _ => None,
    }
}

fn less(a: &serde_json::Number, b: &serde_json::Number) -> bool {
    if let (Some(a), Some(b)) = (a.as_i128(), b.as_i128()) {
        return a < b;
    }
    a.as_f64() < b.as_f64()
}

/// The way out when a scalar is of the wrong type.
pub(super) fn type_hint(node: &Node, view: View<'_>, path: &ConfigPath) -> String {
    if holds_secret(path) {
        return String::new();
    }
    let Value::Scalar(scalar) = &node.value else {
        return match (&node.value, view.shape()) {
            (Value::Seq(_), Shape::Mapping(_) | Shape::Tagged(_)) => "write `key: value` lines without `-`".to_owned(),
            _ => String::new(),
        };
    };
    let resolved = resolve(scalar);
    let read = |text: &str, as_what: &str| format!("YAML reads {} as {as_what}; put it in quotes: `\"{}\"`", shown(text), short(text));
    match (view.shape(), resolved) {
        (Shape::String, Resolved::Bool(value)) => read(&scalar.text, if value { "true" } else { "false" }),
        (Shape::String, Resolved::Number(number)) if number.to_string() == scalar.text => {
            format!("put it in quotes: `\"{}\"`", short(&scalar.text))
        }
        (Shape::String, Resolved::Number(number)) => read(&scalar.text, &format!("the number {number}")),
        (Shape::String, Resolved::NotFinite) => read(&scalar.text, "a number"),
        (Shape::String, Resolved::Null) => "give a value, or leave the key out".to_owned(),
        (Shape::Boolean, Resolved::Str) if is_boolean_word(&scalar.text) && !scalar.plain => {
            format!("write `{}` without quotes", scalar.text)
        }
        (Shape::Boolean, _) => "write `true` or `false`".to_owned(),
        (Shape::Integer | Shape::Number, Resolved::Str) if !scalar.plain && is_number(&scalar.text) => {
            format!("write `{}` without quotes", scalar.text)
        }
        (Shape::List(_), Resolved::Str) => format!("write a list, even of one: `[{}]`", short(&scalar.text)),
        _ => String::new(),
    }
}

fn short(text: &str) -> String {
    text.chars().take(40).collect()
}

fn is_boolean_word(text: &str) -> bool {
    matches!(text, "true" | "false")
}

fn is_number(text: &str) -> bool {
    matches!(resolve(&Scalar { text: text.to_owned(), plain: true, tag: None }), Resolved::Number(_))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_are_compared_without_losing_digits() {
        let number = |value: Json| value.as_number().expect("a number").clone();
        assert!(less(&number(json!(9_007_199_254_740_992_u64)), &number(json!(9_007_199_254_740_993_u64))));
        assert!(less(&number(json!(-1)), &number(json!(18_446_744_073_709_551_615_u64))));
        assert!(less(&number(json!(0.5)), &number(json!(1))));
    }
}
