//! What the API server has against an object, taken apart into causes.

use kube::core::Status;
use kube::core::response::StatusCause;
use serde_json::Value;

use super::field_path::pointer;
use super::{admission, typed_patch, webhook};
use crate::diag::{Finding, ObjectRef};

/// Longer values say nothing more.
const LONGEST_VALUE: usize = 80;

/// One thing that the server has against one place of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cause {
    pub rule: String,
    pub message: String,
    pub hint: Option<String>,
    pub path: Option<String>,
}

impl Cause {
    /// Line breaks, which CEL's messages have, become spaces.
    pub(super) fn new(rule: impl Into<String>, message: impl AsRef<str>) -> Self {
        let message = message.as_ref().split_whitespace().collect::<Vec<_>>().join(" ");
        // Some kinds append a diff of Go structs.
        let message = message.split(" @@ -").next().unwrap_or_default().to_owned();
        Self { rule: rule.into(), message, hint: None, path: None }
    }

    pub(super) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    pub(super) fn error(self, object: ObjectRef) -> Finding {
        self.complete(Finding::error, object)
    }

    pub(super) fn warning(self, object: ObjectRef) -> Finding {
        self.complete(Finding::warning, object)
    }

    fn complete(self, severity: fn(String, String) -> Finding, object: ObjectRef) -> Finding {
        let finding = severity(self.rule, self.message).with_object(object);
        let finding = self.path.into_iter().fold(finding, Finding::with_path);
        self.hint.into_iter().fold(finding, Finding::with_hint)
    }
}

/// Every cause that a refusal names. Conversion errors are not among them: only [`super::judge`] finds their place.
pub(super) fn causes(status: &Status, object: &Value) -> Vec<Cause> {
    let details = status.details.as_ref();
    if let Some(causes) = typed_patch::typed_causes(&status.message, object) {
        return causes;
    }
    let named: Vec<_> = details.iter().flat_map(|details| &details.causes).filter(|cause| !is_noise(cause)).collect();
    if status.code == 422 && !named.is_empty() {
        return named.into_iter().map(|cause| validation(cause, object)).collect();
    }
    if let Some((_, list)) = status.message.split_once("strict decoding error: ") {
        return list.split(", unknown field ").map(|part| strict(part, object)).collect();
    }
    if status.code == 404 && details.is_some_and(|details| details.kind == "namespaces") {
        let name = object.pointer("/metadata/namespace").and_then(Value::as_str).unwrap_or("default");
        let cause = Cause::new("schema/unknown-namespace", format!("there is no namespace `{name}`"));
        let cause = cause.hint("add the Namespace to the release, or use one that is there");
        return vec![Cause { path: Some("/metadata/namespace".to_owned()), ..cause }];
    }
    if status.code == 413 || status.message.contains("request is too large") {
        return vec![Cause::new("schema/too-large", "the object is larger than the API server takes (3 MiB, 1.5 MiB in etcd)")];
    }
    if let Some(cause) = webhook::cause(&status.message).filter(|_| status.code == 500) {
        return vec![cause];
    }
    if status.code == 403 {
        return admission::causes(status, object);
    }
    let path =
        status.message.split_whitespace().next().and_then(|word| pointer(word, object)).filter(|path| object.pointer(path).is_some());
    vec![Cause { path, ..Cause::new("schema/value", &status.message) }]
}

/// Something that follows from the other causes.
fn is_noise(cause: &StatusCause) -> bool {
    cause.message.contains("some validation rules were not checked because the object was invalid")
}

fn strict(part: &str, object: &Value) -> Cause {
    let field = part.trim_start_matches("unknown field ").trim_matches('"');
    let path = pointer(field, object);
    let name = field.rsplit('.').next().unwrap_or(field);
    Cause { path, ..Cause::new("schema/unknown-field", format!("unknown field `{name}`")) }
}

