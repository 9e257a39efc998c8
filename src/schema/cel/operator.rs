//! What operators do.

use std::cmp::Ordering;
use std::rc::Rc;

use serde_json::Value;

use crate::cel::Binary;
use crate::data::{Array, ListType};

use super::evaluate::Evaluation;
use super::function::add_to_time;
use super::value::{Outcome, Stop, Val, failed};
use super::view;

pub(super) fn binary<'a>(evaluation: &Evaluation, operator: Binary, left: &Val<'a>, right: &Val<'a>) -> Outcome<'a> {
    Ok(Val::Bool(match operator {
        Binary::Equal => equal(evaluation, left, right)?,
        Binary::NotEqual => !equal(evaluation, left, right)?,
        Binary::Less => compare(left, right)?.is_some_and(Ordering::is_lt),
        Binary::LessOrEqual => compare(left, right)?.is_some_and(Ordering::is_le),
        Binary::Greater => compare(left, right)?.is_some_and(Ordering::is_gt),
        Binary::GreaterOrEqual => compare(left, right)?.is_some_and(Ordering::is_ge),
        Binary::In => is_in(evaluation, left, right)?,
        Binary::Add => return add(evaluation, left, right),
        Binary::Subtract | Binary::Multiply | Binary::Divide | Binary::Remainder => return calculate(operator, left, right),
    }))
}

/// Whether two values are equal. Numbers of any type compare; other types are never equal.
pub(super) fn equal(evaluation: &Evaluation, left: &Val, right: &Val) -> Result<bool, Stop> {
    evaluation.pay(1)?;
    Ok(match (left, right) {
        (Val::Int(_) | Val::Uint(_) | Val::Double(_), Val::Int(_) | Val::Uint(_) | Val::Double(_)) => {
            compare(left, right)? == Some(Ordering::Equal)
        }
        (Val::Null, Val::Null) => true,
        (Val::Bool(left), Val::Bool(right)) => left == right,
        (Val::String(left), Val::String(right)) => {
            evaluation.pay(left.len().min(right.len()) / 10)?;
            left == right
        }
        (Val::Bytes(left), Val::Bytes(right)) => left == right,
        (Val::Duration(left), Val::Duration(right)) => left == right,
        (Val::Timestamp(left), Val::Timestamp(right)) => left == right,
        (Val::Type(left), Val::Type(right)) | (Val::Format(left), Val::Format(right)) => left == right,
        (Val::Ip(left), Val::Ip(right)) => left == right,
        (Val::Cidr(left, bits), Val::Cidr(right, others)) => left == right && bits == others,
        (Val::Url(left), Val::Url(right)) => left == right,
        (Val::Quantity(left), Val::Quantity(right)) => left.nano == right.nano,
        (Val::Semver(left), Val::Semver(right)) => left.cmp_precedence(right).is_eq(),
        (Val::Opaque(left), Val::Opaque(right)) => left == right,
        (Val::Optional(left), Val::Optional(right)) => match (left, right) {
            (None, None) => true,
            (Some(left), Some(right)) => equal(evaluation, left, right)?,
            _ => false,
        },
        (Val::Items(items, array), Val::Items(..) | Val::List(_)) if array.list_type != ListType::Atomic => {
            unordered(evaluation, items, array, &elements(evaluation, right)?)?
        }
        (Val::Items(..) | Val::List(_), Val::Items(..) | Val::List(_)) => {
            let (left, right) = (elements(evaluation, left)?, elements(evaluation, right)?);
            if left.len() != right.len() {
                return Ok(false);
            }
            for (left, right) in left.iter().zip(&right) {
                if !equal(evaluation, left, right)? {
                    return Ok(false);
                }
            }
            true
        }
        (Val::Fields(..) | Val::Map(_), Val::Fields(..) | Val::Map(_)) => maps(evaluation, left, right)?,
        _ => false,
    })
}

/// A list that is a set, or a list of mappings told apart by keys, compares without order.
fn unordered(evaluation: &Evaluation, items: &[Value], array: &Array, right: &[Val]) -> Result<bool, Stop> {
    if items.len() != right.len() {
        return Ok(false);
    }
    let left = view::items(items, array)?;
    for value in right {
        let mut found = false;
        for candidate in &left {
            if equal(evaluation, candidate, value)? {
                found = true;
                break;
            }
        }
        if !found {
            return Ok(false);
        }
    }
    Ok(true)
}

fn maps(evaluation: &Evaluation, left: &Val, right: &Val) -> Result<bool, Stop> {
    let entries = entries(left)?;
    if entries.len() != self::entries(right)?.len() {
        return Ok(false);
    }
    for (key, value) in &entries {
        let other = match right {
            Val::Map(entries) => entry(evaluation, entries, key)?,
            Val::Fields(fields, object) => view::field(fields, object, key.as_text()?).transpose()?,
            _ => None,
        };
        match other {
            Some(other) if equal(evaluation, value, &other)? => {}
            _ => return Ok(false),
        }
    }
    Ok(true)
}

