//! Runs the rules.

use rayon::prelude::*;

use crate::diag::Finding;

use super::{ALL, Context, Input, Level, Levels, Report, Rule, allowance};

/// What all rules have to say about a set of objects, in the order of the objects.
///
/// An error keeps the object from working, as far as the set tells; a warning means that it most likely is not meant so, or that what
/// is missing may live elsewhere. Findings carry the object, its number and the pointer of the value; where that value stands in a
/// file is for the caller to add.
#[must_use]
pub fn check(input: Input<'_>, levels: &Levels) -> Vec<Finding> {
    let context = Context::new(input);
    let allowed = allowance::all(input.objects);
    let is_allowed = |finding: &Finding| {
        let ids = finding.number.and_then(|number| allowed.get(&number));
        ids.is_some_and(|ids| ids.contains(&finding.rule.as_str()))
    };
    let run = |rule: &'static Rule| {
        let level = levels.get(rule.id);
        let mut report = Report { rule, level, objects: input.objects, findings: Vec::new() };
        if level.unwrap_or(rule.level) != Level::Allow {
            (rule.check)(&context, &mut report);
        }
        report.findings.retain(|finding| !is_allowed(finding));
        report.findings
    };
    let mut findings: Vec<Finding> = ALL.par_iter().flat_map_iter(run).collect();
    findings.sort_by_key(|finding| finding.number);
    findings
}
