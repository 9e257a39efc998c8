//! Quantities in rules.
//!
//! Source: `pkg/cel/library/quantity.go` of the Go module `k8s.io/apiserver`, `pkg/api/resource` of `k8s.io/apimachinery`.

use serde_json::Value;

use crate::schema::scalar;

/// A quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Quantity {
    /// In billionths.
    pub(super) nano: i128,
    /// Whether the server holds it as a whole number: `1000m` it does not, although it is one.
    pub(super) is_integer: bool,
}

impl Quantity {
    /// Nothing where it is none, or so large that it cannot be told here.
    pub(super) fn read(text: &str) -> Option<Self> {
        let nano = scalar::nano(&Value::from(text))?;
        Some(Self { nano, is_integer: is_whole(text) && i64::try_from(nano / 1_000_000_000).is_ok() })
    }

    pub(super) const fn of_int(number: i64) -> Self {
        Self { nano: number as i128 * 1_000_000_000, is_integer: true }
    }

    pub(super) fn add(self, other: Self) -> Option<Self> {
        Some(Self { nano: self.nano.checked_add(other.nano)?, is_integer: self.is_integer && other.is_integer })
    }

    pub(super) fn subtract(self, other: Self) -> Option<Self> {
        Some(Self { nano: self.nano.checked_sub(other.nano)?, is_integer: self.is_integer && other.is_integer })
    }

    pub(super) fn as_integer(self) -> Option<i64> {
        if self.is_integer { i64::try_from(self.nano / 1_000_000_000).ok() } else { None }
    }
}

/// Whether neither a fraction nor a suffix or exponent below one is written.
fn is_whole(text: &str) -> bool {
    let number = text.trim_start_matches(['+', '-']);
    let suffix = number.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let fraction = number[..number.len() - suffix.len()].split_once('.').map_or(0, |(_, fraction)| fraction.len());
    let exponent: usize = match suffix {
        "" => 0,
        "k" => 3,
        "M" => 6,
        "G" => 9,
        "T" => 12,
        "P" => 15,
        "E" => 18,
        "n" | "u" | "m" => return false,
        binary if binary.ends_with('i') => 0,
        exponent => match exponent[1..].parse::<i32>().map(usize::try_from) {
            Ok(Ok(exponent)) => exponent,
            _ => return false,
        },
    };
    fraction <= exponent
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_holds_as_an_integer() {
        for (text, is_integer) in
            [("2", true), ("2Gi", true), ("1.5k", true), ("1.5", false), ("1000m", false), ("1e3", true), ("1.5Gi", false)]
        {
            assert_eq!(Quantity::read(text).map(|quantity| quantity.is_integer), Some(is_integer), "{text}");
        }
        assert_eq!(Quantity::read("no"), None);
    }
}
