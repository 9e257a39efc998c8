//! Text that must have a form: quantities, times, base64.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Whether text is a quantity (`k8s.io/apimachinery/pkg/api/resource.ParseQuantity`): a decimal number with a sign and a suffix:
/// binary (`Ki`…`Ei`), decimal (`n`, `u`, `m`, none, `k`, `M`…`E`), or an exponent (`e3`, `E-2`).
pub(super) fn is_quantity(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, rest) = split_digits(unsigned);
    let (fraction, suffix) = match rest.strip_prefix('.') {
        Some(rest) => split_digits(rest),
        None => ("", rest),
    };
    if whole.is_empty() && fraction.is_empty() {
        return false;
    }
    match suffix {
        "" | "n" | "u" | "m" | "k" | "M" | "G" | "T" | "P" | "E" | "Ki" | "Mi" | "Gi" | "Ti" | "Pi" | "Ei" => true,
        _ => suffix.strip_prefix(['e', 'E']).is_some_and(|exponent| exponent.parse::<i32>().is_ok()),
    }
}

/// A quantity in billionths, rounded up as the server does; none where it is no quantity, or too large to tell.
pub(super) fn nano(value: &serde_json::Value) -> Option<i128> {
    let text = match value {
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Number(number) => number.to_string(),
        _ => return None,
    };
    if !is_quantity(&text) {
        return None;
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(&text);
    let (whole, rest) = split_digits(unsigned);
    let (fraction, suffix) = rest.strip_prefix('.').map_or(("", rest), split_digits);
    let digits: i128 = format!("0{whole}{fraction}").parse().ok()?;
    let power = |base: i128, exponent: u32| base.checked_pow(exponent);
    let (factor, exponent): (i128, i32) = match suffix {
        "" => (1, 0),
        "n" => (1, -9),
        "u" => (1, -6),
        "m" => (1, -3),
        "k" => (1, 3),
        "M" => (1, 6),
        "G" => (1, 9),
        "T" => (1, 12),
        "P" => (1, 15),
        "E" => (1, 18),
        binary if binary.ends_with('i') => (power(1024, u32::try_from("KMGTPE".find(&binary[..1])? + 1).ok()?)?, 0),
        exponent => (1, exponent[1..].parse().ok()?),
    };
    let exponent = exponent.checked_add(9)?.checked_sub(i32::try_from(fraction.len()).ok()?)?;
    let scaled = digits.checked_mul(factor)?;
    let amount = match u32::try_from(exponent) {
        Ok(up) => scaled.checked_mul(power(10, up)?)?,
        Err(_) => power(10, exponent.unsigned_abs()).map_or(1, |down| (scaled + down - 1) / down),
    };
    Some(if text.starts_with('-') { -amount } else { amount })
}

/// A whole number; `2.0` reaches the server as 2.
#[allow(clippy::cast_possible_truncation)]
pub(super) fn integer(value: &serde_json::Value) -> Option<i64> {
    // Beyond that, a double is no longer every whole number.
    let whole = || value.as_f64().filter(|number| number.fract() == 0.0 && number.abs() < 9.0e15).map(|number| number as i64);
    value.as_i64().or_else(whole)
}

fn split_digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}

/// Whether text is base64 as Go's `encoding/base64.StdEncoding` reads it: padded, line breaks ignored.
pub(super) fn is_base64(text: &str) -> bool {
    let text: String = text.chars().filter(|c| !matches!(c, '\n' | '\r')).collect();
    STANDARD.decode(&text).is_ok() || decodes_with_stray_bits(&text)
}

/// Go does not mind when the unused bits of the last character are not zero; the strict decoder does.
fn decodes_with_stray_bits(text: &str) -> bool {
    use base64::engine::{GeneralPurpose, GeneralPurposeConfig};
    let lenient = GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true);
    GeneralPurpose::new(&base64::alphabet::STANDARD, lenient).decode(text).is_ok()
}

/// Whether text is a time of RFC 3339 as Go's `time.Parse(time.RFC3339, …)` reads it.
pub(super) fn is_date_time(text: &str) -> bool {
    let number = |range: std::ops::Range<usize>| {
        text.get(range).filter(|part| part.bytes().all(|byte| byte.is_ascii_digit())).and_then(|part| part.parse::<u32>().ok())
    };
    let at = |index: usize, byte: u8| text.as_bytes().get(index) == Some(&byte);
    let punctuation = at(4, b'-') && at(7, b'-') && at(10, b'T') && at(13, b':') && at(16, b':');
    let parts = [number(0..4), number(5..7), number(8..10), number(11..13), number(14..16), number(17..19)];
    let [Some(year), Some(month), Some(day), Some(hour), Some(minute), Some(second)] = parts else { return false };
    let rest = text.get(19..).unwrap_or_default();
    let rest = match rest.strip_prefix(['.', ',']) {
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_digit()) => split_digits(rest).1,
        Some(_) => return false,
        None => rest,
    };
    punctuation
        && (1..=12).contains(&month)
        && (1..=days(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60
        && (rest == "Z" || is_offset(rest))
}

fn is_offset(text: &str) -> bool {
    let Some((hours, minutes)) = text.strip_prefix(['+', '-']).and_then(|text| text.split_once(':')) else { return false };
    let two_digits = |part: &str, limit: u32| {
        part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit()) && part.parse().is_ok_and(|number: u32| number <= limit)
    };
    two_digits(hours, 24) && two_digits(minutes, 60)
}

const fn days(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities() {
        for good in ["1", "100m", "1.5Gi", "-1", "+.5", "5.", "1e3", "1E-2", "1E", "0", "1n"] {
            assert!(is_quantity(good), "{good}");
        }
        for bad in ["", "m", "1x", "1 Gi", "1GiB", "1ki", "0x10", "1e", "--1", ".", "1.2.3"] {
            assert!(!is_quantity(bad), "{bad}");
        }
    }

    #[test]
    fn quantities_compare() {
        let amount = |text: &str| nano(&serde_json::json!(text)).expect("a quantity");
        assert_eq!(amount("1"), amount("1000m"));
        assert_eq!(amount("0.1"), amount("100m"));
        assert_eq!(amount("1Ki"), amount("1024"));
        assert_eq!(amount("2e3"), amount("2k"));
        assert!(amount("1G") < amount("1Gi") && amount("-1") < amount("0"));
        assert_eq!(nano(&serde_json::json!("1x")), None);
    }

    #[test]
    fn base64_as_go_reads_it() {
        for good in ["", "YQ==", "Y\nQ=\r\n=", "YR=="] {
            assert!(is_base64(good), "{good:?}");
        }
        for bad in ["YQ", "_-8=", "not base64!", "YQ== ", "=", "YQ==YQ=="] {
            assert!(!is_base64(bad), "{bad:?}");
        }
    }

    #[test]
    fn times() {
        for good in ["2026-01-01T00:00:00Z", "2024-02-29T23:59:59.123+02:00"] {
            assert!(is_date_time(good), "{good}");
        }
        for bad in
            ["", "x", "2026-01-01T00:00:00", "2026-02-29T00:00:00Z", "2026-01-01 00:00:00Z", "2026-01-01T24:00:00Z", "2026-1-1T0:0:0Z"]
        {
            assert!(!is_date_time(bad), "{bad}");
        }
    }
}
