//! Named formats of text: `format.dns1123Label().validate(x)`.
//!
//! Source: `pkg/cel/library/format.go` of the Go module `k8s.io/apiserver`, `pkg/util/validation` of `k8s.io/apimachinery`.

use crate::cel::FORMATS;
use crate::schema::cel::url::Url;
use crate::schema::cel::value::Val;
use crate::schema::{scalar, text_format};

use super::Answer;

pub(super) fn function<'a>(name: &str, arguments: &[Val<'a>]) -> Answer<'a> {
    let known = |name: &str| FORMATS.iter().find(|known| **known == name).map(|name| Val::Format(name));
    match (name, arguments) {
        ("format.named", [Val::String(name)]) => Some(Ok(known(name).map_or(Val::Optional(None), Val::some))),
        (_, []) => known(name.strip_prefix("format.")?).map(Ok),
        _ => None,
    }
}

pub(super) fn method<'a>(name: &str, arguments: &[Val<'a>]) -> Answer<'a> {
    let ("validate", [Val::Format(format), Val::String(text)]) = (name, arguments) else { return None };
    Some(Ok(match objection(format, text) {
        None => Val::Optional(None),
        Some(objection) => Val::some(Val::texts([objection])),
    }))
}

fn objection(format: &str, text: &str) -> Option<String> {
    // What may end in a dash is checked as if something followed.
    let front = || text.strip_suffix('-').map_or_else(|| text.to_owned(), |front| format!("{front}a"));
    let (fits, what) = match format {
        "dns1123Label" => (is_label(text), "a lowercase RFC 1123 label"),
        "dns1123LabelPrefix" => (is_label(&front()), "a lowercase RFC 1123 label"),
        "dns1123Subdomain" => (is_subdomain(text), "a lowercase RFC 1123 subdomain"),
        "dns1123SubdomainPrefix" => (is_subdomain(&front()), "a lowercase RFC 1123 subdomain"),
        "dns1035Label" => (is_1035(text), "a DNS-1035 label"),
        "dns1035LabelPrefix" => (is_1035(&front()), "a DNS-1035 label"),
        "qualifiedName" => (is_qualified(text), "a qualified name"),
        "labelValue" => (text.is_empty() || is_name(text), "a valid label value"),
        "uri" => (Url::read(text).is_some(), "a URI"),
        "uuid" => (text_format::wrong(text, "uuid").is_none(), "a UUID"),
        "byte" => (text_format::wrong(text, "byte").is_none(), "base64"),
        "date" => (text_format::wrong(text, "date").is_none(), "a date"),
        _ => (scalar::is_date_time(text), "a time"),
    };
    (!fits).then(|| format!("must be {what}"))
}

fn is_label(text: &str) -> bool {
    let inside = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    text.len() <= 63 && is_bounded(text, inside, |byte| inside(byte) || byte == b'-')
}

fn is_1035(text: &str) -> bool {
    is_label(text) && text.starts_with(|c: char| c.is_ascii_lowercase())
}

fn is_subdomain(text: &str) -> bool {
    // Only the whole has a length here.
    let inside = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    text.len() <= 253 && text.split('.').all(|part| is_bounded(part, inside, |byte| inside(byte) || byte == b'-'))
}

fn is_name(text: &str) -> bool {
    text.len() <= 63 && is_bounded(text, |byte| byte.is_ascii_alphanumeric(), |byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

fn is_qualified(text: &str) -> bool {
    match text.split_once('/') {
        Some((prefix, name)) => is_subdomain(prefix) && is_name(name),
        None => is_name(text),
    }
}

fn is_bounded(text: &str, ends: impl Fn(u8) -> bool, inside: impl Fn(u8) -> bool) -> bool {
    let bytes = text.as_bytes();
    matches!((bytes.first(), bytes.last()), (Some(first), Some(last)) if ends(*first) && ends(*last))
        && bytes.iter().all(|byte| inside(*byte))
}
