//! The one writer of Nix expressions (Nix manual, "Data Types" and "String literal"; `src/libexpr/lexer.l` of Nix 2.8).
//!
//! What it writes is laid out as nixfmt does, so that a formatter in somebody's repository leaves it as it is. `tests/it/nix_index.rs` has
//! the real Nix read it back.

use std::fmt;

use serde_json::{Map, Value};

/// Words that are no names of attributes unless they are quoted.
const KEYWORDS: [&str; 10] = ["assert", "else", "if", "in", "inherit", "let", "or", "rec", "then", "with"];

/// Columns of a line that nixfmt keeps on one line.
const WIDTH: usize = 100;

/// A value that Nix has no word for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unwritable {
    /// A text with a NUL, which ends strings in Nix.
    Nul(String),
    /// A number that is no integer of 64 bits with a sign. (Nix has fractions; nothing that is written here does.)
    Number(String),
}

impl fmt::Display for Unwritable {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nul(text) => write!(out, "Nix has no string with a NUL: {text:?}"),
            Self::Number(number) => write!(out, "{number} is no integer of Nix"),
        }
    }
}

impl std::error::Error for Unwritable {}

/// A value as an expression over lines, without a line break at its end.
///
/// # Errors
/// When a text holds a NUL or a number is no integer of 64 bits.
pub fn expression(value: &Value) -> Result<String, Unwritable> {
    let mut out = String::new();
    write(&mut out, value, 0, 0)?;
    Ok(out)
}

/// A text as a string of Nix, quotes included.
///
/// # Errors
/// When it holds a NUL.
pub fn string(text: &str) -> Result<String, Unwritable> {
    if text.contains('\0') {
        return Err(Unwritable::Nul(text.to_owned()));
    }
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for letter in text.chars() {
        match letter {
            // A dollar sign matters before a brace only; who escapes each need not know what stands around it.
            '"' | '\\' | '$' => out.extend(['\\', letter]),
            '\n' => out.push_str("\\n"),
            // Nix reads a carriage return in a string as a line break.
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ => out.push(letter),
        }
    }
    out.push('"');
    Ok(out)
}

/// The name of an attribute: as it is, or quoted.
///
/// # Errors
/// When it holds a NUL.
pub fn attribute(name: &str) -> Result<String, Unwritable> {
    let mut letters = name.chars();
    let is_plain = letters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && letters.all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-' | '\''))
        && !KEYWORDS.contains(&name);
    if is_plain { Ok(name.to_owned()) } else { string(name) }
}

/// `taken` is how much of the line stands before and after the value.
fn write(out: &mut String, value: &Value, depth: usize, taken: usize) -> Result<(), Unwritable> {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Number(number) => out.push_str(&integer(number.as_i64().ok_or_else(|| Unwritable::Number(number.to_string()))?)),
        Value::String(text) => out.push_str(&string(text)?),
        Value::Array(items) => list(out, items, depth, taken)?,
        Value::Object(map) => attributes(out, map, depth)?,
    }
    Ok(())
}

/// A minus is an operator in Nix, which a list does not take, and its number alone may be one too large.
fn integer(number: i64) -> String {
    if number == i64::MIN {
        "(-9223372036854775807 - 1)".to_owned()
    } else if number < 0 {
        format!("({number})")
    } else {
        number.to_string()
    }
}

fn list(out: &mut String, items: &[Value], depth: usize, taken: usize) -> Result<(), Unwritable> {
    if items.is_empty() {
        out.push_str("[ ]");
        return Ok(());
    }
    if let [only @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_))] = items {
        let mut line = String::new();
        write(&mut line, only, depth, 0)?;
        if taken + line.chars().count() + 4 <= WIDTH {
            out.push_str("[ ");
            out.push_str(&line);
            out.push_str(" ]");
            return Ok(());
        }
    }
    out.push('[');
    for item in items {
        new_line(out, depth + 1);
        write(out, item, depth + 1, 2 * (depth + 1))?;
    }
    new_line(out, depth);
    out.push(']');
    Ok(())
}

fn attributes(out: &mut String, map: &Map<String, Value>, depth: usize) -> Result<(), Unwritable> {
    if map.is_empty() {
        out.push_str("{ }");
        return Ok(());
    }
    out.push('{');
    for (name, value) in map {
        new_line(out, depth + 1);
        let name = attribute(name)?;
        out.push_str(&name);
        out.push_str(" = ");
        write(out, value, depth + 1, 2 * (depth + 1) + name.chars().count() + " = ;".len())?;
        out.push(';');
    }
    new_line(out, depth);
    out.push('}');
    Ok(())
}

fn new_line(out: &mut String, depth: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", depth));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn strings_say_what_they_hold() {
        for (text, written) in [
            ("", r#""""#),
            ("${x}", r#""\${x}""#),
            ("$${x}", r#""\$\${x}""#),
            ("''", r#""''""#),
            ("a\"b\\c", r#""a\"b\\c""#),
            ("a\nb\r\n\tc", r#""a\nb\r\n\tc""#),
            ("grüße 🦀", r#""grüße 🦀""#),
        ] {
            assert_eq!(string(text).as_deref(), Ok(written));
        }
        assert_eq!(string("a\0b"), Err(Unwritable::Nul("a\0b".to_owned())));
    }

    #[test]
    fn names_are_quoted_where_they_have_to_be() {
        for (name, written) in [
            ("node-1", "node-1"),
            ("_a'", "_a'"),
            ("1a", "\"1a\""),
            ("", "\"\""),
            ("or", "\"or\""),
            ("a.b", "\"a.b\""),
            ("${a}", "\"\\${a}\""),
            ("ä", "\"ä\""),
        ] {
            assert_eq!(attribute(name).as_deref(), Ok(written));
        }
    }

    #[test]
    fn values_are_laid_out_as_nixfmt_does() {
        let value = json!({"a": {}, "b": [], "c": [1], "d": [-1, i64::MIN], "e": {"f.g": [{"h": null}], "i": true}});
        insta::assert_snapshot!(expression(&value).expect("an expression"), @r#"
        {
          a = { };
          b = [ ];
          c = [ 1 ];
          d = [
            (-1)
            (-9223372036854775807 - 1)
          ];
          e = {
            "f.g" = [
              {
                h = null;
              }
            ];
            i = true;
          };
        }
        "#);
    }

    #[test]
    fn numbers_that_nix_would_change_are_refused() {
        for number in [json!(u64::MAX), json!(0.5)] {
            assert_eq!(expression(&number), Err(Unwritable::Number(number.to_string())));
        }
    }
}
