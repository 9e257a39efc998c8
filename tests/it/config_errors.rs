//! What is said about a wrong config: every message with its place and its way out.

use std::fmt::Write as _;

use insta::assert_snapshot;
use manifestgen::config::{ConfigFile, LoadRequest, load};
use manifestgen::diag::{ErrorKind, Finding};
use manifestgen::source::Sources;

/// Loads a text and shows what was said: the error's message, and `line:column rule message | hint` for each finding.
fn said(text: &str) -> String {
    said_with(text, None, &[])
}

fn said_with(text: &str, profile: Option<&str>, sets: &[&str]) -> String {
    let request = LoadRequest {
        file: Some(ConfigFile { name: "cluster.yaml".to_owned(), text: text.to_owned() }),
        profile: profile.map(ToOwned::to_owned),
        sets: sets.iter().map(|set| (*set).to_owned()).collect(),
    };
    shown(&request)
}

fn shown(request: &LoadRequest) -> String {
    let mut sources = Sources::new();
    let mut out = String::new();
    match load(request, &mut sources) {
        Ok(loaded) => {
            out.push_str("ok\n");
            lines(&mut out, loaded.warnings());
        }
        Err(error) => {
            assert_eq!(error.kind, ErrorKind::Usage, "{error}: {:?}", error.findings);
            writeln!(out, "{}", error.message).expect("text");
            for hint in &error.hints {
                writeln!(out, "  hint: {hint}").expect("text");
            }
            lines(&mut out, &error.findings);
        }
    }
    out
}

fn lines(out: &mut String, findings: &[Finding]) {
    for finding in findings {
        let place = finding.location.as_ref().map_or_else(String::new, |at| format!("{}:{}:{}", at.file, at.line, at.column));
        write!(out, "{place} {} {}", finding.rule, finding.message).expect("text");
        if let Some(hint) = &finding.hint {
            write!(out, " | {hint}").expect("text");
        }
        out.push('\n');
    }
}

#[test]
fn a_small_config_is_good() {
    assert_snapshot!(said("cluster: {name: home}\n"), @"");
}

#[test]
fn all_problems_at_once() {
    let text = "\
clustr: {}
cluster:
  name: no
  version: 1.30
  network:
    cidr: 10.42.0.0/33
    serviceCIDR: 10.43.0.0/16
  security:
    podSecurityStandard: restrictd
    networkPolicies: 'yes'
nodes:
  - nam: primer
images: [a]
argocd: {}
";
    assert_snapshot!(said(text), @"");
}

#[test]
fn profiles_are_checked_even_when_not_chosen() {
    let text = "\
cluster: {name: home}
profiles:
  big: {extends: huge, clusters: {}}
  small: 3
  odd: {profiles: {}, cluster: {network: {cidr: 10.0.0.1/8}}}
";
    assert_snapshot!(said(text), @"");
}
