//! Where rules put what they find.

use crate::diag::{Finding, Severity};
use crate::manifest::Object;

use super::{Level, Rule};

/// Takes what one rule finds.
#[derive(Debug)]
pub struct Report<'a> {
    pub(super) rule: &'static Rule,
    /// The level that was asked for; none for the rule's own.
    pub(super) level: Option<Level>,
    pub(super) objects: &'a [Object],
    pub(super) findings: Vec<Finding>,
}

impl Report<'_> {
    /// Adds a finding about an object, by number, at a JSON pointer. An empty hint is none.
    pub fn add(&mut self, object: usize, pointer: impl Into<String>, message: impl Into<String>, hint: impl Into<String>) {
        self.push(object, pointer.into(), true, message.into(), hint.into());
    }

    /// Adds a finding that only is a warning when it is not `certain`, whatever the rule's own level.
    pub fn add_if(
        &mut self,
        certain: bool,
        object: usize,
        pointer: impl Into<String>,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.push(object, pointer.into(), certain, message.into(), hint.into());
    }

    fn push(&mut self, object: usize, pointer: String, certain: bool, message: String, hint: String) {
        let mut finding =
            Finding::warning(self.rule.id, message).with_object(self.objects[object].reference()).with_number(object).with_path(pointer);
        // What was asked for outdoes what the rule itself is sure of.
        let is_error = self.level.map_or(certain && self.rule.level == Level::Deny, |level| level == Level::Deny);
        if is_error {
            finding.severity = Severity::Error;
        }
        finding.hint = Some(hint).filter(|hint| !hint.is_empty());
        self.findings.push(finding);
    }
}
