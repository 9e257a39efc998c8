//! What a scalar means.
//!
//! Kubernetes reads YAML with Go's `sigs.k8s.io/yaml` 1.6, which turns it into JSON with `go.yaml.in/yaml/v2` 2.4: YAML 1.1
//! with a few ways of its own. The facts here are those of its `resolve.go` and of Go's `strconv`; the integration tests hold them
//! against the real reader.

mod ambiguous;
mod float;
mod number;

use serde_json::Number;

use super::{Key, Scalar};

/// An interpreted scalar.
#[derive(Debug, Clone, PartialEq)]
pub enum Resolved {
    /// Null.
    Null,
    /// A boolean.
    Bool(bool),
    /// A number that fits `i64`, `u64` or `f64`.
    ///
    /// A whole number below 2^64 is an integer, however it is written (`1e3`, `12.0`): Go writes it into the JSON without a fraction, and the API
    /// server reads that as an integer.
    Number(Number),
    /// `.inf`, `-.inf` or `.nan`, for which JSON has no number; Kubernetes' reader refuses the document.
    NotFinite,
    /// A string.
    Str,
}

impl Resolved {
    /// As JSON; `text` is the scalar's.
    #[must_use]
    pub fn into_json(self, text: &str) -> serde_json::Value {
        match self {
            Self::Null => serde_json::Value::Null,
            Self::Bool(value) => value.into(),
            Self::Number(value) => value.into(),
            Self::NotFinite | Self::Str => text.into(),
        }
    }
}

/// Interprets a scalar as Kubernetes' YAML reader does.
///
/// A tag overrides quotes: `!!int "1"` is a number. The parser has made sure that the text fits the tag.
#[must_use]
pub fn resolve(scalar: &Scalar) -> Resolved {
    match scalar.tag.as_deref() {
        None if scalar.plain => resolve_plain(&scalar.text),
        Some("int" | "float" | "bool" | "null") => resolve_plain(&scalar.text),
        _ => Resolved::Str,
    }
}

impl Scalar {
    /// The value as JSON; see [`super::Node::to_json`].
    #[must_use]
    pub fn into_json(self) -> serde_json::Value {
        match resolve(&self) {
            Resolved::Str => self.text.into(),
            other => other.into_json(&self.text),
        }
    }

    /// Whether YAML 1.1 and 1.2 readers disagree on what this is (`yes`, `012`, `1e3`, `12:30`), so that quotes would make it clear.
    #[must_use]
    pub fn ambiguous(&self) -> bool {
        self.plain && self.tag.is_none() && ambiguous::ambiguous(&self.text)
    }
}

/// The JSON key that Kubernetes' YAML reader makes of a key: `yes` becomes `true`, `012` becomes `10`, `1e3` becomes `1000`.
///
/// None where it refuses the whole document: a null key, and an integer that only fits `u64`.
#[must_use]
pub fn key_text_as_go(key: &Key) -> Option<String> {
    if !key.plain {
        return Some(key.text.clone());
    }
    match meaning(&key.text) {
        Meaning::Null | Meaning::Unsigned(_) => None,
        Meaning::Bool(value) => Some(value.to_string()),
        Meaning::Signed(value) => Some(value.to_string()),
        Meaning::Float(value) => Some(float::in_key(value)),
        Meaning::Str => Some(key.text.clone()),
    }
}

/// As [`key_text_as_go`], of a key that is not needed any more.
///
/// # Errors
/// The key's text, where Kubernetes' reader refuses the whole document.
pub fn into_key_as_go(key: Key) -> Result<String, String> {
    if key.plain && meaning(&key.text) != Meaning::Str { key_text_as_go(&key).ok_or(key.text) } else { Ok(key.text) }
}

/// As [`resolve`], for text that has neither quotes nor a tag.
pub(super) fn resolve_plain(text: &str) -> Resolved {
    match meaning(text) {
        Meaning::Null => Resolved::Null,
        Meaning::Bool(value) => Resolved::Bool(value),
        Meaning::Signed(value) => Resolved::Number(value.into()),
        Meaning::Unsigned(value) => Resolved::Number(value.into()),
        Meaning::Float(value) => float::in_json(value),
        Meaning::Str => Resolved::Str,
    }
}

/// What Go's reader makes of plain text before it becomes JSON.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Meaning {
    Null,
    Bool(bool),
    Signed(i64),
    /// Over `i64::MAX`.
    Unsigned(u64),
    Float(f64),
    /// Timestamps, too: they stay strings in JSON.
    Str,
}

