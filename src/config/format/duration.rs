//! Go durations (pkg.go.dev/time#ParseDuration), without a sign.

use std::time::Duration;

use super::Wrong;

/// Unit and nanoseconds.
const UNITS: [(&str, u64); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

pub(super) fn parse(text: &str) -> Result<Duration, Wrong> {
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    if text.starts_with(['-', '+']) {
        return Err(Wrong::new("a sign has no place here", ""));
    }
    if !text.is_empty() && text.chars().all(|c| c.is_ascii_digit()) {
        return Err(Wrong::new("it has no unit", format!("did you mean `{text}s`?")));
    }
    let mut rest = text;
    let mut total = 0_u64;
    loop {
        let number_end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, tail) = rest.split_at(number_end);
        if !number.contains(|c: char| c.is_ascii_digit()) || number.matches('.').count() > 1 {
            return Err(Wrong::new("a number is missing", "write numbers with units, like `30s` or `1h30m`"));
        }
        let unit_end = tail.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(tail.len());
        let (unit, next) = tail.split_at(unit_end);
        let Some((_, scale)) = UNITS.iter().find(|(name, _)| *name == unit) else {
            return Err(Wrong::new(
                if unit.is_empty() { "the last number has no unit".to_owned() } else { format!("`{unit}` is no unit") },
                if rest.len() == text.len() && next.is_empty() { suggestion(number, unit) } else { units() },
            ));
        };
        total = scaled(number, *scale)
            .and_then(|part| total.checked_add(part))
            .filter(|nanoseconds| i64::try_from(*nanoseconds).is_ok())
            .ok_or_else(|| Wrong::new("it is longer than 292 years, the most that Go can count", ""))?;
        if next.is_empty() {
            return Ok(Duration::from_nanos(total));
        }
        rest = next;
    }
}

fn scaled(number: &str, scale: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let whole = if whole.is_empty() { 0 } else { whole.parse::<u64>().ok()? };
    let mut part = 0;
    let mut place = scale;
    for digit in fraction.bytes() {
        place /= 10;
        part += u64::from(digit - b'0') * place;
    }
    whole.checked_mul(scale)?.checked_add(part)
}

fn suggestion(number: &str, unit: &str) -> String {
    let meant = match unit.trim().to_lowercase().as_str() {
        "d" | "day" | "days" => number.parse::<u64>().ok().and_then(|days| days.checked_mul(24)).map(|hours| format!("{hours}h")),
        "w" | "week" | "weeks" => number.parse::<u64>().ok().and_then(|weeks| weeks.checked_mul(168)).map(|hours| format!("{hours}h")),
        "min" | "mins" | "minute" | "minutes" | "m" => Some(format!("{number}m")),
        "sec" | "secs" | "second" | "seconds" | "s" => Some(format!("{number}s")),
        "hr" | "hrs" | "hour" | "hours" | "h" => Some(format!("{number}h")),
        _ => None,
    };
    meant.map_or_else(units, |meant| format!("did you mean `{meant}`?"))
}

fn units() -> String {
    "the units are `h`, `m`, `s`, `ms`, `us` and `ns`".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::format::tests::verdict;

    #[test]
    fn reads_what_go_reads() {
        assert_eq!(parse("1h30m"), Ok(Duration::from_mins(90)));
        assert_eq!(parse("1.5s"), Ok(Duration::from_millis(1500)));
        assert_eq!(parse(".5h"), Ok(Duration::from_mins(30)));
        assert_eq!(parse("0"), Ok(Duration::ZERO));
        assert_eq!(parse("10µs"), Ok(Duration::from_micros(10)));
    }

    #[test]
    fn names_what_was_meant() {
        assert_eq!(verdict("duration", "30"), "it has no unit | did you mean `30s`?");
        assert_eq!(verdict("duration", "7d"), "`d` is no unit | did you mean `168h`?");
        assert_eq!(verdict("duration", "5min"), "`min` is no unit | did you mean `5m`?");
        assert_eq!(verdict("duration", "1h30"), "the last number has no unit | the units are `h`, `m`, `s`, `ms`, `us` and `ns`");
        assert_eq!(verdict("duration", "-1s"), "a sign has no place here | ");
        assert!(verdict("duration", "99999999h").starts_with("it is longer than 292 years"));
        assert!(verdict("duration", "soon").starts_with("a number is missing"));
    }
}
