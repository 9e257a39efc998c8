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
