//! Versions of Dagger.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::config::format::{self, Wrong};

/// The minors of 0.x whose `engine.json` is known.
const MINORS: std::ops::RangeInclusive<u32> = 19..=21;

/// A version of Dagger, `0.21.8`. There are no image tags of minors, so the patch is always written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DaggerVersion {
    minor: u32,
    patch: u32,
}

impl DaggerVersion {
    /// Whether its command line knows runners at `tls://` (dagger#11916).
    #[must_use]
    pub fn has_tls(self) -> bool {
        self >= Self { minor: 20, patch: 1 }
    }

    fn parse(text: &str) -> Option<Self> {
        let (minor, patch) = text.strip_prefix("0.")?.split_once('.')?;
        let number = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?;
        let version = Self { minor: number(minor)?, patch: number(patch)? };
        MINORS.contains(&version.minor).then_some(version)
    }
}

/// The format `dagger-version`.
pub(in crate::config) fn check_version(text: &str) -> Result<(), Wrong> {
    let unknown = || Wrong::new("the engine config of no such version is known", "0.19 to 0.21 are supported, such as `0.21.8`");
    DaggerVersion::parse(text).map(drop).ok_or_else(unknown)
}

impl Default for DaggerVersion {
    fn default() -> Self {
        Self::parse(crate::versions::DAGGER).unwrap_or(Self { minor: 21, patch: 8 })
    }
}

impl TryFrom<String> for DaggerVersion {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or_else(|| format!("`{text}` is not a supported version of Dagger; 0.19 to 0.21 are"))
    }
}

impl From<DaggerVersion> for String {
    fn from(version: DaggerVersion) -> Self {
        version.to_string()
    }
}

impl fmt::Display for DaggerVersion {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "0.{}.{}", self.minor, self.patch)
    }
}

impl JsonSchema for DaggerVersion {
    fn schema_name() -> Cow<'static, str> {
        "DaggerVersion".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
        let pattern = format::pattern("dagger-version");
        json_schema!({"type": "string", "format": "dagger-version", "pattern": pattern, "examples": ["0.21.8"]})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_minors_with_a_patch_are_read() {
        for text in ["0.19.0", "0.21.8", "0.20.13"] {
            assert_eq!(DaggerVersion::try_from(text.to_owned()).expect("a supported version").to_string(), text);
        }
        for text in ["", "0.21", "v0.21.8", "0.18.0", "0.22.0", "1.0.0", "0.21.", "0.21.x", "0.+21.1", "0.21.99999999999"] {
            assert!(DaggerVersion::try_from(text.to_owned()).is_err(), "{text}");
        }
    }

    #[test]
    fn the_default_is_the_one_in_the_table() {
        assert_eq!(DaggerVersion::default().to_string(), crate::versions::DAGGER);
    }

    #[test]
    fn tls_came_with_0_20_1() {
        let has_tls = |text: &str| DaggerVersion::parse(text).expect("a version").has_tls();
        assert_eq!(["0.19.11", "0.20.0", "0.20.1", "0.21.0"].map(has_tls), [false, false, true, true]);
    }
}
