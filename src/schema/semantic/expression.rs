//! CEL in definitions, policies, webhooks and device selectors, as far as it can be told without types.
//!
//! The server compiles them when the object is created. Here they are read, and their names looked up.

use serde_json::{Map, Value};

use crate::cel::{Binary, Expression, Literal, NotRead, parse};
use crate::schema::pointer::Pointer;
use crate::schema::violation::Violation;

use super::{Check, list, refuse, text};

pub(super) const CHECKS: &[(&str, Check)] = &[
    ("admissionregistration.v1.Validation", validation),
    ("admissionregistration.v1.MatchCondition", condition),
    ("admissionregistration.v1.AuditAnnotation", annotation),
    ("admissionregistration.v1.Variable", variable),
    ("admissionregistration.v1.ApplyConfiguration", mutation),
    ("admissionregistration.v1.JSONPatch", mutation),
    ("admissionregistration.v1.ValidatingAdmissionPolicySpec", own_variables),
    ("resource.v1.CELDeviceSelector", device),
];

/// What an expression has to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    Bool,
    Text,
    Object,
    Anything,
}

/// Variables of admission (`pkg/admission/plugin/policy` of the Go module `k8s.io/apiserver`).
const OF_ADMISSION: &[&str] =
    &["object", "oldObject", "request", "params", "namespaceObject", "authorizer", "variables", "Object", "JSONPatch", "jsonpatch"];

/// Types, and the first parts of their names.
const TYPES: &[&str] = &[
    "bool",
    "int",
    "uint",
    "double",
    "string",
    "bytes",
    "list",
    "map",
    "null_type",
    "type",
    "optional_type",
    "google",
    "net",
    "kubernetes",
    "dyn",
];

/// Says what is wrong with an expression.
pub(super) fn check(code: &str, variables: &[&str], wanted: Wanted, at: &Pointer, found: &mut Vec<Violation>) {
    if code.trim().is_empty() {
        return;
    }
    let expression = match parse(code) {
        Ok(expression) => expression,
        Err(NotRead::Beyond) => return,
        Err(NotRead::Broken) => {
            found.push(refuse(at, format!("`{code}` is no CEL expression")));
            return;
        }
    };
    let unknown = expression.free_names().into_iter().find(|free| !variables.contains(&free.name) && !TYPES.contains(&free.name));
    if let Some(free) = unknown {
        let violation = refuse(at, format!("undeclared reference to `{}`", free.name));
        found.push(violation.hint(format!("there are `{}`", variables.join("`, `"))));
    } else if !may_be(&expression, wanted) {
        let what = match wanted {
            Wanted::Bool => "`true` or `false`",
            Wanted::Text => "text",
            Wanted::Object | Wanted::Anything => "an object",
        };
        found.push(refuse(at, format!("must evaluate to {what}")));
    }
}

/// Whether it may make what is wanted; only what is plain to see counts.
fn may_be(expression: &Expression, wanted: Wanted) -> bool {
    let is_arithmetic = |operator: Binary| matches!(operator, Binary::Subtract | Binary::Multiply | Binary::Divide | Binary::Remainder);
    if wanted == Wanted::Anything {
        return true;
    }
    match (expression, wanted) {
        (
            Expression::Literal(Literal::Bool(_)) | Expression::Not(_) | Expression::And(_) | Expression::Or(_) | Expression::Has { .. },
            wanted,
        ) => wanted == Wanted::Bool,
        (Expression::Literal(Literal::String(_) | Literal::Null), wanted) => wanted == Wanted::Text,
        (Expression::Literal(_) | Expression::Negative(_), _) | (Expression::List(_) | Expression::Map(_), Wanted::Bool | Wanted::Text) => {
            false
        }
        (Expression::Binary(operator, ..), _) if is_arithmetic(*operator) => false,
        _ => true,
    }
}

fn of(fields: &Map<String, Value>, field: &str, wanted: Wanted, at: &Pointer, found: &mut Vec<Violation>) {
    check(text(fields, field), OF_ADMISSION, wanted, &at.key(field), found);
}

fn validation(validation: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    of(validation, "expression", Wanted::Bool, at, found);
    of(validation, "messageExpression", Wanted::Text, at, found);
}

fn condition(condition: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    of(condition, "expression", Wanted::Bool, at, found);
}

fn annotation(annotation: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    of(annotation, "valueExpression", Wanted::Text, at, found);
}

fn variable(variable: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    of(variable, "expression", Wanted::Anything, at, found);
}

fn mutation(mutation: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    of(mutation, "expression", Wanted::Object, at, found);
}

fn device(selector: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    check(text(selector, "expression"), &["device"], Wanted::Bool, &at.key("expression"), found);
}

/// `variables.x` is a variable of the policy.
fn own_variables(spec: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let names: Vec<&str> = list(spec, "variables").iter().filter_map(|variable| variable["name"].as_str()).collect();
    let list_at = at.key("validations");
    for (index, validation) in list(spec, "validations").iter().enumerate() {
        let Ok(expression) = parse(validation["expression"].as_str().unwrap_or_default()) else { continue };
        for free in expression.free_names() {
            if let ("variables", Some(field)) = (free.name, free.field)
                && !names.contains(&field)
            {
                let here = list_at.index(index);
                found.push(refuse(&here.key("expression"), format!("the policy has no variable `{field}`")));
            }
        }
    }
}
