//! Quantities and versions.

use std::cmp::Ordering;
use std::rc::Rc;

use crate::schema::cel::quantity::Quantity;
use crate::schema::cel::value::{Outcome, Stop, Val, failed};
use crate::schema::scalar::is_quantity;

use super::Answer;

pub(super) fn function<'a>(name: &str, arguments: &[Val<'a>]) -> Answer<'a> {
    Some(match (name, arguments) {
        ("isQuantity", [Val::String(text)]) => Ok(Val::Bool(is_quantity(text))),
        ("quantity", [Val::String(text)]) => quantity(text),
        ("sign", [Val::Quantity(quantity)]) => Ok(Val::Int(i64::try_from(quantity.nano.signum()).unwrap_or_default())),
        ("isSemver", [Val::String(text)]) => Ok(Val::Bool(version(text).is_some())),
        ("isSemver", [Val::String(text), Val::Bool(normalize)]) => Ok(Val::Bool(lenient(text, *normalize).is_some())),
        ("semver", [Val::String(text)]) => semver(version(text)),
        ("semver", [Val::String(text), Val::Bool(normalize)]) => semver(lenient(text, *normalize)),
        _ => return None,
    })
}

pub(super) fn method<'a>(name: &str, arguments: &[Val<'a>]) -> Answer<'a> {
    let order = match arguments {
        [Val::Quantity(left), Val::Quantity(right)] => Some(left.nano.cmp(&right.nano)),
        [Val::Semver(left), Val::Semver(right)] => Some(left.cmp_precedence(right)),
        _ => None,
    };
    if let Some(order) = order {
        match name {
            "isGreaterThan" => return Some(Ok(Val::Bool(order.is_gt()))),
            "isLessThan" => return Some(Ok(Val::Bool(order.is_lt()))),
            "compareTo" => {
                return Some(Ok(Val::Int(if order == Ordering::Equal {
                    0
                } else if order.is_lt() {
                    -1
                } else {
                    1
                })));
            }
            _ => {}
        }
    }
    let made = |quantity: Option<Quantity>| quantity.map_or(Err(Stop::Unknown), |quantity| Ok(Val::Quantity(quantity)));
    Some(match (name, arguments) {
        ("add", [Val::Quantity(left), Val::Quantity(right)]) => made(left.add(*right)),
        ("add", [Val::Quantity(left), Val::Int(right)]) => made(left.add(Quantity::of_int(*right))),
        ("sub", [Val::Quantity(left), Val::Quantity(right)]) => made(left.subtract(*right)),
        ("sub", [Val::Quantity(left), Val::Int(right)]) => made(left.subtract(Quantity::of_int(*right))),
        ("isInteger", [Val::Quantity(quantity)]) => Ok(Val::Bool(quantity.is_integer)),
        ("asInteger", [Val::Quantity(quantity)]) => match quantity.as_integer() {
            Some(number) => Ok(Val::Int(number)),
            None => failed("cannot convert value to integer"),
        },
        #[allow(clippy::cast_precision_loss)]
        ("asApproximateFloat", [Val::Quantity(quantity)]) => Ok(Val::Double(quantity.nano as f64 / 1e9)),
        ("sign", [Val::Quantity(quantity)]) => Ok(Val::Int(i64::try_from(quantity.nano.signum()).unwrap_or_default())),
        ("major", [Val::Semver(version)]) => Ok(part(version.major)),
        ("minor", [Val::Semver(version)]) => Ok(part(version.minor)),
        ("patch", [Val::Semver(version)]) => Ok(part(version.patch)),
        _ => return None,
    })
}

fn quantity<'a>(text: &str) -> Outcome<'a> {
    match Quantity::read(text) {
        Some(quantity) => Ok(Val::Quantity(quantity)),
        // One that is too large to be told here.
        None if is_quantity(text) => Err(Stop::Unknown),
        None => failed("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"),
    }
}

fn semver<'a>(version: Option<semver::Version>) -> Outcome<'a> {
    version.map_or_else(|| failed("No Major.Minor.Patch elements found"), |version| Ok(Val::Semver(Rc::new(version))))
}

fn version(text: &str) -> Option<semver::Version> {
    semver::Version::parse(text).ok()
}

/// With `normalize`: a `v` in front, missing parts and leading zeros are fine (`normalizeAndParse`).
fn lenient(text: &str, normalize: bool) -> Option<semver::Version> {
    if !normalize {
        return version(text);
    }
    let text = text.strip_prefix('v').unwrap_or(text);
    let mut parts: Vec<String> = text.splitn(3, '.').map(without_zeros).collect();
    if parts.len() < 3 {
        // A short version has neither pre-release nor build.
        if parts.last().is_some_and(|last| last.contains(['+', '-'])) {
            return None;
        }
        parts.resize(3, "0".to_owned());
    }
    version(&parts.join("."))
}

fn without_zeros(part: &str) -> String {
    if part.len() < 2 {
        return part.to_owned();
    }
    let rest = part.trim_start_matches('0');
    if rest.starts_with(|c: char| c.is_ascii_digit()) { rest.to_owned() } else { format!("0{rest}") }
}

fn part<'a>(number: u64) -> Val<'a> {
    Val::Int(i64::try_from(number).unwrap_or(i64::MAX))
}
