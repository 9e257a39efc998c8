//! Values as text: `string(x)`, and `'%s'.format([x])`.

use crate::schema::cel::evaluate::Evaluation;
use crate::schema::cel::operator::elements;
use crate::schema::cel::value::{Outcome, Stop, Val, failed};
use crate::schema::cel::view;

use super::time;

/// A value as `string()` writes it.
pub(in crate::schema::cel) fn shown(evaluation: &Evaluation, value: &Val) -> Result<String, Stop> {
    Ok(match value {
        Val::String(text) => {
            evaluation.pay(text.len() / 10)?;
            text.to_string()
        }
        Val::Int(number) => number.to_string(),
        Val::Uint(number) => number.to_string(),
        Val::Double(number) => double(*number)?,
        Val::Bool(flag) => flag.to_string(),
        Val::Bytes(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => return failed("invalid UTF-8 in bytes, cannot convert to string"),
        },
        Val::Duration(nanos) => time::show_duration(*nanos),
        // The server keeps the offset that the time was written with.
        Val::Timestamp(_) => return Err(Stop::Unknown),
        Val::Ip(address) => address.to_string(),
        Val::Cidr(address, bits) => format!("{address}/{bits}"),
        _ => return Err(Stop::NoOverload),
    })
}

/// As Go's `%g`: with an exponent from a million on, and below a ten-thousandth.
fn double(number: f64) -> Result<String, Stop> {
    if !number.is_finite() {
        return Err(Stop::Unknown);
    }
    let scientific = format!("{number:e}");
    let (digits, exponent) = scientific.split_once('e').ok_or(Stop::Unknown)?;
    let exponent: i32 = exponent.parse().map_err(|_| Stop::Unknown)?;
    if (-4..6).contains(&exponent) {
        return Ok(number.to_string());
    }
    Ok(format!("{digits}e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs()))
}

/// `'%s is %d'.format([a, b])`.
pub(super) fn format<'a>(evaluation: &Evaluation, template: &str, arguments: &Val<'a>) -> Outcome<'a> {
    let arguments = elements(evaluation, arguments)?;
    evaluation.pay(template.len() / 10)?;
    let (mut out, mut next) = (String::new(), 0);
    let mut rest = template;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('%') {
            out.push('%');
            rest = after;
            continue;
        }
        let mut precision = None;
        if let Some(after) = rest.strip_prefix('.') {
            let digits = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
            precision = after[..digits].parse::<usize>().ok().filter(|precision| *precision < 100);
            if precision.is_none() {
                return Err(Stop::Unknown);
            }
            rest = &after[digits..];
        }
        let Some(verb) = rest.chars().next() else { return failed("unexpected end of string") };
        rest = &rest[verb.len_utf8()..];
        let Some(argument) = arguments.get(next) else { return failed(format!("index {next} out of range")) };
        next += 1;
        out.push_str(&clause(evaluation, verb, precision, argument)?);
    }
    out.push_str(rest);
    evaluation.pay(out.len() / 10)?;
    Ok(Val::text(out))
}

fn clause(evaluation: &Evaluation, verb: char, precision: Option<usize>, argument: &Val) -> Result<String, Stop> {
    Ok(match (verb, argument) {
        ('s', _) => plain(evaluation, argument)?,
        ('d', Val::Int(_) | Val::Uint(_)) => shown(evaluation, argument)?,
        ('f', Val::Double(number)) => format!("{number:.*}", precision.unwrap_or(6)),
        ('b', Val::Int(number)) if *number < 0 => format!("-{:b}", number.unsigned_abs()),
        ('b', Val::Int(number)) => format!("{number:b}"),
        ('b', Val::Uint(number)) => format!("{number:b}"),
        ('b', Val::Bool(flag)) => u8::from(*flag).to_string(),
        ('x', Val::Int(number)) if *number >= 0 => format!("{number:x}"),
        ('X', Val::Int(number)) if *number >= 0 => format!("{number:X}"),
        ('o', Val::Int(number)) if *number >= 0 => format!("{number:o}"),
        _ => return Err(Stop::Unknown),
    })
}

/// `%s`: text as it is, lists and mappings as CEL would write them.
fn plain(evaluation: &Evaluation, value: &Val) -> Result<String, Stop> {
    match value {
        Val::Null => Ok("null".to_owned()),
        Val::List(_) | Val::Items(..) => {
            let mut parts = Vec::new();
            for element in elements(evaluation, value)? {
                parts.push(inner(evaluation, &element)?);
            }
            Ok(format!("[{}]", parts.join(", ")))
        }
        Val::Map(entries) => {
            let mut parts = Vec::new();
            for (key, value) in entries.iter() {
                parts.push(format!("{}:{}", inner(evaluation, key)?, inner(evaluation, value)?));
            }
            parts.sort();
            Ok(format!("{{{}}}", parts.join(", ")))
        }
        Val::Fields(fields, object) => {
            let mut parts = Vec::new();
            for key in view::keys(fields, object) {
                if let Some(value) = view::field(fields, object, key.as_text()?) {
                    parts.push(format!("{}:{}", inner(evaluation, &key)?, inner(evaluation, &value?)?));
                }
            }
            parts.sort();
            Ok(format!("{{{}}}", parts.join(", ")))
        }
        _ => shown(evaluation, value),
    }
}

fn inner(evaluation: &Evaluation, value: &Val) -> Result<String, Stop> {
    Ok(match value {
        Val::String(text) => format!("{text:?}"),
        Val::Double(number) => format!("{number:.6}"),
        Val::Duration(_) => format!("duration(\"{}\")", shown(evaluation, value)?),
        _ => plain(evaluation, value)?,
    })
}
