//! Argo CD versions, and what each minor accepts.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::config::format::{self, Wrong};

/// An Argo CD minor whose install is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Minor {
    /// 2.13.
    V213,
    /// 3.5.
    V35,
}

impl Minor {
    /// All known minors, oldest first.
    pub const ALL: [Self; 2] = [Self::V213, Self::V35];

    /// `3.5`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V213 => "2.13",
            Self::V35 => "3.5",
        }
    }

    /// The patch that the parity test compares with, and that a bare minor stands for: there are no image tags of minors.
    const fn patch(self) -> u32 {
        match self {
            Self::V213 => 2,
            Self::V35 => 1,
        }
    }
}

impl fmt::Display for Minor {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// A version of a known minor, `3.5.1`; a minor alone stands for its newest known patch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ArgoCdVersion {
    minor: Minor,
    patch: u32,
}

impl ArgoCdVersion {
    /// The minor, which decides the shape of the install.
    #[must_use]
    pub const fn minor(self) -> Minor {
        self.minor
    }

    fn parse(text: &str) -> Option<Self> {
        let minor = *Minor::ALL.iter().find(|minor| text.starts_with(minor.as_str()))?;
        let rest = &text[minor.as_str().len()..];
        let patch = match rest.strip_prefix('.') {
            Some(digits) if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse().ok()?,
            None if rest.is_empty() => minor.patch(),
            _ => return None,
        };
        Some(Self { minor, patch })
    }
}

/// The format `argocd-version`.
pub(in crate::config) fn check_version(text: &str) -> Result<(), Wrong> {
    let unknown = || Wrong::new("the install of no such version is known", "3.5 and 2.13 are supported, such as `3.5.1`");
    ArgoCdVersion::parse(text).map(drop).ok_or_else(unknown)
}

impl From<Minor> for ArgoCdVersion {
    fn from(minor: Minor) -> Self {
        Self { minor, patch: minor.patch() }
    }
}

impl Default for ArgoCdVersion {
    fn default() -> Self {
        Self::parse(crate::versions::ARGOCD).unwrap_or_else(|| Minor::V35.into())
    }
}

impl TryFrom<String> for ArgoCdVersion {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or_else(|| format!("`{text}` is not a supported Argo CD version; 3.5 and 2.13 are"))
    }
}

impl From<ArgoCdVersion> for String {
    fn from(version: ArgoCdVersion) -> Self {
        version.to_string()
    }
}

impl fmt::Display for ArgoCdVersion {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}.{}", self.minor, self.patch)
    }
}

impl JsonSchema for ArgoCdVersion {
    fn schema_name() -> Cow<'static, str> {
        "ArgoCdVersion".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
        let pattern = format::pattern("argocd-version");
        json_schema!({"type": "string", "format": "argocd-version", "pattern": pattern, "examples": ["3.5.1", "2.13.2"]})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minors_and_patches_are_read() {
        for (text, minor, written) in [("3.5.1", Minor::V35, "3.5.1"), ("3.5", Minor::V35, "3.5.1"), ("2.13.9", Minor::V213, "2.13.9")] {
            let version = ArgoCdVersion::try_from(text.to_owned()).expect("a supported version");
            assert_eq!((version.minor(), version.to_string().as_str()), (minor, written));
        }
        for text in ["", "3", "3.50", "3.5.", "3.5.x", "v3.5.1", "3.4.1", "2.1", "3.5.1-rc1", "3.5.99999999999"] {
            assert!(ArgoCdVersion::try_from(text.to_owned()).is_err(), "{text}");
        }
    }

    #[test]
    fn the_default_is_the_one_in_the_table() {
        assert_eq!(ArgoCdVersion::default().to_string(), crate::versions::ARGOCD);
    }
}
