//! Forms of text and numbers: names, labels, addresses, ranges.
//!
//! Source: `k8s.io/apimachinery/pkg/util/validation`.

use std::net::IpAddr;

use serde_json::Value;

use crate::schema::pointer::Pointer;
use crate::schema::scalar::{integer, nano};
use crate::schema::violation::Violation;

use super::refuse;

/// A form that a value, or each entry of a list, must have. An empty text is unset, and passes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Form {
    /// RFC 1123 label: `my-name`.
    DnsLabel,
    /// RFC 1035 label: a DNS label that begins with a letter.
    Dns1035,
    /// RFC 1123 subdomain: `example.com`.
    DnsSubdomain,
    /// A subdomain whose first label may be `*`.
    Wildcard,
    /// `[prefix/]Name`.
    QualifiedName,
    /// The value of a label.
    LabelValue,
    /// A mapping of labels.
    Labels,
    /// A mapping whose keys are qualified names.
    QualifiedKeys,
    /// The same, but for capital letters.
    AnnotationKeys,
    /// A list whose entries are not empty.
    AnyEntry,
    /// A name as in C.
    CIdentifier,
    /// RFC 1123 subdomain that may end with a dash, as the front of a generated name does.
    SubdomainPrefix,
    /// RFC 1123 subdomain in any case.
    MixedSubdomain,
    /// A network; blanks around it do not matter.
    TrimmedCidr,
    /// RFC 1035 label in any case.
    MixedDns1035,
    /// Subdomains between slashes.
    Slashed,
    /// A domain to search in: underscores, and a dot at the end, are fine.
    SearchDomain,
    /// The name of a kernel parameter.
    Sysctl,
    /// The name of an HTTP header.
    HeaderName,
    /// A quantity, or quantities, of at least 0.
    QuantityNotNegative,
    /// A quantity, or quantities, above 0.
    QuantityPositive,
    /// A key of a `ConfigMap` or `Secret`.
    ConfigKey,
    /// A mapping with such keys.
    ConfigKeys,
    /// What fits in one part of a URL's path.
    PathSegment,
    /// The name of an environment variable: printable ASCII without `=`.
    EnvName,
    /// IP address.
    Ip,
    /// Network.
    Cidr,
    /// 1 to 65535, or the name of a port.
    Port,
    /// The same, or 0 for none.
    PortOrUnset,
    /// Least and greatest number.
    Range(i64, i64),
    /// A number that is not negative, or a percentage.
    Percent,
    /// The only values.
    OneOf(&'static [&'static str]),
    /// An absolute path.
    Absolute,
    /// A relative path that does not lead out.
    Inside,
    /// A path without `..`.
    NotUpwards,
}