fn entries<'a>(of: &Val<'a>) -> Result<Vec<(Val<'a>, Val<'a>)>, Stop> {
    match of {
        Val::Map(entries) => Ok(entries.to_vec()),
        Val::Fields(fields, object) => {
            let entry = |key: Val<'a>| -> Result<Option<(Val<'a>, Val<'a>)>, Stop> {
                let value = view::field(fields, object, key.as_text()?).transpose()?;
                Ok(value.map(|value| (key, value)))
            };
            view::keys(fields, object).into_iter().map(entry).filter_map(Result::transpose).collect()
        }
        _ => Err(Stop::NoOverload),
    }
}

/// All values of a list.
pub(super) fn elements<'a>(evaluation: &Evaluation, of: &Val<'a>) -> Result<Vec<Val<'a>>, Stop> {
    match of {
        Val::Items(items, array) => {
            evaluation.pay(items.len())?;
            view::items(items, array)
        }
        Val::List(items) => {
            evaluation.pay(items.len())?;
            Ok(items.to_vec())
        }
        _ => Err(Stop::NoOverload),
    }
}

/// The value of a key in a mapping that a rule made.
pub(super) fn entry<'a>(evaluation: &Evaluation, entries: &[(Val<'a>, Val<'a>)], key: &Val) -> Result<Option<Val<'a>>, Stop> {
    for (name, value) in entries {
        if equal(evaluation, name, key)? {
            return Ok(Some(value.clone()));
        }
    }
    Ok(None)
}

#[allow(clippy::cast_precision_loss)]
pub(super) fn compare(left: &Val, right: &Val) -> Result<Option<Ordering>, Stop> {
    Ok(match (left, right) {
        (Val::Int(left), Val::Int(right)) | (Val::Duration(left), Val::Duration(right)) => Some(left.cmp(right)),
        (Val::Uint(left), Val::Uint(right)) => Some(left.cmp(right)),
        (Val::Int(left), Val::Uint(right)) => Some(i128::from(*left).cmp(&i128::from(*right))),
        (Val::Uint(left), Val::Int(right)) => Some(i128::from(*left).cmp(&i128::from(*right))),
        (Val::Double(left), Val::Double(right)) => left.partial_cmp(right),
        (Val::Double(left), Val::Int(right)) => left.partial_cmp(&(*right as f64)),
        (Val::Double(left), Val::Uint(right)) => left.partial_cmp(&(*right as f64)),
        (Val::Int(left), Val::Double(right)) => (*left as f64).partial_cmp(right),
        (Val::Uint(left), Val::Double(right)) => (*left as f64).partial_cmp(right),
        (Val::String(left), Val::String(right)) => Some(left.cmp(right)),
        (Val::Bool(left), Val::Bool(right)) => Some(left.cmp(right)),
        (Val::Bytes(left), Val::Bytes(right)) => Some(left.cmp(right)),
        (Val::Timestamp(left), Val::Timestamp(right)) => Some(left.cmp(right)),
        _ => return Err(Stop::NoOverload),
    })
}

