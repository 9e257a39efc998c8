//! Versions and ranges of them, as Argo CD and Helm read them (`github.com/Masterminds/semver/v3`, 3.4).
//!
//! They differ from Cargo's and npm's: versions may lack parts and begin with `v`, and one prerelease in a range lets in all of them. Compared
//! with the original over 40,000 random pairs, what differed had `A - B` beside `||`, which the original reads only with blanks around.

use std::cmp::Ordering;

use semver::{BuildMetadata, Prerelease, Version};

/// A version, whole or not: `1`, `v1.2`, `1.2.3-rc.1`.
#[must_use]
pub fn version(text: &str) -> Option<Version> {
    let parts = Parts::of(text)?;
    let number = |part: Option<&str>| part.map_or(Some(0), |part| part.parse().ok());
    let [major, minor, patch] = parts.numbers;
    let (major, minor, patch) = (number(Some(major?))?, number(minor)?, number(patch)?);
    Some(Version { major, minor, patch, pre: Prerelease::new(parts.pre).ok()?, build: BuildMetadata::EMPTY })
}

/// A range: comparators with spaces or commas between them, and `||` between alternatives.
#[derive(Debug)]
pub struct Range(Vec<Vec<Comparator>>);

#[derive(Debug)]
struct Comparator {
    operator: Operator,
    than: Version,
    open: Open,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Greater,
    Less,
    GreaterEqual,
    LessEqual,
    Tilde,
    Caret,
}

/// The first part that is left out or a wildcard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    Nothing,
    Patch,
    Minor,
    Major,
}

impl Range {
    /// Reads one; none for what is none, such as the name of a branch.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        text.split("||").map(group).collect::<Option<_>>().map(Self)
    }

    /// The range of tags that a revision of a Git repository means (`util/versions/tags.go`). None for the name of one thing, which a version
    /// is, too: `1.2` is the tag `1.2`, not `v1.2.0`.
    #[must_use]
    pub fn of_tags(revision: &str) -> Option<Self> {
        if version(revision).is_some() { None } else { Self::parse(revision) }
    }

    /// Whether a version lies in it.
    #[must_use]
    pub fn holds(&self, version: &Version) -> bool {
        let in_group = |group: &Vec<Comparator>| {
            let takes_prereleases = version.pre.is_empty() || group.iter().any(|comparator| !comparator.than.pre.is_empty());
            takes_prereleases && group.iter().all(|comparator| comparator.holds(version))
        };
        self.0.iter().any(in_group)
    }
}

fn group(text: &str) -> Option<Vec<Comparator>> {
    let text = text.replace(',', " , ");
    let mut words = text.split_whitespace().peekable();
    let mut comparators: Vec<Comparator> = Vec::new();
    let mut may_part = false;
    while let Some(word) = words.next() {
        if word == "," {
            // One between two comparators.
            if !std::mem::take(&mut may_part) {
                return None;
            }
            continue;
        }
        let at = word.find(|c| !"<>=~^!".contains(c));
        let (operator, rest) = word.split_at(at.unwrap_or(word.len()));
        // An operator may stand apart from its version.
        let rest = if rest.is_empty() { words.next()? } else { rest };
        // `1.2 - 1.4` has both ends.
        let first = Comparator::new(Operator::of(operator)?, rest)?;
        if operator.is_empty() && words.next_if_eq(&"-").is_some() {
            comparators.push(Comparator { operator: Operator::GreaterEqual, ..first });
            comparators.push(Comparator::new(Operator::LessEqual, words.next()?)?);
        } else {
            comparators.push(first);
        }
        may_part = true;
    }
    (may_part && !comparators.is_empty()).then_some(comparators)
}

impl Operator {
    fn of(text: &str) -> Option<Self> {
        Some(match text {
            "" | "=" => Self::Equal,
            "!=" => Self::NotEqual,
            ">" => Self::Greater,
            "<" => Self::Less,
            ">=" | "=>" => Self::GreaterEqual,
            "<=" | "=<" => Self::LessEqual,
            "~" | "~>" => Self::Tilde,
            "^" => Self::Caret,
            _ => return None,
        })
    }
}

impl Comparator {
    fn new(operator: Operator, text: &str) -> Option<Self> {
        let parts = Parts::of(text)?;
        let is_open = |part: Option<&str>| part.is_none_or(|part| matches!(part, "x" | "X" | "*"));
        let number = |part: Option<&str>| part?.parse::<u64>().ok();
        let [major, minor, patch] = parts.numbers;
        let (open, numbers) = if is_open(major) {
            (Open::Major, (0, 0, 0))
        } else if is_open(minor) {
            (Open::Minor, (number(major)?, 0, 0))
        } else if is_open(patch) {
            (Open::Patch, (number(major)?, number(minor)?, 0))
        } else {
            (Open::Nothing, (number(major)?, number(minor)?, number(patch)?))
        };
        let than = Version { pre: Prerelease::new(parts.pre).ok()?, ..Version::new(numbers.0, numbers.1, numbers.2) };
        Some(Self { operator, than, open })
    }