impl Form {
    /// Says what is wrong with a value.
    pub(super) fn check(self, value: &Value, at: &Pointer, found: &mut Vec<Violation>) {
        match (self, value) {
            (Self::QuantityNotNegative | Self::QuantityPositive, Value::Object(fields)) => {
                for (key, value) in fields {
                    self.check(value, &at.key(key), found);
                }
            }
            (Self::QuantityNotNegative | Self::QuantityPositive, Value::String(_) | Value::Number(_)) => match nano(value) {
                Some(amount) if amount < 0 => found.push(refuse(at, format!("must not be negative, is {value}"))),
                Some(0) if matches!(self, Self::QuantityPositive) => found.push(refuse(at, "must be more than 0")),
                _ => {}
            },
            (Self::Labels | Self::QualifiedKeys | Self::AnnotationKeys | Self::ConfigKeys, Value::Object(fields)) => {
                for (key, value) in fields {
                    let (fits, what) = match self {
                        Self::ConfigKeys => (is_config_key(key), "a key: letters, digits, `-`, `_` and `.`"),
                        _ => (
                            match self {
                                Self::AnnotationKeys => is_qualified_name(&key.to_lowercase()),
                                _ => is_qualified_name(key),
                            },
                            "a label's key: letters, digits, `-`, `_` and `.`, at most 63, after an optional `domain/`",
                        ),
                    };
                    if !fits {
                        found.push(refuse(&at.key(key), format!("`{key}` is not {what}")));
                    }
                    if matches!(self, Self::Labels) {
                        Self::LabelValue.check(value, &at.key(key), found);
                    }
                }
            }
            (_, Value::Array(items)) => {
                for (index, item) in items.iter().enumerate() {
                    // An entry of a list is never unset.
                    let is_text = !matches!(self, Self::LabelValue | Self::Range(..) | Self::Port | Self::PortOrUnset | Self::Percent);
                    if (item.as_str() == Some("") || item.is_null()) && is_text {
                        found.push(refuse(&at.index(index), "must not be empty"));
                    }
                    self.check(item, &at.index(index), found);
                }
            }
            (_, Value::String(text)) if !text.is_empty() => {
                if let Some(expected) = self.objection(text) {
                    found.push(refuse(at, format!("`{text}` is not {expected}")));
                }
            }
            (Self::Range(least, most), number @ Value::Number(_))
                if integer(number).is_some_and(|number| number < least || number > most) =>
            {
                let message = match (least, most) {
                    (_, i64::MAX) => format!("must be at least {least}, is {number}"),
                    _ => format!("must be from {least} to {most}, is {number}"),
                };
                found.push(refuse(at, message));
            }
            (Self::Port, number @ Value::Number(_)) if integer(number).is_some_and(|port| !(1..=65535).contains(&port)) => {
                found.push(refuse(at, format!("{number} is not a port: 1 to 65535")));
            }
            (Self::PortOrUnset, number @ Value::Number(_)) if integer(number).is_some_and(|port| !(0..=65535).contains(&port)) => {
                found.push(refuse(at, format!("{number} is not a port: 1 to 65535")));
            }
            (Self::Percent, number @ Value::Number(_)) if integer(number).is_some_and(|number| number < 0) => {
                found.push(refuse(at, format!("must not be negative, is {number}")));
            }
            _ => {}
        }
    }

    /// What a text should be, where it is not.
    fn objection(self, text: &str) -> Option<String> {
        let expected = match self {
            Self::DnsLabel if !is_dns_label(text) => {
                "a DNS label: lower-case letters, digits and `-`, at most 63, with a letter or digit at both ends"
            }
            Self::Dns1035 if !is_dns_1035(text) => {
                "a name: lower-case letters, digits and `-`, at most 63, with a letter in front and a letter or digit at the end"
            }
            Self::SubdomainPrefix if !is_dns_subdomain(text.strip_suffix('-').filter(|text| !text.is_empty()).unwrap_or(text)) => {
                "a DNS name: lower-case letters, digits, `-` and `.`"
            }
            Self::MixedSubdomain if !is_dns_subdomain(&text.to_lowercase()) => {
                "a DNS name: letters, digits, `-` and `.`, with a letter or digit at both ends"
            }
            Self::MixedDns1035 if !is_dns_1035(&text.to_lowercase()) => {
                "a name: letters, digits and `-`, at most 63, with a letter in front and a letter or digit at the end"
            }
            Self::CIdentifier if !is_c_identifier(text) => "a name of letters, digits and `_`, with no digit in front",
            Self::Slashed if !text.split('/').all(is_dns_subdomain) => "a DNS name, or several between slashes",
            Self::SearchDomain if !is_search_domain(text) => "a domain",
            Self::Sysctl if !is_sysctl(text) => {
                "the name of a kernel parameter: lower-case letters, digits, `-` and `_` between dots or slashes"
            }
            Self::HeaderName if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') => {
                "the name of an HTTP header: letters, digits and `-`"
            }
            Self::DnsSubdomain if !is_dns_subdomain(text) => {
                "a DNS name: lower-case letters, digits, `-` and `.`, with a letter or digit at both ends"
            }
            Self::Wildcard if !is_dns_subdomain(text.strip_prefix("*.").unwrap_or(text)) => "a DNS name, or one that begins with `*.`",
            Self::QualifiedName if !is_qualified_name(text) => {
                "a qualified name: letters, digits, `-`, `_` and `.`, at most 63, after an optional `domain/`"
            }
            Self::LabelValue if !is_label_value(text) => {
                "a label's value: letters, digits, `-`, `_` and `.`, at most 63, with a letter or digit at both ends"
            }
            Self::ConfigKey if !is_config_key(text) => "a key: letters, digits, `-`, `_` and `.`",
            Self::PathSegment if matches!(text, "." | "..") || text.contains(['/', '%']) => "a name: it must not have `/` or `%`",
            Self::EnvName if !text.bytes().all(|byte| (b' '..=b'~').contains(&byte) && byte != b'=') => {
                "the name of an environment variable: printable ASCII without `=`"
            }
            Self::Ip if text.parse::<IpAddr>().is_err() => "an IP address",
            Self::TrimmedCidr if text.trim().parse::<ipnet::IpNet>().is_err() => "a network like `10.0.0.0/8`",
            Self::Cidr if text.parse::<ipnet::IpNet>().is_err() => "a network like `10.0.0.0/8`",
            Self::Port | Self::PortOrUnset if !is_port_name(text) => {
                "a port's name: at most 15 lower-case letters, digits and `-`, with at least one letter"
            }
            Self::Percent
                if !text.strip_suffix('%').is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())) =>
            {
                "a percentage like `25%`"
            }
            Self::OneOf(values) if !values.contains(&text) => return Some(format!("one of {}", shown(values))),
            Self::Absolute if !text.starts_with('/') => "an absolute path",
            Self::Inside if text.starts_with('/') || text.split('/').any(|part| part == "..") => "a relative path without `..`",
            Self::NotUpwards if text.split('/').any(|part| part == "..") => "a path without `..`",
            _ => return None,
        };
        Some(expected.to_owned())
    }
}