fn meaning(text: &str) -> Meaning {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Meaning::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Meaning::Bool(true),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Meaning::Bool(false),
        ".nan" | ".NaN" | ".NAN" => Meaning::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Meaning::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Meaning::Float(f64::NEG_INFINITY),
        _ => match text.as_bytes()[0] {
            b'.' => number::starting_with_point(text),
            b'+' | b'-' | b'0'..=b'9' => number::starting_with_sign_or_digit(text),
            _ => Meaning::Str,
        },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn plain(text: &str) -> serde_json::Value {
        resolve_plain(text).into_json(text)
    }

    #[test]
    fn words_are_those_of_yaml_1_1() {
        for text in ["y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "true", "True", "TRUE"] {
            assert_eq!(plain(text), json!(true), "{text}");
        }
        for text in ["n", "N", "no", "No", "NO", "off", "Off", "OFF", "false", "False", "FALSE"] {
            assert_eq!(plain(text), json!(false), "{text}");
        }
        for text in ["", "~", "null", "Null", "NULL"] {
            assert_eq!(plain(text), json!(null), "{text}");
        }
        for text in ["yEs", "tRUE", "nULL", "none", "oN", "<<", "=", "-", "."] {
            assert_eq!(plain(text), json!(text));
        }
    }

    #[test]
    fn integers_are_exact_and_in_any_base() {
        assert_eq!(plain("012"), json!(10));
        assert_eq!(plain("0o17"), json!(15));
        assert_eq!(plain("-0x_1F"), json!(-31));
        assert_eq!(plain("1__0_"), json!(10));
        assert_eq!(plain("0B11"), json!(3));
        assert_eq!(plain("0b-101"), json!(-5));
        assert_eq!(plain("08"), json!(8));
        assert_eq!(plain("-9223372036854775808"), json!(i64::MIN));
        assert_eq!(plain("18446744073709551615"), json!(u64::MAX));
        assert_eq!(plain("9007199254740993"), json!(9_007_199_254_740_993_i64));
        assert_eq!(plain("18446744073709551616"), json!(18_446_744_073_709_551_616.0));
        assert_eq!(plain("+18446744073709551615"), json!(18_446_744_073_709_551_615.0));
    }

    #[test]
    fn floats_without_fraction_are_integers_in_json() {
        assert_eq!(plain("1e3"), json!(1000));
        assert_eq!(plain("12.0"), json!(12));
        assert_eq!(plain("1."), json!(1));
        assert_eq!(plain("-0.0"), json!(0));
        assert_eq!(plain(".5"), json!(0.5));
        assert_eq!(plain(".1_0"), json!(0.1));
        assert_eq!(plain("1e21"), json!(1e21));
        assert_eq!(plain("1e-7"), json!(1e-7));
    }

    #[test]
    fn what_is_no_number_to_go_stays_text() {
        for text in
            ["0x", "1e999", "_1", ".", ".e5", "._5", ".5_", "1:30", "12:30:45", "2001-12-14", "1e", "--1", "+-1", "0b--1", "0b2", "1.2.3"]
        {
            assert_eq!(plain(text), json!(text));
        }
        assert_eq!(resolve_plain("-.INF"), Resolved::NotFinite);
    }

    #[test]
    fn readers_agree_on_the_usual_forms_only() {
        let ambiguous = |text: &str| Scalar { text: text.to_owned(), plain: true, tag: None }.ambiguous();
        for text in [
            "yes",
            "no",
            "y",
            "off",
            "On",
            "012",
            "0o17",
            "08",
            "0X1F",
            "-0x1F",
            "0b1",
            "1_000",
            "1e3",
            "1.5e3",
            "-.5",
            "12:30:45",
            "1:30.5",
            "2001-12-14",
            "2001-1-1 2:03:04",
            "=",
            "<<",
            "1e999",
            "0xFFFFFFFFFFFFFFFFF",
        ] {
            assert!(ambiguous(text), "{text}");
        }
        for text in [
            "",
            "~",
            "null",
            "true",
            "FALSE",
            "0",
            "-12",
            "+1",
            "0x1F",
            "1.5",
            "1.",
            ".5",
            "1.5e+3",
            "-1.5E-3",
            ".inf",
            "-.INF",
            ".nan",
            "a",
            "1.2.3",
            "v1",
            "1Gi",
            "10.0.0.0/8",
            "2001-12",
            "1:60",
            "::1",
            "a:b",
            "-",
            "0x",
            "20010101-1",
        ] {
            assert!(!ambiguous(text), "{text}");
        }
        assert!(!Scalar { text: "yes".to_owned(), plain: false, tag: None }.ambiguous());
    }

    #[test]
    fn keys_become_text_as_go_prints_them() {
        let key = |text: &str, plain: bool| {
            let source = crate::source::Sources::new().add("a", "");
            key_text_as_go(&Key { text: text.to_owned(), plain, span: crate::source::Span { source, start: 0, end: 0 } })
        };
        let cases = [
            ("yes", "true"),
            ("012", "10"),
            ("08", "8"),
            ("1.50", "1.5"),
            ("1e6", "1e+06"),
            ("1e-5", "1e-05"),
            (".inf", ".inf"),
            ("-2733068.231", "-2.7330682e+06"),
            ("-20379.062576", "-20379.062"),
            ("0.00001", "1e-05"),
            ("-0.0", "-0"),
            ("2001-01-01", "2001-01-01"),
        ];
        for (text, expected) in cases {
            assert_eq!(key(text, true).as_deref(), Some(expected), "{text}");
            assert_eq!(key(text, false).as_deref(), Some(text));
        }
        assert_eq!(key("~", true), None);
        assert_eq!(key("18446744073709551615", true), None);
    }
}
