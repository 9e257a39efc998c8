//! The rules over their own examples, over upstream's manifests, and in front of large sets.

mod examples;
mod pod_security;
mod policy;
mod upstream;

pub(crate) use upstream::module;

use manifestgen::diag::Finding;
use manifestgen::manifest::{Manifests, Object};
use manifestgen::rule::{Input, Levels, check};
use manifestgen::source::Sources;

/// The objects of a text of manifests, which has to be free of mistakes.
fn objects(text: &str) -> Vec<Object> {
    let mut sources = Sources::new();
    sources.add("manifests.yaml", text);
    let manifests = Manifests::read(&sources);
    assert!(manifests.findings.is_empty(), "{:?}\n{text}", manifests.findings);
    manifests.objects
}

/// What all rules say at their own levels.
fn findings(objects: &[Object]) -> Vec<Finding> {
    check(Input { objects, ..Input::default() }, &Levels::new())
}

/// Severity, rule, pointer and message of a finding, for snapshots.
fn line(finding: &Finding) -> String {
    let severity = format!("{:?}", finding.severity).to_lowercase();
    let object = finding.object.as_ref().map(|object| format!("{} {}", object.kind, object.name)).unwrap_or_default();
    format!("{severity} {} {object} {}: {}", finding.rule, finding.path.as_deref().unwrap_or_default(), finding.message)
}

/// All findings, one a line.
fn lines(findings: &[Finding]) -> String {
    findings.iter().map(line).collect::<Vec<_>>().join("\n")
}