fn validation(cause: &StatusCause, object: &Value) -> Cause {
    let path = pointer(&as_written(&cause.field), object).map(|path| as_found(path, object));
    let (value, detail) = value_and_detail(&cause.message);
    // A Secret's values stay out of messages.
    let value = value.filter(|_| object["kind"] != "Secret");
    let name = path.as_deref().and_then(|path| path.rsplit('/').next()).unwrap_or(&cause.field).replace("~1", "/");
    let with = |said: String| match detail {
        "" => said,
        detail => format!("{said}: {detail}"),
    };
    let shown = |otherwise: &str| value.as_ref().map_or_else(|| otherwise.to_owned(), |value| format!("`{value}`"));
    let (rule, message) = match cause.reason.as_str() {
        "FieldValueRequired" => ("schema/required", with(format!("`{name}` is required"))),
        "FieldValueDuplicate" => ("schema/duplicate", format!("{} stands here twice", shown("the same"))),
        "FieldValueNotSupported" => ("schema/value", with(format!("{} is not one of the values that are allowed", shown("this")))),
        "FieldValueNotFound" => ("schema/not-found", with(format!("there is no {}", shown("such thing")))),
        "FieldValueForbidden" => ("schema/forbidden", with(format!("`{name}` is not allowed here"))),
        "FieldValueTypeInvalid" => ("schema/type", with("has the wrong type".to_owned())),
        _ if detail.contains("field is immutable") => ("schema/immutable", format!("`{name}` cannot be changed once the object exists")),
        _ if detail.is_empty() => ("schema/value", with(format!("{} is not allowed here", shown("this")))),
        _ => match value {
            Some(value) => ("schema/value", format!("`{value}`: {detail}")),
            None => ("schema/value", detail.to_owned()),
        },
    };
    let cause = Cause { path, ..Cause::new(rule, message) };
    if rule == "schema/immutable" { cause.hint("delete the object first, or give it another name") } else { cause }
}

/// Takes `Invalid value: "x": detail (…, regex used for validation is '…')` apart: the value where it is short and plain, and the detail.
fn value_and_detail(message: &str) -> (Option<String>, &str) {
    let phrases = [
        "Invalid value: ",
        "Unsupported value: ",
        "Duplicate value: ",
        "Not found: ",
        "Forbidden: ",
        "Required value",
        "Too long: ",
        "Too many: ",
    ];
    let Some((phrase, rest)) = phrases.iter().find_map(|phrase| Some((*phrase, message.strip_prefix(phrase)?))) else {
        return (None, message);
    };
    let takes_value = phrase.ends_with("value: ") || phrase.starts_with("Not");
    let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
    let (value, detail) = match values.next() {
        Some(Ok(value)) if takes_value => (Some(value), rest[values.byte_offset()..].trim_start_matches(": ").trim()),
        _ => (None, rest.trim_start_matches(": ").trim()),
    };
    let shown = value.and_then(|value| match value {
        // CEL rules over a whole object name its type in the place of a value.
        Value::String(text) if text == "object" || text.len() > LONGEST_VALUE || text.is_empty() => None,
        Value::String(text) => Some(text),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Array(items) => match items.as_slice() {
            [Value::String(text)] => Some(text.clone()),
            _ => None,
        },
        Value::Null | Value::Object(_) => None,
    });
    (shown, without_regex(detail))
}

/// The example says it better than the expression.
fn without_regex(detail: &str) -> &str {
    [", regex used for validation is '", " (regex used for validation is '"].iter().find_map(|phrase| detail.split_once(phrase)).map_or(
        detail,
        |(head, _)| {
            // The opened parenthesis goes too: `… character (e.g. 'my.name'`.
            head.rsplit_once(" (e.g. ").map_or(head, |(head, _)| head)
        },
    )
}

/// Validation runs on an internal form of some kinds, whose fields stand elsewhere than in the served version.
fn as_written(field: &str) -> String {
    // A CustomResourceDefinition whose versions share a schema.
    for moved in ["validation", "subresources", "additionalPrinterColumns", "selectableFields"] {
        if let Some(rest) = field.strip_prefix("spec.").and_then(|field| field.strip_prefix(moved)) {
            let there = if moved == "validation" { "schema" } else { moved };
            return format!("spec.versions[0].{there}{rest}");
        }
    }
    field.to_owned()
}

