//! Versions and ranges of them, as Helm and Argo CD read them.

use semver::{Version, VersionReq};

/// Whether one of the versions is the wanted one, or lies in the wanted range; none when the range cannot be read.
///
/// Ranges are those of Masterminds/semver, which Helm and Argo CD use: `||`, commas or spaces, `x` and `*`. One that Rust's semver does not
/// read, such as `1.2 - 1.4`, is not judged.
#[must_use]
pub fn satisfies<'a>(wanted: &str, versions: impl Iterator<Item = &'a str>) -> Option<bool> {
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
    use super::satisfies;

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
}
