//! What server-side apply says before validation begins.
//!
//! First the patch is laid over the schema (structured-merge-diff): unknown fields, wrong types, duplicate keys. Then it is converted to
//! Go's types: quantities, times, base64. Both answer code 500 without a `reason`, and the second does not say where (kube-apiserver 1.36;
//! newer ones may answer 400 or 422).

use serde_json::Value;

use super::field_path::pointer;
use super::refusal::Cause;

const TYPED: &str = "failed to create typed patch object (";
const CONVERT: [&str; 2] = ["failed to convert new object (", "unable to convert unstructured object to "];

/// Whether a failure is about the object that was sent, not about the server.
pub(super) fn is_about_object(message: &str) -> bool {
    message.starts_with(TYPED) || CONVERT.iter().any(|prefix| message.starts_with(prefix)) || message.contains("request is too large")
}

/// The causes in a message of the first kind.
pub(super) fn typed_causes(message: &str, object: &Value) -> Option<Vec<Cause>> {
    let (_, list) = message.strip_prefix(TYPED)?.split_once("): ")?;
    // One stands on the same line, several each on a line of their own.
    let lines = list.strip_prefix("errors:").unwrap_or(list).lines().map(str::trim).filter(|line| !line.is_empty());
    Some(lines.map(|line| typed_cause(line, object)).collect())
}

fn typed_cause(line: &str, object: &Value) -> Cause {
    let (field, what) = split(line);
    let path = pointer(field, object);
    let value = path.as_deref().and_then(|path| object.pointer(path));
    let cause = if what == "field not declared in schema" {
        Cause::new("schema/unknown-field", format!("unknown field `{}`", last_name(path.as_deref().unwrap_or(field))))
    } else if let Some(expected) = what.strip_prefix("expected ").and_then(|rest| rest.split(", got ").next()) {
        wrong_type(expected, value)
    } else if let Some(key) = what.strip_prefix("duplicate entries for key ") {
        let path = pointer(&format!("{field}{key}"), object);
        let said = key.trim_start_matches('[').trim_end_matches(']');
        return Cause { path, ..Cause::new("schema/duplicate", format!("`{said}` stands here twice")) };
    } else {
        Cause::new("schema/value", what)
    };
    Cause { path, ..cause }
}

/// The field and what is said about it: they part at the first colon outside of quotes and brackets.
fn split(line: &str) -> (&str, &str) {
    let (mut depth, mut quoted) = (0, false);
    for (at, byte) in line.bytes().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'[' if !quoted => depth += 1,
            b']' if !quoted => depth -= 1,
            b':' if !quoted && depth == 0 && line[at + 1..].starts_with(' ') => return (&line[..at], &line[at + 2..]),
            _ => {}
        }
    }
    ("", line)
}

fn last_name(path: &str) -> String {
    path.rsplit(['/', '.']).next().unwrap_or(path).replace("~1", "/").replace("~0", "~")
}

fn wrong_type(expected: &str, value: Option<&Value>) -> Cause {
    let expected = match expected {
        "numeric (int or float)" => "a number",
        "string" => "a string",
        "boolean" => "`true` or `false`",
        "list" => "a list",
        "map" => "a mapping",
        other => other,
    };
    let actual = value.map_or("something else", kind_of);
    let cause = Cause::new("schema/type", format!("must be {expected}, not {actual}"));
    match value {
        Some(value @ (Value::Number(_) | Value::Bool(_))) if expected == "a string" => {
            cause.hint(format!("write it in quotes: \"{value}\""))
        }
        Some(Value::String(text)) if expected == "a number" && text.parse::<f64>().is_ok() => cause.hint("write it without quotes"),
        Some(Value::String(text)) if expected.starts_with('`') && matches!(text.as_str(), "true" | "false") => {
            cause.hint("write it without quotes")
        }
        _ => cause,
    }
}

const fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "a mapping",
    }
}