/// Fields that the server fills from others: the user's own is meant.
fn as_found(path: String, object: &Value) -> String {
    if object.pointer(&path).is_some() {
        return path;
    }
    for (derived, written) in [("/data/", "/stringData/"), ("/spec/clusterIPs", "/spec/clusterIP"), ("/spec/ipFamilies", "/spec/ipFamily")]
    {
        let Some(rest) = path.strip_prefix(derived) else { continue };
        let own = format!("{written}{}", if derived.ends_with('/') { rest } else { "" });
        if object.pointer(&own).is_some() {
            return own;
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn cause(reason: &str, field: &str, message: &str, object: &Value) -> Cause {
        let status = json!({"code": 422, "details": {"causes": [{"reason": reason, "field": field, "message": message}]}});
        causes(&serde_json::from_value(status).expect("a Status"), object).remove(0)
    }

    #[test]
    fn values_and_details_are_plain() {
        let object = json!({"kind": "Deployment", "metadata": {"name": "Bad_Name"}});
        let found = cause(
            "FieldValueInvalid",
            "metadata.name",
            "Invalid value: \"Bad_Name\": a lowercase RFC 1123 label must consist of lower case characters (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
            &object,
        );
        assert_eq!(found.message, "`Bad_Name`: a lowercase RFC 1123 label must consist of lower case characters");
        assert_eq!(found.path.as_deref(), Some("/metadata/name"));
        let found = cause("FieldValueRequired", "spec.rules[0].pathType", "Required value: pathType must be specified", &object);
        assert_eq!(found.message, "`pathType` is required: pathType must be specified");
        let found = cause("FieldValueInvalid", "spec", "Invalid value: \"object\": failed rule: self.a > 0", &object);
        assert_eq!(found.message, "failed rule: self.a > 0");
        let found = cause("FieldValueTooLong", "[]", "Too long: may not be more than 1048576 bytes", &object);
        assert_eq!((found.message.as_str(), found.path), ("may not be more than 1048576 bytes", None));
    }

    #[test]
    fn a_secrets_value_is_never_shown() {
        let object = json!({"kind": "Secret", "stringData": {"a b": "hunter2"}});
        let found = cause("FieldValueInvalid", "data[a b]", "Invalid value: \"hunter2\": a valid config key must consist of …", &object);
        assert!(!found.message.contains("hunter2"), "{}", found.message);
        assert_eq!(found.path.as_deref(), Some("/stringData/a b"));
    }

    #[test]
    fn fields_of_internal_forms_are_found_where_they_were_written() {
        let object = json!({"kind": "Service", "spec": {"clusterIP": "10.0.0.1"}});
        let found = cause("FieldValueInvalid", "spec.clusterIPs", "Invalid value: [\"10.0.0.1\"]: not in the range", &object);
        assert_eq!((found.message.as_str(), found.path.as_deref()), ("`10.0.0.1`: not in the range", Some("/spec/clusterIP")));
        let found = cause("FieldValueInvalid", "spec.validation.openAPIV3Schema.type", "Invalid value: \"x\": must be object", &object);
        assert_eq!(found.path.as_deref(), Some("/spec/versions/0/schema/openAPIV3Schema/type"));
    }

    #[test]
    fn strict_decoding_names_every_field() {
        let status = json!({"code": 400, "message": "Pod in version \"v1\" cannot be handled as a Pod: strict decoding error: unknown field \"spec.containers[0].prots\", unknown field \"spec.foo\""});
        let found = causes(&serde_json::from_value(status).expect("a Status"), &json!({}));
        assert_eq!(
            found.iter().map(|cause| cause.path.as_deref()).collect::<Vec<_>>(),
            [Some("/spec/containers/0/prots"), Some("/spec/foo")]
        );
        assert_eq!(found[1].message, "unknown field `foo`");
    }
}
