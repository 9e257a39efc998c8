//! Kubernetes quantities (k8s.io/apimachinery/pkg/api/resource, `ParseQuantity`).

use super::Wrong;

const SUFFIXES: [&str; 16] = ["", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

pub(super) const PATTERN: &str = "^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([numkMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]+)?$";

pub(super) fn check(text: &str) -> Result<(), Wrong> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let number_end = unsigned.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(unsigned.len());
    let (number, suffix) = unsigned.split_at(number_end);
    let digits = number.chars().filter(char::is_ascii_digit).count();
    if digits == 0 || number.matches('.').count() > 1 {
        return Err(Wrong::new("it does not begin with a number", "write a number and a unit, like `10Gi` or `500m`"));
    }
    if SUFFIXES.contains(&suffix) || is_exponent(suffix) {
        return Ok(());
    }
    Err(Wrong::new(format!("`{suffix}` is no unit"), suggestion(&text[..text.len() - suffix.len()], suffix)))
}

fn is_exponent(suffix: &str) -> bool {
    let Some(power) = suffix.strip_prefix(['e', 'E']) else { return false };
    let digits = power.strip_prefix(['+', '-']).unwrap_or(power);
    !digits.is_empty() && digits.len() <= 3 && digits.chars().all(|c| c.is_ascii_digit())
}

/// What it amounts to in whole units, rounded up as Kubernetes does; none for a negative or wrong one, or more than fits.
pub(super) fn amount(text: &str) -> Option<u64> {
    check(text).ok()?;
    let text = text.strip_prefix('+').unwrap_or(text);
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, suffix) = text.split_at(end);
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    // The digits as one number, and how many of them stand behind the point.
    let digits: u128 = format!("{whole}{part}").parse().ok()?;
    let behind = u32::try_from(part.len()).ok()?;
    let power = |exponent: u32| 10_u128.checked_pow(exponent);
    let (factor, divisor) = match suffix {
        "n" => (1, power(9)?),
        "u" => (1, power(6)?),
        "m" => (1, 1000),
        "" => (1, 1),
        "k" => (power(3)?, 1),
        "M" => (power(6)?, 1),
        "G" => (power(9)?, 1),
        "T" => (power(12)?, 1),
        "P" => (power(15)?, 1),
        "E" => (power(18)?, 1),
        binary if binary.ends_with('i') => {
            let step = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"].iter().position(|unit| *unit == binary)?;
            (1024_u128.pow(u32::try_from(step).ok()? + 1), 1)
        }
        exponent => match exponent.get(1..)?.parse::<i32>().ok()? {
            negative @ ..0 => (1, power(negative.unsigned_abs())?),
            positive => (power(positive.unsigned_abs())?, 1),
        },
    };
    let divisor = power(behind)?.checked_mul(divisor)?;
    u64::try_from(digits.checked_mul(factor)?.div_ceil(divisor)).ok()
}

/// What was most likely meant: `12Gb`, `12GB`, `12g` and `12 gi` all have the letter that counts.
fn suggestion(number: &str, suffix: &str) -> String {
    let folded = suffix.trim().to_lowercase();
    let stem = folded.strip_suffix("ytes").or_else(|| folded.strip_suffix("yte")).unwrap_or(&folded);
    let (letter, binary_only) = match stem {
        "k" | "kb" => ('K', false),
        "ki" | "kib" => ('K', true),
        "m" | "mb" => ('M', false),
        "mi" | "mib" => ('M', true),
        "g" | "gb" => ('G', false),
        "gi" | "gib" => ('G', true),
        "t" | "tb" => ('T', false),
        "ti" | "tib" => ('T', true),
        "p" | "pb" => ('P', false),
        "pi" | "pib" => ('P', true),
        "b" => return format!("bytes have no unit: write `{number}`"),
        _ => return "the units are `Ki`, `Mi`, `Gi`, `Ti`, `Pi`, `Ei`, `k`, `M`, `G`, `T`, `P`, `E`, `m`, `u` and `n`".to_owned(),
    };
    if binary_only {
        return format!("did you mean `{number}{letter}i`?");
    }
    let decimal = if letter == 'K' { 'k' } else { letter };
    format!("did you mean `{number}{letter}i` or `{number}{decimal}`?")
}

#[cfg(test)]
mod tests {
    use crate::config::format::tests::verdict;

    #[test]
    fn takes_what_kubernetes_takes() {
        for good in ["0", "1", "1.5", ".5", "5.", "500m", "1Gi", "12E", "1e3", "1E-3", "+1k", "-1", "100n", "8Ei"] {
            assert_eq!(verdict("quantity", good), "ok", "{good}");
        }
    }

    #[test]
    fn amounts_are_whole_units() {
        let amounts =
            [("0", 0), ("5.", 5), ("1.5", 2), ("500m", 1), ("1Gi", 1 << 30), ("1.5Ki", 1536), ("2k", 2000), ("1e3", 1000), ("25E-1", 3)];
        for (text, amount) in amounts {
            assert_eq!(super::amount(text), Some(amount), "{text}");
        }
        for wrong in ["-1", "", "x", "99Ei", "1e999", "99999999999999999999999999999999999999999999Gi"] {
            assert_eq!(super::amount(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn names_the_unit_that_was_meant() {
        assert_eq!(verdict("quantity", "12Gb"), "`Gb` is no unit | did you mean `12Gi` or `12G`?");
        assert_eq!(verdict("quantity", "12 gib"), "` gib` is no unit | did you mean `12Gi`?");
        assert_eq!(verdict("quantity", "1K"), "`K` is no unit | did you mean `1Ki` or `1k`?");
        assert_eq!(verdict("quantity", "100B"), "`B` is no unit | bytes have no unit: write `100`");
        assert_eq!(verdict("quantity", "lots"), "it does not begin with a number | write a number and a unit, like `10Gi` or `500m`");
        assert!(verdict("quantity", "1e").starts_with("`e` is no unit"));
        assert!(verdict("quantity", "1.2.3Gi").starts_with("it does not begin"));
    }
}