fn is_in(evaluation: &Evaluation, value: &Val, of: &Val) -> Result<bool, Stop> {
    match of {
        Val::Map(entries) => Ok(entry(evaluation, entries, value)?.is_some()),
        Val::Fields(fields, object) => Ok(view::field(fields, object, value.as_text()?).transpose()?.is_some()),
        _ => {
            for element in elements(evaluation, of)? {
                if equal(evaluation, &element, value)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
    }
}

pub(super) fn index<'a>(evaluation: &Evaluation, of: &Val<'a>, index: &Val<'a>, optional: bool) -> Outcome<'a> {
    let found = match of {
        Val::Optional(None) => return Ok(Val::Optional(None)),
        Val::Optional(Some(inner)) => return self::index(evaluation, inner, index, true),
        Val::Items(items, array) => match place(index, items.len())? {
            Some(place) => Some(view::of(&items[place], &array.items)?),
            None => None,
        },
        Val::List(items) => place(index, items.len())?.map(|place| items[place].clone()),
        Val::Map(entries) => entry(evaluation, entries, index)?,
        Val::Fields(fields, object) => view::field(fields, object, index.as_text()?).transpose()?,
        _ => return Err(Stop::NoOverload),
    };
    match (found, optional) {
        (Some(value), true) => Ok(Val::some(value)),
        (None, true) => Ok(Val::Optional(None)),
        (Some(value), false) => Ok(value),
        (None, false) => match (of, index) {
            (Val::Items(..) | Val::List(_), Val::Int(index)) => failed(format!("index out of bounds: {index}")),
            (_, Val::String(key)) => failed(format!("no such key: {key}")),
            _ => failed("no such key"),
        },
    }
}

fn place(index: &Val, length: usize) -> Result<Option<usize>, Stop> {
    Ok(usize::try_from(index.as_int()?).ok().filter(|index| *index < length))
}

/// `a + b`. A list that is a set, or that has keys, keeps being one.
fn add<'a>(evaluation: &Evaluation, left: &Val<'a>, right: &Val<'a>) -> Outcome<'a> {
    match (left, right) {
        (Val::String(left), Val::String(right)) => {
            evaluation.pay((left.len() + right.len()) / 10)?;
            Ok(Val::text(format!("{left}{right}")))
        }
        (Val::Bytes(left), Val::Bytes(right)) => {
            evaluation.pay((left.len() + right.len()) / 10)?;
            Ok(Val::Bytes([&**left, &**right].concat().into()))
        }
        (Val::Items(_, array), Val::Items(..) | Val::List(_)) if array.list_type != ListType::Atomic => Err(Stop::Unknown),
        (Val::Items(..) | Val::List(_), Val::Items(..) | Val::List(_)) => {
            let mut all = elements(evaluation, left)?;
            all.extend(elements(evaluation, right)?);
            Ok(Val::list(all))
        }
        (Val::Duration(_) | Val::Timestamp(_), _) => add_to_time(left, right, false),
        _ => calculate(Binary::Add, left, right),
    }
}

fn calculate<'a>(operator: Binary, left: &Val<'a>, right: &Val<'a>) -> Outcome<'a> {
    let overflow = |what: &str| Stop::Failed(format!("{what} overflow"));
    Ok(match (left, right) {
        (Val::Int(left), Val::Int(right)) => Val::Int(
            match operator {
                Binary::Add => left.checked_add(*right),
                Binary::Subtract => left.checked_sub(*right),
                Binary::Multiply => left.checked_mul(*right),
                Binary::Divide if *right == 0 => return failed("division by zero"),
                Binary::Divide => left.checked_div(*right),
                Binary::Remainder if *right == 0 => return failed("modulus by zero"),
                _ => left.checked_rem(*right),
            }
            .ok_or_else(|| overflow("integer"))?,
        ),
        (Val::Uint(left), Val::Uint(right)) => Val::Uint(
            match operator {
                Binary::Add => left.checked_add(*right),
                Binary::Subtract => left.checked_sub(*right),
                Binary::Multiply => left.checked_mul(*right),
                Binary::Divide if *right == 0 => return failed("division by zero"),
                Binary::Divide => left.checked_div(*right),
                Binary::Remainder if *right == 0 => return failed("modulus by zero"),
                _ => left.checked_rem(*right),
            }
            .ok_or_else(|| overflow("unsigned integer"))?,
        ),
        (Val::Double(left), Val::Double(right)) => Val::Double(match operator {
            Binary::Add => left + right,
            Binary::Subtract => left - right,
            Binary::Multiply => left * right,
            Binary::Divide => left / right,
            _ => return Err(Stop::NoOverload),
        }),
        (Val::Duration(_) | Val::Timestamp(_), _) if operator == Binary::Subtract => return add_to_time(left, right, true),
        _ => return Err(Stop::NoOverload),
    })
}

pub(super) fn negative<'a>(of: &Val<'a>) -> Outcome<'a> {
    match of {
        Val::Int(number) => number.checked_neg().map(Val::Int).ok_or_else(|| Stop::Failed("integer overflow".to_owned())),
        Val::Double(number) => Ok(Val::Double(-number)),
        Val::Duration(nanos) => nanos.checked_neg().map(Val::Duration).ok_or_else(|| Stop::Failed("integer overflow".to_owned())),
        _ => Err(Stop::NoOverload),
    }
}

/// Values in the order of their keys, which are numbers, text or times of one type.
pub(super) fn sorted<'a>(evaluation: &Evaluation, mut keyed: Vec<(Val<'a>, Val<'a>)>) -> Outcome<'a> {
    evaluation.pay(keyed.len() * 8)?;
    for pair in keyed.windows(2) {
        if pair[0].0.kind() != pair[1].0.kind() {
            return failed("list elements must have the same type");
        }
        compare(&pair[0].0, &pair[1].0)?;
    }
    keyed.sort_by(|(left, _), (right, _)| compare(left, right).ok().flatten().unwrap_or(Ordering::Equal));
    Ok(Val::List(Rc::new(keyed.into_iter().map(|(_, value)| value).collect())))
}