fn shown(values: &[&str]) -> String {
    values.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(", ")
}

/// RFC 1123 label.
pub(super) fn is_dns_label(text: &str) -> bool {
    text.len() <= 63 && is_label_of_any_length(text)
}

/// A name as in C.
pub(super) fn is_c_identifier(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') && !text.starts_with(|c: char| c.is_ascii_digit())
}

fn is_search_domain(text: &str) -> bool {
    let text = text.strip_suffix('.').unwrap_or(text);
    text.is_empty() || is_dns_subdomain(&text.replace('_', "a"))
}

fn is_sysctl(text: &str) -> bool {
    let ends = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let part = |part: &str| {
        let bytes = part.as_bytes();
        ends(bytes.first()) && ends(bytes.last()) && bytes.iter().all(|byte| ends(Some(byte)) || matches!(byte, b'-' | b'_'))
    };
    text.len() <= 253 && text.split(['.', '/']).all(part)
}

/// RFC 1035 label.
pub(super) fn is_dns_1035(text: &str) -> bool {
    is_dns_label(text) && text.starts_with(|c: char| c.is_ascii_lowercase())
}

fn is_label_of_any_length(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    !text.is_empty() && text.bytes().all(|byte| inner(byte) || byte == b'-') && !text.starts_with('-') && !text.ends_with('-')
}

/// RFC 1123 subdomain; the length of a single label is not bounded.
pub(super) fn is_dns_subdomain(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(is_label_of_any_length)
}

/// `[prefix/]Name`.
pub(super) fn is_qualified_name(text: &str) -> bool {
    match text.split_once('/') {
        Some((prefix, name)) => is_dns_subdomain(prefix) && !name.is_empty() && is_label_value(name),
        None => !text.is_empty() && is_label_value(text),
    }
}

fn is_label_value(text: &str) -> bool {
    let ends = |edge: Option<u8>| edge.is_none_or(|byte| byte.is_ascii_alphanumeric());
    let bytes = text.as_bytes();
    text.len() <= 63
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
        && ends(bytes.first().copied())
        && ends(bytes.last().copied())
}

fn is_config_key(text: &str) -> bool {
    let bytes = text.as_bytes();
    !text.is_empty()
        && text.len() <= 253
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
        && text != "."
        && !text.starts_with("..")
}

/// IANA service name.
pub(super) fn is_port_name(text: &str) -> bool {
    text.len() <= 15 && is_dns_label(text) && text.bytes().any(|byte| byte.is_ascii_lowercase()) && !text.contains("--")
}