/// What conversion said, in its own words, without the place, which it does not know.
pub(super) fn conversion(message: &str) -> Option<&str> {
    CONVERT.iter().any(|prefix| message.starts_with(prefix)).then(|| {
        let detail = message.rsplit_once(CONVERT[1]).map_or(message, |(_, rest)| rest.split_once(": ").map_or(rest, |(_, detail)| detail));
        detail.strip_prefix("error decoding from json: ").unwrap_or(detail)
    })
}

/// The cause behind a conversion's words, once its place is known (or not).
pub(super) fn conversion_cause(detail: &str, path: Option<String>, value: Option<&Value>) -> Cause {
    let shown = value.and_then(Value::as_str).map_or_else(|| "this".to_owned(), |text| format!("`{text}`"));
    let cause = if detail.starts_with("quantities must match") || detail.starts_with("unable to parse quantity") {
        Cause::new("schema/format", format!("{shown} is no quantity like `500m`, `1.5` or `2Gi`"))
    } else if detail.starts_with("illegal base64 data") {
        Cause::new("schema/format", "must be base64").hint("a Secret takes plain text in `stringData`")
    } else if detail.starts_with("parsing time") {
        Cause::new("schema/format", format!("{shown} is no time like `2026-01-31T12:00:00Z`"))
    } else if detail.starts_with("time: ") {
        Cause::new("schema/format", format!("{shown} is no duration like `30s` or `1h30m`"))
    } else if let Some(value) = value.filter(|_| detail.starts_with("json: cannot unmarshal") || detail.starts_with("cannot convert ")) {
        Cause::new("schema/type", format!("must not be {}", kind_of(value)))
    } else {
        Cause::new("schema/value", detail)
    };
    Cause { path, ..cause }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn one_error_and_several() {
        let object = json!({"spec": {"replicas": "3"}, "data": {"a": 5}, "stringData": {"b": true}});
        let one = "failed to create typed patch object (default/d; apps/v1, Kind=Deployment): .spec.replicas: expected numeric (int or float), got string";
        let found = typed_causes(one, &object).expect("a typed patch error");
        assert_eq!((found[0].rule.as_str(), found[0].path.as_deref()), ("schema/type", Some("/spec/replicas")));
        assert_eq!(found[0].message, "must be a number, not a string");
        assert_eq!(found[0].hint.as_deref(), Some("write it without quotes"));
        let several = "failed to create typed patch object (default/s; /v1, Kind=Secret): errors:\n  .data.a: expected string, got &value.valueUnstructured{Value:5}\n  .stringData.b: expected string, got &value.valueUnstructured{Value:true}";
        let found = typed_causes(several, &object).expect("typed patch errors");
        assert_eq!(found.iter().map(|cause| cause.path.as_deref()).collect::<Vec<_>>(), [Some("/data/a"), Some("/stringData/b")]);
        assert!(!found[0].message.contains('5'), "a value of a Secret must not be shown: {}", found[0].message);
    }

    #[test]
    fn a_duplicate_is_the_later_entry() {
        let object = json!({"spec": {"env": [{"name": "A"}, {"name": "B"}, {"name": "A"}]}});
        let message = r#"failed to create typed patch object (a/b; v1, Kind=X): .spec.env: duplicate entries for key [name="A"]"#;
        let found = typed_causes(message, &object).expect("a typed patch error");
        assert_eq!((found[0].rule.as_str(), found[0].path.as_deref()), ("schema/duplicate", Some("/spec/env/2")));
        assert_eq!(found[0].message, r#"`name="A"` stands here twice"#);
    }

    #[test]
    fn conversions_keep_their_own_words() {
        let message = "failed to convert new object (default/d; apps/v1, Kind=Deployment) to proper version: unable to convert unstructured object to apps/v1, Kind=Deployment: json: cannot unmarshal bool into Go value of type int32";
        assert_eq!(conversion(message), Some("json: cannot unmarshal bool into Go value of type int32"));
        assert!(is_about_object(message));
        assert!(!is_about_object("etcdserver: leader changed"));
    }
}
