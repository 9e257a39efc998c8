//! What a value must be beyond its type.

use serde_json::Value;

use crate::data::{Constraints, Schema};
use crate::diag::did_you_mean;

use super::pointer::Pointer;
use super::violation::Violation;
use super::walk::{Dialect, Walk};

/// Everything that the constraints say against a value.
pub(super) fn check(walk: Walk, value: &Value, constraints: &Constraints, at: &Pointer, found: &mut Vec<Violation>) {
    let mut say = |message: String| found.push(Violation::new("schema/value", at, message));
    match value {
        Value::String(text) => {
            if constraints.length != (None, None) {
                range("characters", text.chars().count() as u64, constraints.length).into_iter().for_each(&mut say);
            }
            if let Some(pattern) = &constraints.pattern
                && !pattern.matches(text)
            {
                say(format!("`{text}` does not match `{}`", pattern.text()));
            }
        }
        Value::Number(number) => number_range(number.as_f64().unwrap_or_default(), constraints).into_iter().for_each(&mut say),
        Value::Array(items) => range("entries", items.len() as u64, constraints.items).into_iter().for_each(&mut say),
        Value::Object(fields) => range("keys", fields.len() as u64, constraints.properties).into_iter().for_each(&mut say),
        Value::Null | Value::Bool(_) => {}
    }
    values(walk, value, constraints, at, found);
    branches(walk, value, constraints, at, found);
}

fn range(what: &str, count: u64, (least, most): (Option<u64>, Option<u64>)) -> Option<String> {
    match (least, most) {
        (Some(least), _) if count < least => Some(format!("must have at least {least} {what}, has {count}")),
        (_, Some(most)) if count > most => Some(format!("must have at most {most} {what}, has {count}")),
        _ => None,
    }
}

fn number_range(number: f64, constraints: &Constraints) -> Vec<String> {
    let mut messages = Vec::new();
    match constraints.minimum {
        Some((least, false)) if number < least => messages.push(format!("must be at least {least}, is {number}")),
        Some((least, true)) if number <= least => messages.push(format!("must be more than {least}, is {number}")),
        _ => {}
    }
    match constraints.maximum {
        Some((most, false)) if number > most => messages.push(format!("must be at most {most}, is {number}")),
        Some((most, true)) if number >= most => messages.push(format!("must be less than {most}, is {number}")),
        _ => {}
    }
    // For a whole number the server cuts the divisor down to one, and a divisor of 0 fits nothing.
    let divisor = constraints.multiple_of.map(|divisor| if number.fract() == 0.0 { divisor.trunc() } else { divisor });
    if let Some(divisor) = divisor
        && (divisor <= 0.0 || (number / divisor).fract().abs() > f64::EPSILON)
    {
        messages.push(format!("must be a multiple of {divisor}, is {number}"));
    }
    messages
}

fn values(walk: Walk, value: &Value, constraints: &Constraints, at: &Pointer, found: &mut Vec<Violation>) {
    let allowed = &constraints.one_of_values;
    // In a built-in kind an empty string is a field that was not written.
    let unset = walk.dialect == Dialect::BuiltIn && value.as_str() == Some("");
    if allowed.is_empty() || unset || allowed.iter().any(|allowed| is_same(allowed, value)) {
        return;
    }
    let shown = |value: &Value| value.as_str().map_or_else(|| format!("`{value}`"), |text| format!("`{text}`"));
    let violation = Violation::new("schema/value", at, format!("{} is not one of the values that are allowed", shown(value)));
    let texts = allowed.iter().filter_map(Value::as_str);
    found.push(match value.as_str().and_then(|text| did_you_mean(text, texts)) {
        Some(near) => violation.hint(format!("did you mean `{near}`?")),
        None => violation.hint(format!("allowed are {}", allowed.iter().map(shown).collect::<Vec<_>>().join(", "))),
    });
}

/// `2.0` is 2.
fn is_same(left: &Value, right: &Value) -> bool {
    left == right || left.as_f64().zip(right.as_f64()).is_some_and(|(left, right)| left.to_bits() == right.to_bits())
}

fn branches(walk: Walk, value: &Value, constraints: &Constraints, at: &Pointer, found: &mut Vec<Violation>) {
    let objections = |schema: &Schema| {
        let mut found = Vec::new();
        walk.in_branch().value(value, schema, at, &mut found);
        found
    };
    for schema in &constraints.all_of {
        found.extend(objections(schema));
    }
    if !constraints.any_of.is_empty() && !constraints.any_of.iter().any(|schema| objections(schema).is_empty()) {
        found.push(Violation::new("schema/value", at, "fits none of the forms that are allowed here (`anyOf`)"));
    }
    if !constraints.one_of.is_empty() {
        let fitting = constraints.one_of.iter().filter(|schema| objections(schema).is_empty()).count();
        if fitting != 1 {
            let message = format!("must fit exactly one of the forms that are allowed here (`oneOf`), fits {fitting}");
            found.push(Violation::new("schema/value", at, message));
        }
    }
    if constraints.not.as_ref().is_some_and(|schema| objections(schema).is_empty()) {
        found.push(Violation::new("schema/value", at, "has a form that is not allowed here (`not`)"));
    }
}
