//! Numbers as Go's YAML reader takes them.

use super::Meaning;

/// A float, if underscores only stand between digits.
pub(super) fn starting_with_point(text: &str) -> Meaning {
    if underscores_separate_digits(text) { decimal_float(&text.replace('_', "")) } else { Meaning::Str }
}

/// An integer in one of four bases or a float; underscores may stand anywhere.
pub(super) fn starting_with_sign_or_digit(text: &str) -> Meaning {
    let text = text.replace('_', "");
    let text = text.as_str();
    let (negative, digits) = match text.as_bytes()[0] {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let signed = digits.len() != text.len();
    let lower = |at: usize| digits.as_bytes().get(at).map(u8::to_ascii_lowercase);
    let (radix, magnitude) = match (lower(0), lower(1)) {
        (Some(b'0'), Some(b'x')) => (16, &digits[2..]),
        (Some(b'0'), Some(b'o')) => (8, &digits[2..]),
        (Some(b'0'), Some(b'b')) => (2, &digits[2..]),
        (Some(b'0'), Some(_)) => (8, &digits[1..]),
        _ => (10, digits),
    };
    if let Some(magnitude) = magnitude_of(magnitude, radix) {
        if let Some(value) = with_sign(magnitude, negative) {
            return Meaning::Signed(value);
        }
        // Go's ParseUint takes no sign at all; such a number becomes a float.
        if let (false, Ok(value)) = (signed, u64::try_from(magnitude)) {
            return Meaning::Unsigned(value);
        }
    }
    match decimal_float(text) {
        // Go's reader tries binary once more, and then lets a sign stand behind the prefix.
        Meaning::Str => binary_with_inner_sign(text).map_or(Meaning::Str, Meaning::Signed),
        float => float,
    }
}

/// Digits only, where Rust's own parser would take a sign; over `u64` counts as no number.
fn magnitude_of(digits: &str, radix: u32) -> Option<i128> {
    let plain = !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
    if plain { u64::from_str_radix(digits, radix).ok().map(i128::from) } else { None }
}

fn with_sign(magnitude: i128, negative: bool) -> Option<i64> {
    i64::try_from(if negative { -magnitude } else { magnitude }).ok()
}

fn binary_with_inner_sign(text: &str) -> Option<i64> {
    if let Some(rest) = text.strip_prefix("0b") {
        let (negative, digits) = match rest.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, rest.strip_prefix('+')?),
        };
        return with_sign(magnitude_of(digits, 2)?, negative);
    }
    None
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?` that fits `f64`; an overflow is a string to Go.
fn decimal_float(text: &str) -> Meaning {
    let rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match rest.find(['e', 'E']) {
        Some(at) => (&rest[..at], Some(&rest[at + 1..])),
        None => (rest, None),
    };
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let whole_mantissa = match mantissa.split_once('.') {
        Some(("", fraction)) => !fraction.is_empty() && digits(fraction),
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => !mantissa.is_empty() && digits(mantissa),
    };
    let whole_exponent = exponent.is_none_or(|part| {
        let part = part.strip_prefix(['-', '+']).unwrap_or(part);
        !part.is_empty() && digits(part)
    });
    match text.parse::<f64>() {
        Ok(value) if whole_mantissa && whole_exponent && value.is_finite() => Meaning::Float(value),
        _ => Meaning::Str,
    }
}

/// Go's rule for underscores in a number without prefix.
fn underscores_separate_digits(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digit = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
    bytes.iter().enumerate().all(|(at, byte)| *byte != b'_' || digit(at.checked_sub(1)) && digit(Some(at + 1)))
}