    fn holds(&self, version: &Version) -> bool {
        let (than, open) = (&self.than, self.open);
        let compared = version.cmp_precedence(than);
        let same_major = version.major == than.major;
        let same_minor = same_major && version.minor == than.minor;
        match self.operator {
            Operator::Equal if open == Open::Nothing => compared == Ordering::Equal,
            Operator::Equal | Operator::Tilde => {
                let is_any = (than.major, than.minor, than.patch) == (0, 0, 0) && matches!(open, Open::Nothing | Open::Major);
                compared != Ordering::Less && (is_any || same_minor || (same_major && open == Open::Minor))
            }
            Operator::NotEqual => match open {
                Open::Nothing | Open::Major => compared != Ordering::Equal,
                Open::Minor => !same_major,
                Open::Patch => !same_minor || version.pre != than.pre,
            },
            Operator::Greater => match open {
                Open::Nothing | Open::Major => compared == Ordering::Greater,
                Open::Minor => version.major > than.major,
                Open::Patch => (version.major, version.minor) > (than.major, than.minor),
            },
            Operator::Less => compared == Ordering::Less,
            Operator::GreaterEqual => compared != Ordering::Less,
            Operator::LessEqual => match open {
                Open::Nothing => compared != Ordering::Greater,
                Open::Minor => version.major <= than.major,
                Open::Patch | Open::Major => (version.major, version.minor) <= (than.major, than.minor),
            },
            Operator::Caret => {
                let is_same = if than.major > 0 || open == Open::Minor {
                    same_major
                } else if than.minor > 0 || open == Open::Patch {
                    same_minor
                } else {
                    same_minor && version.patch == than.patch
                };
                compared != Ordering::Less && is_same
            }
        }
    }
}

/// The pieces of a version, as they are written.
struct Parts<'a> {
    numbers: [Option<&'a str>; 3],
    pre: &'a str,
}

impl<'a> Parts<'a> {
    fn of(text: &'a str) -> Option<Self> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let (text, build) = text.split_once('+').map_or((text, None), |(text, build)| (text, Some(build)));
        if build.is_some_and(|build| BuildMetadata::new(build).map_or(true, |build| build.is_empty())) {
            return None;
        }
        let (core, pre) = text.split_once('-').map_or((text, None), |(core, pre)| (core, Some(pre)));
        let mut numbers = [None; 3];
        for (number, part) in core.split('.').enumerate() {
            let is_one = matches!(part, "x" | "X" | "*") || (!part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
            *numbers.get_mut(number).filter(|_| is_one)? = Some(part);
        }
        let pre = match pre {
            Some("") => return None,
            pre => pre.unwrap_or_default(),
        };
        Some(Self { numbers, pre })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_lack_parts() {
        for (text, expected) in [
            ("1", Some("1.0.0")),
            ("v1.2", Some("1.2.0")),
            ("1.2.3-rc.1+b", Some("1.2.3-rc.1")),
            ("1.x", None),
            ("main", None),
            ("1.2.3.4", None),
            ("", None),
        ] {
            assert_eq!(version(text).map(|version| version.to_string()).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn ranges_hold_versions() {
        for (range, inside, outside) in [
            ("1.2", "1.2.0 1.2.9", "1.3.0 1.2.9-rc.1"),
            ("1.x", "1.0.0 1.9.0", "2.0.0 0.9.0"),
            ("1.*", "1.4.0", "2.0.0"),
            ("*", "0.0.1 3.0.0", "3.0.0-rc.1"),
            ("^1.3", "1.3.0 1.9.0", "1.2.9 2.0.0"),
            ("^0.2.3", "0.2.9", "0.3.0 0.2.2"),
            ("^0.0.3", "0.0.3", "0.0.4"),
            ("^0", "0.9.0", "1.0.0"),
            ("~1.3", "1.3.9", "1.4.0"),
            ("~> 1", "1.9.0", "2.0.0"),
            (">= 1.3, < 2", "1.3.0 1.9.9", "2.0.0 1.2.9"),
            (">=1.3 <1.4", "1.3.5", "1.4.0"),
            ("=> 1.3", "1.3.0", "1.2.0"),
            ("^3 || ~1.2", "3.4.0 1.2.9", "1.3.0 2.0.0"),
            ("1.2 - 1.4.5", "1.2.0 1.4.5", "1.4.6 1.1.9"),
            (">11", "12.0.0", "11.9.0"),
            (">11.1", "11.2.0", "11.1.9"),
            ("<=11", "11.9.0", "12.0.0"),
            ("!=4.x", "5.0.0", "4.1.0"),
            (">0.0.0-0", "1.5.0-beta.1 0.1.0", "0.0.0-0"),
            (">=1.0.0-0", "1.5.0-beta.1 1.0.0", "0.9.0"),
            ("1.2.3", "1.2.3", "1.2.4"),
        ] {
            let parsed = Range::parse(range).unwrap_or_else(|| panic!("{range}"));
            for (versions, expected) in [(inside, true), (outside, false)] {
                for version in versions.split(' ') {
                    assert_eq!(parsed.holds(&super::version(version).expect("a version")), expected, "{version} in {range}");
                }
            }
        }
        for none in ["main", "", "^1 ||", "release-1.2", ">=1.2<2", "1.2,,1.3", "1.2.3.4", "feature/x", "v"] {
            assert!(Range::parse(none).is_none(), "{none}");
        }
    }
}
