//! Calls that mean more than a call: macros, and functions with a dot in their name.

use super::expression::{Call, Expression, Fold, FoldKind};
use super::parser::{NotRead, Part, above};

/// Functions whose name has a dot, by what stands before it.
const QUALIFIED: &[(&str, &[&str])] = &[
    ("sets", &["contains", "equivalent", "intersects"]),
    ("optional", &["of", "ofNonZeroValue", "none", "unwrap"]),
    ("strings", &["quote"]),
    ("lists", &["range"]),
    ("ip", &["isCanonical"]),
    ("format", FORMATS),
    ("format", &["named"]),
];

/// Formats of text, each a function of its name below `format` (`pkg/cel/library/format.go` of `k8s.io/apiserver`).
pub const FORMATS: &[&str] = &[
    "dns1123Label",
    "dns1123Subdomain",
    "dns1035Label",
    "qualifiedName",
    "dns1123LabelPrefix",
    "dns1123SubdomainPrefix",
    "dns1035LabelPrefix",
    "labelValue",
    "uri",
    "uuid",
    "byte",
    "date",
    "datetime",
];

/// `f(a, b)`.
pub(super) fn call(function: Box<str>, mut arguments: Vec<Part>) -> Result<Part, NotRead> {
    let height = above(arguments.iter().map(|(_, height)| *height))?;
    if &*function == "has" {
        return match (arguments.pop(), arguments.len()) {
            (Some((Expression::Select { of, field, .. }, _)), 0) => Ok((Expression::Has { of, field }, height)),
            _ => Err(NotRead::Broken),
        };
    }
    let arguments = arguments.into_iter().map(|(argument, _)| argument).collect();
    Ok((Expression::Call(Box::new(Call { target: None, function, arguments })), height))
}

/// `t.f(a, b)`, which may be a macro.
pub(super) fn fold(target: Part, function: &str, arguments: Vec<Part>) -> Result<Part, NotRead> {
    let height = above(arguments.iter().map(|(_, height)| *height).chain([target.1]))?;
    let count = arguments.len();
    let mut arguments: Vec<Expression> = arguments.into_iter().map(|(argument, _)| argument).collect();
    let Some((kind, names)) = kind(function, count) else {
        if let Expression::Name(name) = &target.0
            && QUALIFIED.iter().any(|(prefix, functions)| **prefix == **name && functions.contains(&function))
        {
            let function = format!("{name}.{function}").into();
            return Ok((Expression::Call(Box::new(Call { target: None, function, arguments })), height));
        }
        return Ok((Expression::Call(Box::new(Call { target: Some(target.0), function: function.into(), arguments })), height));
    };
    let body = arguments.pop().ok_or(NotRead::Broken)?;
    let mut arguments = arguments.into_iter();
    let mut name = || match arguments.next() {
        Some(Expression::Name(name)) => Ok(name),
        _ => Err(NotRead::Broken),
    };
    let first = name()?;
    let second = if names == 2 { Some(name()?) } else { None };
    let filter = arguments.next();
    Ok((Expression::Fold(Box::new(Fold { kind, over: target.0, first, second, filter, body })), height))
}

/// Which macro it is, and how many names it binds.
fn kind(function: &str, arguments: usize) -> Option<(FoldKind, usize)> {
    Some(match (function, arguments) {
        ("all", 2 | 3) => (FoldKind::All, arguments - 1),
        ("exists", 2 | 3) => (FoldKind::Exists, arguments - 1),
        ("exists_one" | "existsOne", 2 | 3) => (FoldKind::ExistsOne, arguments - 1),
        ("filter", 2) => (FoldKind::Filter, 1),
        ("map", 2 | 3) => (FoldKind::Map, 1),
        ("transformList", 3 | 4) => (FoldKind::TransformList, 2),
        ("transformMap", 3 | 4) => (FoldKind::TransformMap, 2),
        ("transformMapEntry", 3 | 4) => (FoldKind::TransformMapEntry, 2),
        ("sortBy", 2) => (FoldKind::SortBy, 1),
        ("optMap", 2) => (FoldKind::OptMap, 1),
        ("optFlatMap", 2) => (FoldKind::OptFlatMap, 1),
        _ => return None,
    })
}
