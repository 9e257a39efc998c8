//! Conversions between types, and `size`.

use crate::schema::cel::evaluate::Evaluation;
use crate::schema::cel::value::{Outcome, Stop, Val, failed};

use super::{Answer, shown, time, timestamp};

pub(super) fn function<'a>(evaluation: &Evaluation, name: &str, arguments: &[Val<'a>]) -> Answer<'a> {
    let [value] = arguments else { return None };
    Some(match name {
        "dyn" => Ok(value.clone()),
        "type" => Ok(Val::Type(value.kind())),
        "int" => int(value),
        "uint" => uint(value),
        "double" => double(value),
        "bool" => boolean(value),
        "string" => shown(evaluation, value).map(Val::text),
        "bytes" => match value {
            Val::String(text) => Ok(Val::Bytes(text.as_bytes().into())),
            Val::Bytes(_) => Ok(value.clone()),
            _ => Err(Stop::NoOverload),
        },
        "timestamp" => match value {
            Val::String(text) => timestamp(text).map(Val::Timestamp).ok_or_else(|| broken("string", "google.protobuf.Timestamp")),
            Val::Int(seconds) => Ok(Val::Timestamp(i128::from(*seconds) * 1_000_000_000)),
            Val::Timestamp(_) => Ok(value.clone()),
            _ => Err(Stop::NoOverload),
        },
        "duration" => match value {
            Val::String(text) => time::go_duration(text).map(Val::Duration).ok_or_else(|| broken("string", "google.protobuf.Duration")),
            Val::Int(nanos) => Ok(Val::Duration(*nanos)),
            Val::Duration(_) => Ok(value.clone()),
            _ => Err(Stop::NoOverload),
        },
        "size" => size(value).map_or(Err(Stop::NoOverload), |size| Ok(Val::count(size))),
        _ => return None,
    })
}

/// How long text, bytes, a list or a mapping is.
pub(super) fn size(value: &Val) -> Option<usize> {
    Some(match value {
        Val::String(text) => text.chars().count(),
        Val::Bytes(bytes) => bytes.len(),
        Val::List(items) => items.len(),
        Val::Items(items, _) => items.len(),
        Val::Map(entries) => entries.len(),
        Val::Fields(fields, _) => fields.len(),
        _ => return None,
    })
}

fn broken(from: &str, to: &str) -> Stop {
    Stop::Failed(format!("type conversion error from '{from}' to '{to}'"))
}

#[allow(clippy::cast_possible_truncation)]
fn int<'a>(value: &Val<'a>) -> Outcome<'a> {
    match value {
        Val::Int(_) => Ok(value.clone()),
        Val::Uint(number) => i64::try_from(*number).map(Val::Int).or_else(|_| failed("integer overflow")),
        // The limits of 64 bits are powers of two, which a double holds.
        Val::Double(number) if number.abs() < 9_223_372_036_854_775_808.0 => Ok(Val::Int(*number as i64)),
        Val::Double(_) => failed("integer overflow"),
        Val::String(text) => whole(text).ok_or_else(|| broken("string", "int")).map(Val::Int),
        Val::Timestamp(nanos) => Ok(Val::Int(nanos.div_euclid(1_000_000_000) as i64)),
        Val::Duration(nanos) => Ok(Val::Int(*nanos)),
        _ => Err(Stop::NoOverload),
    }
}

/// Go reads a sign and digits, nothing else.
fn whole(text: &str) -> Option<i64> {
    text.parse().ok()
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn uint<'a>(value: &Val<'a>) -> Outcome<'a> {
    match value {
        Val::Uint(_) => Ok(value.clone()),
        Val::Int(number) => u64::try_from(*number).map(Val::Uint).or_else(|_| failed("unsigned integer overflow")),
        Val::Double(number) if *number >= 0.0 && *number < 18_446_744_073_709_551_616.0 => Ok(Val::Uint(*number as u64)),
        Val::Double(_) => failed("unsigned integer overflow"),
        Val::String(text) if !text.starts_with('+') => text.parse().map(Val::Uint).map_err(|_| broken("string", "uint")),
        Val::String(_) => Err(broken("string", "uint")),
        _ => Err(Stop::NoOverload),
    }
}

#[allow(clippy::cast_precision_loss)]
fn double<'a>(value: &Val<'a>) -> Outcome<'a> {
    match value {
        Val::Double(_) => Ok(value.clone()),
        Val::Int(number) => Ok(Val::Double(*number as f64)),
        Val::Uint(number) => Ok(Val::Double(*number as f64)),
        // Go also reads hexadecimal and underscored numbers.
        Val::String(text) if text.contains(['x', 'X', '_', 'p', 'P']) => Err(Stop::Unknown),
        Val::String(text) => text.parse().map(Val::Double).map_err(|_| broken("string", "double")),
        _ => Err(Stop::NoOverload),
    }
}

fn boolean<'a>(value: &Val<'a>) -> Outcome<'a> {
    match value {
        Val::Bool(_) => Ok(value.clone()),
        Val::String(text) => match &**text {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(Val::Bool(true)),
            "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(Val::Bool(false)),
            _ => Err(broken("string", "bool")),
        },
        _ => Err(Stop::NoOverload),
    }
}
