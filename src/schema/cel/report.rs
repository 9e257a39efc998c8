//! What is said about a rule.

use crate::data::Validation;
use crate::schema::pointer::Pointer;
use crate::schema::violation::Violation;

/// A longer message is not used by the server (`MaxEvaluatedMessageExpressionSizeBytes`).
const LONGEST: usize = 5 << 10;

/// A message that a rule made; nothing where the server would use the fixed one instead.
pub(super) fn usable(made: &str) -> Option<String> {
    let made = made.trim();
    (!made.is_empty() && made.len() <= LONGEST && !made.contains('\n')).then(|| made.to_owned())
}

/// The rule does not hold.
pub(super) fn refused(rule: &Validation, at: &Pointer, made: Option<String>) -> Violation {
    let fixed = || rule.message.as_deref().map(str::trim).filter(|message| !message.is_empty()).map(ToOwned::to_owned);
    match made.or_else(fixed) {
        Some(message) => of_place(rule, at, message).hint(format!("the rule is `{}`", rule.rule.trim())),
        None => of_place(rule, at, format!("failed rule: {}", rule.rule.trim())),
    }
}

/// The rule cannot be evaluated for this value, which the server refuses as well.
pub(super) fn failed(rule: &Validation, at: &Pointer, cause: &str) -> Violation {
    let name = rule.message.as_deref().unwrap_or(&rule.rule).trim();
    Violation::new("schema/cel", at, format!("{cause} evaluating rule: {name}")).hint(format!("the rule is `{}`", rule.rule.trim()))
}

/// Nobody knows here.
pub(super) fn not_checked(rule: &Validation, at: &Pointer) -> Violation {
    let message = format!("not checked: the CEL rule `{}`", rule.rule.trim());
    Violation::new("schema/not-checked", at, message).warning().hint("`validate --server` checks it")
}

/// At the field that the rule names, or at the value.
fn of_place(rule: &Validation, at: &Pointer, message: String) -> Violation {
    let mut violation = Violation::new("schema/cel", at, message);
    for name in rule.field_path.as_deref().map(names).unwrap_or_default() {
        violation.path.push('/');
        violation.path.push_str(&name.replace('~', "~0").replace('/', "~1"));
    }
    violation
}

/// The names in a field path, `.a['b.c'].d`.
fn names(path: &str) -> Vec<String> {
    let (mut names, mut rest) = (Vec::new(), path);
    loop {
        if let Some(quoted) = rest.strip_prefix("['") {
            let Some((name, after)) = quoted.split_once("']") else { return names };
            names.push(name.replace("\\'", "'").replace("\\\\", "\\"));
            rest = after;
        } else if let Some(plain) = rest.strip_prefix('.') {
            let (name, after) = plain.split_at(plain.find(['.', '[']).unwrap_or(plain.len()));
            names.push(name.to_owned());
            rest = after;
        } else {
            return names;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn field_paths() {
        assert_eq!(names(".a['b.c'].d"), ["a", "b.c", "d"]);
        assert_eq!(names("['it\\'s']"), ["it's"]);
        assert_eq!(names(""), [""; 0]);
    }
}
