//! Scalars that YAML 1.1 and YAML 1.2 readers take for different things.

use super::{Resolved, resolve_plain};

/// Whether text without quotes means different things to Go's reader, to PyYAML (<https://yaml.org/type/>) and to the core schema of
/// YAML 1.2 (10.3.2): one reader's number, boolean or time is another's string, or the numbers differ.
pub(super) fn ambiguous(text: &str) -> bool {
    let some_reader_interprets =
        resolve_plain(text) != Resolved::Str || looks_numeric(text) || is_base_60(text) || is_timestamp(text) || matches!(text, "=" | "<<");
    some_reader_interprets && !all_agree(text)
}

/// The forms of null, booleans and numbers that all have in common.
fn all_agree(text: &str) -> bool {
    match resolve_plain(text) {
        Resolved::Null | Resolved::NotFinite => true,
        Resolved::Bool(_) => text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false"),
        Resolved::Number(_) => is_common_integer(text) || is_common_float(text),
        Resolved::Str => false,
    }
}

/// `[-+]?(0|[1-9][0-9]*)` or `0x[0-9a-fA-F]+`.
fn is_common_integer(text: &str) -> bool {
    if let Some(digits) = text.strip_prefix("0x") {
        return !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    }
    let digits = without_sign(text);
    digits == "0" || !digits.starts_with('0') && all_digits(digits)
}

/// `([-+]?[0-9]+\.[0-9]*|\.[0-9]+)([eE][-+][0-9]+)?`: PyYAML wants the point, and a sign in the exponent.
fn is_common_float(text: &str) -> bool {
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let Some((whole, fraction)) = mantissa.split_once('.') else { return false };
    let common_mantissa = if whole.is_empty() { all_digits(fraction) } else { all_digits(without_sign(whole)) };
    let common_exponent = exponent.is_none_or(|exponent| exponent.strip_prefix(['-', '+']).is_some_and(all_digits));
    common_mantissa && fraction.bytes().all(|byte| byte.is_ascii_digit()) && common_exponent
}

/// Numbers of any size, with underscores anywhere.
fn looks_numeric(text: &str) -> bool {
    let unsigned = without_sign(text);
    if !unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return false;
    }
    let digits = unsigned.replace('_', "");
    let in_base = |prefix: &str, radix: u32| {
        unsigned.len() > prefix.len() && digits.strip_prefix(prefix).is_some_and(|digits| digits.chars().all(|c| c.is_digit(radix)))
    };
    let (mantissa, exponent) = match digits.find(['e', 'E']) {
        Some(at) => (&digits[..at], Some(without_sign(&digits[at + 1..]))),
        None => (digits.as_str(), None),
    };
    let decimal = all_digits(&mantissa.replacen('.', "", 1)) && exponent.is_none_or(all_digits);
    in_base("0x", 16) || in_base("0o", 8) || in_base("0b", 2) || decimal
}

/// `12:30:45` and `190:20:30.15`, numbers of base 60 in YAML 1.1.
fn is_base_60(text: &str) -> bool {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut parts = without_sign(whole).split(':');
    let first = parts.next().unwrap_or_default();
    let rest: Vec<&str> = parts.collect();
    first.starts_with(|c: char| c.is_ascii_digit())
        && first.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_')
        && !rest.is_empty()
        && rest.iter().all(|part| all_digits(part) && (part.len() == 1 || part.len() == 2 && part.as_bytes()[0] < b'6'))
        && fraction.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_')
}

/// `2001-12-14` and `2001-12-14 21:59:43.10 -5`: a date, or a date and a time after `T` or blanks.
fn is_timestamp(text: &str) -> bool {
    let mut parts = text.splitn(3, '-');
    let (Some(year), Some(month), Some(rest)) = (parts.next(), parts.next(), parts.next()) else { return false };
    let day_end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (day, time) = rest.split_at(day_end);
    let short = |part: &str| all_digits(part) && part.len() <= 2;
    all_digits(year) && year.len() == 4 && short(month) && short(day) && {
        let clock = time.trim_start_matches(['t', 'T', ' ', '\t']);
        time.is_empty() || clock.len() < time.len() && clock.split(':').count() >= 3 && clock.starts_with(|c: char| c.is_ascii_digit())
    }
}

fn without_sign(text: &str) -> &str {
    text.strip_prefix(['-', '+']).unwrap_or(text)
}

fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
