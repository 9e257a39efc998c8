//! What is known about one object of a release.

use serde_json::Value;

use super::judge::Judgement;
use super::refusal::Cause;
use super::warning;
use crate::diag::Finding;
use crate::manifest::Object;

/// What is known about one object of a release.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    /// Whether the server saw it.
    pub judged: bool,
    /// Whether it was really created.
    pub applied: bool,
    /// What the server refuses.
    pub causes: Vec<Cause>,
    /// The texts of its `Warning` headers.
    pub warnings: Vec<String>,
    /// Causes that do not make it fail.
    pub remarks: Vec<Cause>,
    /// Why it, or a part of it, was not judged.
    pub not_checked: Vec<String>,
}

impl From<Judgement> for Verdict {
    fn from(judgement: Judgement) -> Self {
        Self { judged: true, causes: judgement.causes, warnings: judgement.warnings, ..Self::default() }
    }
}

impl Verdict {
    pub(super) fn refused(causes: Vec<Cause>) -> Self {
        Self { judged: true, causes, ..Self::default() }
    }

    pub(super) fn not_checked(reason: String) -> Self {
        Self { not_checked: vec![reason], ..Self::default() }
    }

    /// Whether the server saw it and had nothing against it.
    pub(super) const fn accepted(&self) -> bool {
        self.judged && self.causes.is_empty()
    }

    /// Adds what a later look found.
    pub(super) fn extend(&mut self, later: Self) {
        self.judged |= later.judged;
        self.applied |= later.applied;
        self.causes.extend(later.causes);
        self.warnings.extend(later.warnings);
        self.remarks.extend(later.remarks);
        self.not_checked.extend(later.not_checked);
    }

    /// The findings in the order of their paths, errors first, none twice.
    pub(super) fn into_findings(self, object: &Object) -> Vec<Finding> {
        let value = Value::Object(object.value().clone());
        // The same check, as an error of its Pods, says more.
        let pods_refused = self.causes.iter().any(|cause| cause.rule.starts_with("pod-security/"));
        let warned = self.warnings.iter().flat_map(|text| warning::causes(text, &value)).chain(self.remarks);
        let mut findings: Vec<_> = self.causes.into_iter().map(|cause| cause.error(object.reference())).collect();
        let warned = warned.filter(|cause| !(pods_refused && cause.rule.starts_with("pod-security/")));
        findings.extend(warned.map(|cause| cause.warning(object.reference())));
        // The server's own order follows Go's maps, which have none.
        findings.sort_by(|a, b| (a.severity, &a.path, &a.rule, &a.message).cmp(&(b.severity, &b.path, &b.rule, &b.message)));
        findings.dedup();
        findings
    }
}
