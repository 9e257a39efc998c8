//! Times and durations, in nanoseconds.
//!
//! Source: Go's `time.ParseDuration` and RFC 3339; `pkg/validation/strfmt/duration.go` of `k8s.io/kube-openapi`.

use crate::schema::cel::value::{Outcome, Stop, Val, failed};

use super::Answer;

const SECOND: i128 = 1_000_000_000;
const DAY: i128 = 86_400 * SECOND;

/// A duration as CEL reads it: `1h30m`, `-1.5s`, `0`.
pub(super) fn go_duration(text: &str) -> Option<i64> {
    let (negative, mut rest) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    if rest == "0" {
        return Some(0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut total: i128 = 0;
    while !rest.is_empty() {
        let (whole, after) = digits(rest);
        let (fraction, after) = after.strip_prefix('.').map_or(("", after), digits);
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let end = after.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(after.len());
        let unit = match &after[..end] {
            "ns" => 1,
            "us" | "µs" | "μs" => 1_000,
            "ms" => 1_000_000,
            "s" => SECOND,
            "m" => 60 * SECOND,
            "h" => 3600 * SECOND,
            _ => return None,
        };
        rest = &after[end..];
        let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
        total = total.checked_add(whole.checked_mul(unit)?)?;
        let fraction = &fraction[..fraction.len().min(18)];
        if !fraction.is_empty() {
            total += fraction.parse::<i128>().ok()? * unit / 10_i128.pow(u32::try_from(fraction.len()).ok()?);
        }
    }
    i64::try_from(if negative { -total } else { total }).ok()
}

fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}

/// A duration as the format `duration` of a schema reads it, which also knows `1 day` and `2 weeks`, and passes over the rest.
pub(in crate::schema) fn duration(text: &str) -> Option<i64> {
    const UNITS: &[(&[&str], &str, i128)] = &[
        (&["ns"], "nano", 1),
        (&["us", "µs"], "micro", 1_000),
        (&["ms"], "milli", 1_000_000),
        (&["s"], "sec", SECOND),
        (&["m"], "min", 60 * SECOND),
        (&["h", "hr"], "hour", 3600 * SECOND),
        (&["d"], "day", DAY),
        (&["w", "wk"], "week", 7 * DAY),
    ];
    if let Some(nanos) = go_duration(text) {
        return Some(nanos);
    }
    let (mut total, mut found, mut rest) = (0_i128, false, text);
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (number, after) = digits(&rest[start..]);
        let blank = after.trim_start_matches([' ', '\t', '\n', '\r', '\u{c}']);
        let end = blank.find(|c: char| !c.is_ascii_alphabetic() && c != 'µ').unwrap_or(blank.len());
        let unit = blank[..end].to_lowercase();
        rest = if end == 0 { after } else { &blank[end..] };
        let fits = |(exact, front, _): &&(&[&str], &str, i128)| exact.contains(&&*unit) || unit.starts_with(front);
        if !unit.is_empty() {
            let number: i128 = number.parse::<i64>().ok()?.into();
            for (_, _, nanos) in UNITS.iter().filter(fits) {
                found = true;
                total += number * nanos;
            }
        }
    }
    if found { i64::try_from(total).ok() } else { None }
}

/// Days since 1970 of a date (the proleptic Gregorian calendar).
const fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year - era * 400;
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Year, month and day of a day since 1970.
const fn date_of(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days - era * 146_097;
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + if month <= 2 { 1 } else { 0 }, month, day)
}

