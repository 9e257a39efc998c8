//! `engine.json`. Keys have upstream's names; the engine refuses to start with one that it does not know.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::GoDuration;

/// The engine's own config, `engine.json`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Engine {
    /// How much the engine logs; its own default is `debug`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_level: Option<LogLevel>,
    /// What is removed from the cache, and when.
    #[serde(skip_serializing_if = "Gc::is_empty")]
    pub gc: Gc,
    /// What builds may do.
    #[serde(skip_serializing_if = "EngineSecurity::is_empty")]
    pub security: EngineSecurity,
    /// Mirrors and certificates of registries, by the registry's host, `docker.io` or `registry.example.com:5000`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("examples" = [{"docker.io": {"mirrors": ["mirror.gcr.io"]}}]))]
    pub registries: BTreeMap<String, Registry>,
}

impl Engine {
    /// Whether nothing is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// How much the engine logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// What went wrong.
    Error,
    /// What may go wrong.
    Warn,
    /// What is done.
    Info,
    /// Each step.
    Debug,
    /// Each step, in detail.
    DebugExtra,
    /// Everything.
    Trace,
}

/// What is removed from the cache, and when.
///
/// The engine measures the whole file system below its cache. A `local-path` volume is a folder of the node's disk, so its percentages are
/// of that disk, not of the claim: for a claim, `maxUsedSpace` is by default three quarters of its size.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Gc {
    /// Whether anything is removed. On by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// What the cache may always keep.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reserved_space: Option<DiskSpace>,
    /// What the cache may use at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_used_space: Option<DiskSpace>,
    /// What is to stay free on the file system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_free_space: Option<DiskSpace>,
    /// How much is removed at once at least.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sweep_size: Option<DiskSpace>,
    /// Rules of your own instead of those that the engine derives from the sizes above.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<GcPolicy>,
}

impl Gc {
    /// Whether nothing is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A rule of the garbage collector.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct GcPolicy {
    /// Whether it is for every entry of the cache.
    #[serde(skip_serializing_if = "is_false")]
    pub all: bool,
    /// Filters of entries in containerd's form, such as `type==exec.cachemount`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub filters: Vec<String>,
    /// How long entries are kept at least.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_duration: Option<GoDuration>,
    /// What these entries may always keep.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reserved_space: Option<DiskSpace>,
    /// What these entries may use at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_used_space: Option<DiskSpace>,
    /// What is to stay free on the file system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_free_space: Option<DiskSpace>,
    /// How much is removed at once at least.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sweep_size: Option<DiskSpace>,
}

/// Serde asks for a reference.
#[allow(clippy::trivially_copy_pass_by_ref)]
const fn is_false(value: &bool) -> bool {
    !*value
}

/// Room on a disk: bytes with a unit (`50GB`, which the engine reads as 1024³ bytes each), or a share of the disk (`20%`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(extend("pattern" = "^([0-9]{1,3}%|[0-9]+([.][0-9]+)?([kKmMgGtTpP][iI]?)?[bB]?)$", "examples" = ["50GB", "20%"]))]
pub struct DiskSpace(pub String);

impl DiskSpace {
    /// Bytes; none for a share of the disk, or what is no size. As `RAMInBytes` of docker/go-units reads it: every unit is of 1024.
    #[must_use]
    pub fn bytes(&self) -> Option<u64> {
        let end = self.0.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(self.0.len());
        let (number, unit) = self.0.split_at(end);
        let power = match unit.to_ascii_lowercase().trim_end_matches('b').trim_end_matches('i') {
            "" => 0,
            "k" => 1,
            "m" => 2,
            "g" => 3,
            "t" => 4,
            "p" => 5,
            _ => return None,
        };
        let (whole, part) = number.split_once('.').unwrap_or((number, ""));
        let unit = 1024_u64.pow(power);
        // Whole numbers keep every byte; nobody counts the bytes of `1.5GB`.
        let tenths = part.chars().next().map_or(Some(0), |digit| digit.to_digit(10)).map(u64::from)?;
        whole.parse::<u64>().ok()?.checked_mul(unit)?.checked_add(unit / 10 * tenths)
    }
}

/// What builds may do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct EngineSecurity {
    /// Whether a build may ask for `insecureRootCapabilities`, with which it is root on the node. On by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub insecure_root_capabilities: Option<bool>,
}

impl EngineSecurity {
    /// Whether nothing is set.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.insecure_root_capabilities.is_none()
    }
}

/// How a registry is reached.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Registry {
    /// Hosts that are asked first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mirrors: Vec<String>,
    /// Whether it speaks plain HTTP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http: Option<bool>,
    /// Whether its certificate is not looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub insecure: Option<bool>,
    /// Paths of certificates of authorities inside of the engine's container.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [["/usr/local/share/ca-certificates/registry.crt"]]))]
    pub ca: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_the_engine_reads_them() {
        let bytes = |text: &str| DiskSpace(text.to_owned()).bytes();
        assert_eq!(bytes("512"), Some(512));
        assert_eq!([bytes("1GB"), bytes("1GiB"), bytes("1g")], [Some(1 << 30); 3]);
        assert_eq!(bytes("1.5k"), Some(1024 + 510));
        assert_eq!([bytes("20%"), bytes(""), bytes("1x"), bytes("99999999999P")], [None; 4]);
    }
}
