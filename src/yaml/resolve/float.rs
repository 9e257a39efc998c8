//! Floats as Go prints them.

use serde_json::Number;

use super::Resolved;

/// What Go's `encoding/json` makes of a float.
///
/// Below 1e21 it is written without exponent, and a whole one without a point: the shortest digits that read back, then zeros. The API server
/// reads that as an integer if it fits.
pub(super) fn in_json(value: f64) -> Resolved {
    if value.fract() == 0.0 && value.abs() < 1e21 {
        let shortest = format!("{value:e}");
        let decimals = decimals(&shortest);
        let scientific = nearest_even(shortest, format!("{value:.decimals$e}"), |text| text.parse() == Ok(value));
        let (mantissa, exponent) = split_exponent(&scientific);
        let zeros = usize::try_from(exponent).unwrap_or(0).saturating_sub(decimals);
        let whole = mantissa.replace('.', "") + &"0".repeat(zeros);
        if let Ok(whole) = whole.parse::<i64>() {
            return Resolved::Number(whole.into());
        }
        if let Ok(whole) = whole.parse::<u64>() {
            return Resolved::Number(whole.into());
        }
    }
    Number::from_f64(value).map_or(Resolved::NotFinite, Resolved::Number)
}

/// What `sigs.k8s.io/yaml` makes of a float that is a key: `strconv.FormatFloat(value, 'g', -1, 32)`, the shortest digits that read back as the
/// same `f32`, with an exponent of at least two digits below 1e-4 and from 1e6 on.
#[expect(clippy::cast_possible_truncation, reason = "Go rounds the key to 32 bits, too")]
pub(super) fn in_key(value: f64) -> String {
    let value = value as f32;
    if value.is_nan() {
        return ".nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    let same = |text: &str| text.parse() == Ok(value);
    let scientific = format!("{value:e}");
    let exponent = split_exponent(&scientific).1;
    if (-4..6).contains(&exponent) {
        let shortest = value.to_string();
        let decimals = decimals(&shortest);
        return nearest_even(shortest, format!("{value:.decimals$}"), same);
    }
    let decimals = decimals(&scientific);
    let scientific = nearest_even(scientific, format!("{value:.decimals$e}"), same);
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{}e{sign}{:02}", split_exponent(&scientific).0, exponent.abs())
}

/// Where two numbers of the shortest length are equally near, Go takes the one with the even last digit; Rust does so only when it is told
/// the number of digits.
fn nearest_even(shortest: String, rounded: String, same: impl Fn(&str) -> bool) -> String {
    if same(&rounded) { rounded } else { shortest }
}

/// Digits behind the point, exponent left out.
fn decimals(number: &str) -> usize {
    split_exponent(number).0.split_once('.').map_or(0, |(_, decimals)| decimals.len())
}

fn split_exponent(scientific: &str) -> (&str, i32) {
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    (mantissa, exponent.parse().unwrap_or(0))
}