/// A time of RFC 3339 in nanoseconds since 1970.
pub(in crate::schema::cel) fn timestamp(text: &str) -> Option<i128> {
    if !crate::schema::scalar::is_date_time(text) || !text.is_ascii() {
        return None;
    }
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<i64>().ok();
    let days = days_of(number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let seconds = number(11, 13)? * 3600 + number(14, 16)? * 60 + number(17, 19)?;
    let rest = &text[19..];
    let (fraction, zone) = rest.strip_prefix(['.', ',']).map_or(("", rest), digits);
    let nanos: i128 = if fraction.is_empty() { 0 } else { format!("{fraction:0<9}")[..9].parse().ok()? };
    let offset = match zone {
        "Z" | "z" => 0,
        _ => offset(zone)?,
    };
    Some((i128::from(days) * 86_400 + i128::from(seconds - offset)) * SECOND + nanos)
}

/// Seconds east of Greenwich of `+01:00`.
fn offset(zone: &str) -> Option<i64> {
    let (sign, rest) = match zone.as_bytes().first()? {
        b'-' => (-1, &zone[1..]),
        b'+' => (1, &zone[1..]),
        _ => (1, zone),
    };
    let (hours, minutes) = rest.split_once(':')?;
    let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
    Some(sign * (hours * 3600 + minutes * 60))
}

/// `1h30m` is `5400s`.
pub(super) fn show_duration(nanos: i64) -> String {
    let (seconds, fraction) = (nanos.unsigned_abs() / 1_000_000_000, nanos.unsigned_abs() % 1_000_000_000);
    let sign = if nanos < 0 { "-" } else { "" };
    let text = format!("{sign}{seconds}.{fraction:09}");
    format!("{}s", text.trim_end_matches('0').trim_end_matches('.'))
}

/// `a + b`, or `a - b`, where `a` is a time or duration.
pub(in crate::schema::cel) fn add<'a>(left: &Val<'a>, right: &Val<'a>, subtract: bool) -> Outcome<'a> {
    let sign = if subtract { -1 } else { 1 };
    let duration = |nanos: i128| i64::try_from(nanos).map(Val::Duration).or_else(|_| failed("duration overflow"));
    match (left, right) {
        (Val::Duration(left), Val::Duration(right)) => duration(i128::from(*left) + sign * i128::from(*right)),
        (Val::Timestamp(left), Val::Duration(right)) => Ok(Val::Timestamp(left + sign * i128::from(*right))),
        (Val::Duration(left), Val::Timestamp(right)) if !subtract => Ok(Val::Timestamp(right + i128::from(*left))),
        (Val::Timestamp(left), Val::Timestamp(right)) if subtract => duration(left - right),
        _ => Err(Stop::NoOverload),
    }
}

/// The parts of a time or duration.
pub(super) fn method<'a>(name: &str, arguments: &[Val<'a>]) -> Answer<'a> {
    match arguments {
        [Val::Duration(nanos)] => {
            let unit = match name {
                "getHours" => 3600 * SECOND,
                "getMinutes" => 60 * SECOND,
                "getSeconds" => SECOND,
                "getMilliseconds" => 1_000_000,
                _ => return None,
            };
            Some(whole(i128::from(*nanos) / unit))
        }
        [Val::Timestamp(nanos)] => part(*nanos, name),
        [Val::Timestamp(nanos), Val::String(zone)] => match (&**zone, offset(zone)) {
            ("UTC", _) => part(*nanos, name),
            (_, Some(seconds)) => part(nanos + i128::from(seconds) * SECOND, name),
            // Time zones by name need a table that changes every year.
            _ => Some(Err(Stop::Unknown)),
        },
        _ => None,
    }
}

fn whole<'a>(number: i128) -> Outcome<'a> {
    i64::try_from(number).map(Val::Int).map_err(|_| Stop::Unknown)
}

fn part<'a>(nanos: i128, name: &str) -> Answer<'a> {
    let (days, of_day) = (i64::try_from(nanos.div_euclid(DAY)).ok()?, nanos.rem_euclid(DAY));
    let (year, month, day) = date_of(days);
    Some(whole(match name {
        "getFullYear" => year.into(),
        "getMonth" => (month - 1).into(),
        "getDayOfYear" => (days - days_of(year, 1, 1)).into(),
        "getDate" => day.into(),
        "getDayOfMonth" => (day - 1).into(),
        "getDayOfWeek" => (days + 4).rem_euclid(7).into(),
        "getHours" => of_day / (3600 * SECOND),
        "getMinutes" => of_day / (60 * SECOND) % 60,
        "getSeconds" => of_day / SECOND % 60,
        "getMilliseconds" => of_day % SECOND / 1_000_000,
        _ => return None,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        assert_eq!(go_duration("1h30m"), Some(5_400_000_000_000));
        assert_eq!(go_duration("-1.5s"), Some(-1_500_000_000));
        for bad in ["", "1", "1 day", "s", "-", "1x"] {
            assert_eq!(go_duration(bad), None, "{bad}");
        }
        assert_eq!(duration("2 days"), Some(172_800_000_000_000));
        assert_eq!(duration("not Valid!"), None);
        assert_eq!(show_duration(5_400_500_000_000), "5400.5s");
    }

    #[test]
    fn times() {
        let nanos = timestamp("2026-02-28T23:30:00.5+01:00").expect("a time");
        assert_eq!(timestamp("2026-02-28T22:30:00.5Z"), Some(nanos));
        let get = |name: &str| match part(nanos, name) {
            Some(Ok(Val::Int(number))) => number,
            other => panic!("{other:?}"),
        };
        assert_eq!((get("getFullYear"), get("getMonth"), get("getDate"), get("getDayOfWeek"), get("getDayOfYear")), (2026, 1, 28, 6, 58));
        assert_eq!(timestamp("yesterday"), None);
        assert_eq!(date_of(days_of(2000, 2, 29)), (2000, 2, 29));
    }
}
