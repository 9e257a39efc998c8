//! Functions of optionals. `or` and `orValue` look at their other side only when needed, so they are not here.

use crate::schema::cel::value::{Stop, Val, failed};

use super::{Answer, conversion};

pub(super) fn method<'a>(name: &str, arguments: &[Val<'a>]) -> Answer<'a> {
    match (name, arguments) {
        ("hasValue", [Val::Optional(inner)]) => Some(Ok(Val::Bool(inner.is_some()))),
        ("value", [Val::Optional(Some(inner))]) => Some(Ok((**inner).clone())),
        ("value", [Val::Optional(None)]) => Some(failed("optional.none() dereference")),
        ("unwrapOpt", [list]) => Some(unwrapped(list)),
        _ => None,
    }
}

pub(super) fn function<'a>(name: &str, arguments: &[Val<'a>]) -> Answer<'a> {
    match (name, arguments) {
        ("optional.of", [value]) => Some(Ok(Val::some(value.clone()))),
        ("optional.none", []) => Some(Ok(Val::Optional(None))),
        ("optional.ofNonZeroValue", [value]) => Some(Ok(if is_zero(value) { Val::Optional(None) } else { Val::some(value.clone()) })),
        ("optional.unwrap", [list]) => Some(unwrapped(list)),
        _ => None,
    }
}

fn unwrapped<'a>(list: &Val<'a>) -> Result<Val<'a>, Stop> {
    let Val::List(items) = list else { return Err(Stop::NoOverload) };
    let inner = |item: &Val<'a>| match item {
        Val::Optional(inner) => inner.as_ref().map(|inner| Ok((**inner).clone())),
        _ => Some(Err(Stop::NoOverload)),
    };
    Ok(Val::list(items.iter().filter_map(inner).collect::<Result<_, _>>()?))
}

fn is_zero(value: &Val) -> bool {
    match value {
        Val::Null | Val::Optional(None) => true,
        Val::Bool(flag) => !flag,
        Val::Int(number) | Val::Duration(number) => *number == 0,
        Val::Uint(number) => *number == 0,
        Val::Double(number) => *number == 0.0,
        other => conversion::size(other) == Some(0),
    }
}
