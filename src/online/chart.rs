//! Repositories of Helm charts, asked for their `index.yaml`.

use std::collections::BTreeMap;

use semver::{Version, VersionReq};
use ureq::Agent;
use ureq::tls::{RootCerts, TlsConfig};

use crate::config::application::Source;
use crate::diag::{Finding, did_you_mean};
use crate::source::{ConfigPath, Sources};
use crate::yaml::{self, Limits, Value};

use super::{CHART, PATIENCE, without_password};

/// The longest index of a public repository has about 20 MiB.
const LONGEST: u64 = 64 << 20;

/// The charts of a repository with their versions.
#[derive(Debug)]
pub(super) struct Charts(BTreeMap<String, Vec<String>>);

/// Asks a repository.
pub(super) fn charts(url: &str) -> Result<Charts, String> {
    let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
    let agent: Agent = Agent::config_builder().timeout_global(Some(PATIENCE)).tls_config(tls).build().into();
    let index = format!("{}/index.yaml", url.trim_end_matches('/'));
    let mut answer = agent.get(&index).call().map_err(|error| error.to_string().replace(url, &without_password(url)))?;
    let text = answer.body_mut().with_config().limit(LONGEST).lossy_utf8(true).read_to_string().map_err(|error| error.to_string())?;
    read(&text).ok_or_else(|| "its index.yaml is none of a repository of charts".to_owned())
}

fn read(text: &str) -> Option<Charts> {
    let source = Sources::new().add("index.yaml", String::new());
    let documents = yaml::parse(source, text, Limits { nodes: 20_000_000, ..Limits::MANIFESTS }).ok()?;
    let Value::Map(entries) = &documents.first()?.get("entries")?.value else { return None };
    let versions = |node: &yaml::Node| match &node.value {
        Value::Seq(items) => items.iter().filter_map(|item| written(item.get("version")?)).collect(),
        _ => Vec::new(),
    };
    Some(Charts(entries.iter().map(|entry| (entry.key.text.clone(), versions(&entry.value))).collect()))
}

/// A version that nobody quoted may look like a number.
fn written(node: &yaml::Node) -> Option<String> {
    match &node.value {
        Value::Scalar(scalar) => Some(scalar.text.clone()),
        Value::Seq(_) | Value::Map(_) => None,
    }
}

impl Charts {
    /// What is wrong with a source of this repository.
    pub(super) fn judge(&self, path: &ConfigPath, source: &Source) -> Option<Finding> {
        let chart = source.chart.as_deref()?;
        let url = without_password(&source.repo_url);
        let Some(versions) = self.0.get(chart) else {
            let hint = match did_you_mean(chart, self.0.keys().map(String::as_str)) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("it has {} others", self.0.len()),
            };
            return Some(
                Finding::error(CHART, format!("`{url}` has no chart `{chart}`")).with_hint(hint).with_config_path(path.key("chart")),
            );
        };
        let wanted = source.target_revision.as_deref().filter(|wanted| !wanted.is_empty() && *wanted != "HEAD")?;
        if satisfies(wanted, versions.iter().map(String::as_str)) != Some(false) {
            return None;
        }
        let newest =
            versions.iter().filter_map(|version| Version::parse(version.trim_start_matches('v')).ok()).filter(|v| v.pre.is_empty()).max();
        let hint = newest.map_or_else(|| "it has none".to_owned(), |newest| format!("its newest is `{newest}`"));
        let text = format!("the chart `{chart}` of `{url}` has no version `{wanted}`");
        Some(Finding::error(CHART, text).with_hint(hint).with_config_path(path.key("targetRevision")))
    }
}

/// Whether one of the versions is the wanted one, or lies in the wanted range; none when the range cannot be read.
///
/// Ranges are those of Masterminds/semver, which Helm and Argo CD use: `||`, commas or spaces, `x` and `*`. One that Rust's semver does not
/// read, such as `1.2 - 1.4`, is not judged.
pub(super) fn satisfies<'a>(wanted: &str, versions: impl Iterator<Item = &'a str>) -> Option<bool> {
    let plain = |version: &str| version.trim().trim_start_matches('v').to_owned();
    let versions: Vec<&str> = versions.collect();
    if versions.iter().any(|version| plain(version) == plain(wanted)) {
        return Some(true);
    }
    let ranges: Option<Vec<VersionReq>> = wanted.split("||").map(range).collect();
    let ranges = ranges?;
    let parsed = versions.iter().filter_map(|version| Version::parse(&plain(version)).ok());
    Some(parsed.into_iter().any(|version| ranges.iter().any(|range| range.matches(&version))))
}

fn range(text: &str) -> Option<VersionReq> {
    let mut parts: Vec<String> = Vec::new();
    for word in text.replace(',', " ").split_whitespace() {
        // An operator may stand apart from its version.
        match parts.last_mut().filter(|last| last.bytes().all(|byte| b"<>=~^!".contains(&byte))) {
            Some(operator) => operator.push_str(word),
            None => parts.push(word.to_owned()),
        }
    }
    let parts = parts.into_iter().map(|part| {
        let part = part.replace(['x', 'X'], "*");
        // A bare version is this version, not a compatible one as in Cargo.
        if part.starts_with(|first: char| first.is_ascii_digit()) && !part.contains('*') { format!("={part}") } else { part }
    });
    VersionReq::parse(&parts.collect::<Vec<_>>().join(", ")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_and_ranges() {
        let versions = ["1.2.3", "v1.4.0", "2.0.0-rc.1"];
        for (wanted, judged) in [
            ("1.2.3", Some(true)),
            ("v1.2.3", Some(true)),
            ("1.4.0", Some(true)),
            ("1.2", Some(true)),
            ("1.3", Some(false)),
            ("1.x", Some(true)),
            ("1.*", Some(true)),
            ("^1.3", Some(true)),
            ("~1.3", Some(false)),
            (">= 1.3, < 2", Some(true)),
            (">=1.3 <1.4", Some(false)),
            ("^3 || ~1.2", Some(true)),
            ("2.x", Some(false)),
            ("2.0.0-rc.1", Some(true)),
            ("main", None),
            ("1.2 - 1.4", None),
        ] {
            assert_eq!(satisfies(wanted, versions.into_iter()), judged, "{wanted}");
        }
    }

    #[test]
    fn an_index_is_read() {
        let charts = read("apiVersion: v1\nentries:\n  a:\n  - version: 1.0.0\n  - version: 0.9\n  b: []\n").expect("an index");
        assert_eq!(charts.0["a"], ["1.0.0", "0.9"]);
        assert!(charts.0.contains_key("b"));
        assert!(read("<html></html>").is_none());
        assert!(read("entries: 3").is_none());
    }
}
