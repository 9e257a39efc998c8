//! The functions that rules can call: CEL's own and those of `k8s.io/apiserver/pkg/cel/library` (0.36).
//!
//! Each file takes a function by its name, and says nothing where it knows none of that name for these types.

mod conversion;
mod list;
mod named;
mod net;
mod number;
mod optional;
mod pattern;
mod print;
mod text;
mod time;

use super::evaluate::Evaluation;
use super::value::{Outcome, Stop, Val};

pub(super) use print::shown;
pub(in crate::schema) use time::duration;
pub(super) use time::{add as add_to_time, timestamp};

/// What a file of functions answers: nothing where it has no such function.
type Answer<'a> = Option<Outcome<'a>>;

/// Calls a function; the target of a method is the first argument.
pub(super) fn call<'a>(evaluation: &Evaluation, name: &str, is_method: bool, arguments: &[Val<'a>]) -> Outcome<'a> {
    let answer = if is_method {
        text::method(evaluation, name, arguments)
            .or_else(|| list::method(evaluation, name, arguments))
            .or_else(|| optional::method(name, arguments))
            .or_else(|| net::method(evaluation, name, arguments))
            .or_else(|| number::method(name, arguments))
            .or_else(|| time::method(name, arguments))
            .or_else(|| named::method(name, arguments))
    } else {
        conversion::function(evaluation, name, arguments)
            .or_else(|| list::function(evaluation, name, arguments))
            .or_else(|| optional::function(name, arguments))
            .or_else(|| net::function(name, arguments))
            .or_else(|| number::function(name, arguments))
            .or_else(|| named::function(name, arguments))
            .or_else(|| text::function(evaluation, name, arguments))
    };
    // A function that is there for other types only.
    answer.unwrap_or_else(|| Err(if KNOWN.contains(&name) { Stop::NoOverload } else { Stop::Unknown }))
}

/// Functions of text that a value of several types may be asked for (`x-kubernetes-int-or-string`): for a number the server has none.
const KNOWN: &[&str] = &[
    "contains",
    "startsWith",
    "endsWith",
    "matches",
    "charAt",
    "indexOf",
    "lastIndexOf",
    "lowerAscii",
    "upperAscii",
    "replace",
    "split",
    "substring",
    "trim",
    "find",
    "findAll",
    "quantity",
    "isQuantity",
    "isIP",
    "ip",
    "cidr",
    "isCIDR",
    "url",
    "isURL",
    "semver",
    "isSemver",
    "size",
];
