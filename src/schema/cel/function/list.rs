//! Functions of lists and sets.

use std::cmp::Ordering;

use crate::schema::cel::evaluate::Evaluation;
use crate::schema::cel::operator::{binary, compare, elements, equal, sorted};
use crate::schema::cel::value::{Outcome, Stop, Val, failed};

use crate::cel::Binary;

use super::Answer;

pub(super) fn method<'a>(evaluation: &Evaluation, name: &str, arguments: &[Val<'a>]) -> Answer<'a> {
    let (target, arguments) = arguments.split_first()?;
    if !matches!(target, Val::List(_) | Val::Items(..)) {
        return None;
    }
    let items = match elements(evaluation, target) {
        Ok(items) => items,
        Err(stop) => return Some(Err(stop)),
    };
    Some(match (name, arguments) {
        ("isSorted", []) => is_sorted(&items),
        ("sum", []) => sum(evaluation, &items),
        ("min", []) => extreme(&items, Ordering::Less, "min"),
        ("max", []) => extreme(&items, Ordering::Greater, "max"),
        ("indexOf", [value]) => position(evaluation, items.iter().enumerate(), value),
        ("lastIndexOf", [value]) => position(evaluation, items.iter().enumerate().rev(), value),
        ("first", []) => Ok(items.first().map_or(Val::Optional(None), |value| Val::some(value.clone()))),
        ("last", []) => Ok(items.last().map_or(Val::Optional(None), |value| Val::some(value.clone()))),
        ("reverse", []) => Ok(Val::list(items.into_iter().rev().collect())),
        ("distinct", []) => distinct(evaluation, items),
        ("sort", []) => sorted(evaluation, items.into_iter().map(|item| (item.clone(), item)).collect()),
        ("slice", [Val::Int(from), Val::Int(to)]) => slice(&items, *from, *to),
        ("flatten", []) => flatten(evaluation, items, 1),
        ("flatten", [Val::Int(depth)]) => flatten(evaluation, items, *depth),
        _ => return None,
    })
}

pub(super) fn function<'a>(evaluation: &Evaluation, name: &str, arguments: &[Val<'a>]) -> Answer<'a> {
    match (name, arguments) {
        ("sets.contains", [list, other]) => Some(contains(evaluation, list, other).map(Val::Bool)),
        ("sets.equivalent", [list, other]) => {
            let both = contains(evaluation, list, other).and_then(|first| Ok(first && contains(evaluation, other, list)?));
            Some(both.map(Val::Bool))
        }
        ("sets.intersects", [list, other]) => Some(intersects(evaluation, list, other).map(Val::Bool)),
        ("lists.range", [Val::Int(count)]) => {
            let paid = evaluation.pay(usize::try_from(*count).unwrap_or_default());
            Some(paid.map(|()| Val::list((0..*count).map(Val::Int).collect())))
        }
        _ => None,
    }
}

fn is_sorted<'a>(items: &[Val<'a>]) -> Outcome<'a> {
    for pair in items.windows(2) {
        if compare(&pair[0], &pair[1])? == Some(Ordering::Greater) {
            return Ok(Val::Bool(false));
        }
    }
    Ok(Val::Bool(true))
}

fn sum<'a>(evaluation: &Evaluation, items: &[Val<'a>]) -> Outcome<'a> {
    // The sum of nothing has the type of the entries, which nobody knows here; a whole number compares with all of them but times.
    let Some((first, rest)) = items.split_first() else { return Ok(Val::Int(0)) };
    rest.iter().try_fold(first.clone(), |sum, item| binary(evaluation, Binary::Add, &sum, item))
}

fn extreme<'a>(items: &[Val<'a>], wanted: Ordering, name: &str) -> Outcome<'a> {
    let Some((first, rest)) = items.split_first() else { return failed(format!("{name} called on empty list")) };
    let mut best = first;
    for item in rest {
        if compare(item, best)? == Some(wanted) {
            best = item;
        }
    }
    Ok(best.clone())
}

fn position<'a, 'v>(evaluation: &Evaluation, items: impl Iterator<Item = (usize, &'v Val<'a>)>, value: &Val<'a>) -> Outcome<'a>
where
    'a: 'v,
{
    for (index, item) in items {
        if equal(evaluation, item, value)? {
            return Ok(Val::count(index));
        }
    }
    Ok(Val::Int(-1))
}

fn distinct<'a>(evaluation: &Evaluation, items: Vec<Val<'a>>) -> Outcome<'a> {
    let mut kept: Vec<Val<'a>> = Vec::new();
    for item in items {
        let mut is_known = false;
        for known in &kept {
            is_known = is_known || equal(evaluation, known, &item)?;
        }
        if !is_known {
            kept.push(item);
        }
    }
    Ok(Val::list(kept))
}

fn slice<'a>(items: &[Val<'a>], from: i64, to: i64) -> Outcome<'a> {
    let (Ok(start), Ok(end)) = (usize::try_from(from), usize::try_from(to)) else {
        return failed(format!("cannot slice({from}, {to}), negative indexes not supported"));
    };
    if start > end {
        return failed(format!("cannot slice({from}, {to}), start index must be less than or equal to end index"));
    }
    match items.get(start..end) {
        Some(part) => Ok(Val::list(part.to_vec())),
        None => failed(format!("cannot slice({from}, {to}), list is length {}", items.len())),
    }
}

fn flatten<'a>(evaluation: &Evaluation, items: Vec<Val<'a>>, depth: i64) -> Outcome<'a> {
    if depth < 0 {
        return failed("level must be non-negative");
    }
    let mut flat = items;
    // Lists of an object nest as deep as its schema; more rounds change nothing.
    for _ in 0..depth.min(64) {
        let mut next = Vec::new();
        for item in flat {
            match item {
                Val::List(_) | Val::Items(..) => next.extend(elements(evaluation, &item)?),
                other => next.push(other),
            }
        }
        flat = next;
    }
    Ok(Val::list(flat))
}

fn contains(evaluation: &Evaluation, list: &Val, other: &Val) -> Result<bool, Stop> {
    let list = elements(evaluation, list)?;
    for wanted in elements(evaluation, other)? {
        let mut found = false;
        for item in &list {
            found = found || equal(evaluation, item, &wanted)?;
        }
        if !found {
            return Ok(false);
        }
    }
    Ok(true)
}

fn intersects(evaluation: &Evaluation, list: &Val, other: &Val) -> Result<bool, Stop> {
    let other = elements(evaluation, other)?;
    for item in elements(evaluation, list)? {
        for wanted in &other {
            if equal(evaluation, &item, wanted)? {
                return Ok(true);
            }
        }
    }
    Ok(false)
}
