//! Headscale versions, and what each minor accepts.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::config::format::{self, Wrong};

/// A Headscale minor whose config is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Minor {
    /// 0.28.
    V28,
    /// 0.29.
    V29,
}

impl Minor {
    /// All known minors, oldest first.
    pub const ALL: [Self; 2] = [Self::V28, Self::V29];

    /// `0.29`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V28 => "0.28",
            Self::V29 => "0.29",
        }
    }
}

impl fmt::Display for Minor {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// A version of a known minor, `0.29.0`; a minor alone stands for its newest patch, as the image tags do.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HeadscaleVersion {
    minor: Minor,
    patch: Option<u32>,
}

impl HeadscaleVersion {
    /// The minor, which decides the shape of the config.
    #[must_use]
    pub const fn minor(&self) -> Minor {
        self.minor
    }

    fn parse(text: &str) -> Option<Self> {
        let minor = *Minor::ALL.iter().find(|minor| text.starts_with(minor.as_str()))?;
        let rest = &text[minor.as_str().len()..];
        let patch = match rest.strip_prefix('.') {
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => Some(digits.parse().ok()?),
            None if rest.is_empty() => None,
            _ => return None,
        };
        Some(Self { minor, patch })
    }
}

/// The format `headscale-version`.
pub(in crate::config) fn check_version(text: &str) -> Result<(), Wrong> {
    let unknown = || Wrong::new("the config of no such version is known", "0.28 and 0.29 are supported, such as `0.29.0`");
    HeadscaleVersion::parse(text).map(drop).ok_or_else(unknown)
}

impl From<Minor> for HeadscaleVersion {
    /// The first patch of the minor, which is the one the tests run.
    fn from(minor: Minor) -> Self {
        Self { minor, patch: Some(0) }
    }
}

impl Default for HeadscaleVersion {
    fn default() -> Self {
        Self::parse(crate::versions::HEADSCALE).unwrap_or_else(|| Minor::V29.into())
    }
}

impl TryFrom<String> for HeadscaleVersion {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or_else(|| format!("`{text}` is not a supported Headscale version; 0.28 and 0.29 are"))
    }
}

impl From<HeadscaleVersion> for String {
    fn from(version: HeadscaleVersion) -> Self {
        version.to_string()
    }
}

impl fmt::Display for HeadscaleVersion {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.minor.as_str())?;
        self.patch.map_or(Ok(()), |patch| write!(out, ".{patch}"))
    }
}

impl JsonSchema for HeadscaleVersion {
    fn schema_name() -> Cow<'static, str> {
        "HeadscaleVersion".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
        let pattern = format::pattern("headscale-version");
        json_schema!({"type": "string", "format": "headscale-version", "pattern": pattern, "examples": ["0.29.0", "0.28"]})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minors_and_patches_are_read() {
        for (text, minor) in [("0.28.0", Minor::V28), ("0.29", Minor::V29), ("0.29.13", Minor::V29)] {
            let version = HeadscaleVersion::try_from(text.to_owned()).expect("a supported version");
            assert_eq!((version.minor(), version.to_string().as_str()), (minor, text));
        }
        for text in ["", "0.2", "0.27.1", "0.290", "0.29.", "0.29.x", "0.29.0-beta", "v0.29.0", "0.29.99999999999"] {
            assert!(HeadscaleVersion::try_from(text.to_owned()).is_err(), "{text}");
        }
    }

    #[test]
    fn the_default_is_the_one_in_the_table() {
        assert_eq!(HeadscaleVersion::default().to_string(), crate::versions::HEADSCALE);
    }
}
