//! Runs the rules.

use crate::diag::Finding;

use super::{ALL, Context, Input, Level, Levels, Report, allowance};

/// What all rules have to say about a set of objects, in the order of the objects.
///
/// An error keeps the object from working, as far as the set tells; a warning means that it most likely is not meant so, or that what
/// is missing may live elsewhere. Findings carry the object and the pointer of the value; where that value stands in a file is for
/// the caller to add.
#[must_use]
pub fn check(input: Input<'_>, levels: &Levels) -> Vec<Finding> {
    let context = Context::new(input);
    let allowed = allowance::all(input.objects);
    let mut findings = Vec::new();
    for rule in ALL {
        let level = levels.get(rule.id);
        if level.unwrap_or(rule.level) == Level::Allow {
            continue;
        }
        let mut report = Report { rule, level, objects: input.objects, findings: Vec::new() };
        (rule.check)(&context, &mut report);
        findings.extend(report.findings.into_iter().filter(|(object, _)| !allowed.get(object).is_some_and(|ids| ids.contains(&rule.id))));
    }
    findings.sort_by_key(|(object, _)| *object);
    findings.into_iter().map(|(_, finding)| finding).collect()
}
