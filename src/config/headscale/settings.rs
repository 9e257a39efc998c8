//! Smaller parts of the section.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::SecretKey;
use crate::config::format::{self, Wrong};
use crate::config::{AbsolutePath, Cidr, FileMode, GoDuration};

pub(super) const fn yes() -> bool {
    true
}

/// Something that is on or off.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Toggle {
    /// Whether it is on.
    pub enabled: bool,
}

/// A duration with days: `180d`, `1w`, `12h`; `0` is no limit.
///
/// Prometheus' form. Headscale ignores one that it cannot read and goes on without a limit, so it is checked here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DayDuration(pub String);

impl fmt::Display for DayDuration {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl JsonSchema for DayDuration {
    fn schema_name() -> Cow<'static, str> {
        "DayDuration".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
        let pattern = format::pattern("day-duration");
        json_schema!({"type": "string", "format": "day-duration", "pattern": pattern, "examples": ["180d", "12h", "0"]})
    }
}

/// The format `day-duration`: numbers with units, the longest unit first, each once (`github.com/prometheus/common/model`).
pub(in crate::config) fn check_day_duration(text: &str) -> Result<(), Wrong> {
    const UNITS: [&str; 7] = ["y", "w", "d", "h", "m", "s", "ms"];
    let wrong = || {
        Wrong::new("it is not made of numbers and units", "write `180d`, `1d12h` or `0`; the units are `y`, `w`, `d`, `h`, `m`, `s`, `ms`")
    };
    if text == "0" {
        return Ok(());
    }
    let (mut rest, mut units) = (text, UNITS.iter());
    while !rest.is_empty() {
        let after = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        let unit_end = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
        let (unit, next) = after.split_at(unit_end);
        if after.len() == rest.len() || !units.any(|known| *known == unit) {
            return Err(wrong());
        }
        rest = next;
    }
    if text.is_empty() { Err(wrong()) } else { Ok(()) }
}

/// Addresses of the mesh. With neither range given, both of Tailscale's own whole ranges; with one given, only that one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Prefixes {
    /// IPv4, inside of 100.64.0.0/10; clients know no other range.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub v4: Option<Cidr>,
    /// IPv6, inside of `fd7a:115c:a1e0::/48`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub v6: Option<Cidr>,
    /// In which order addresses are given out.
    pub allocation: Allocation,
}

impl Prefixes {
    /// The IPv4 and the IPv6 range in use; at least one is there.
    #[must_use]
    pub fn ranges(&self) -> (Option<Cidr>, Option<Cidr>) {
        if self.v4.is_none() && self.v6.is_none() {
            (Some("100.64.0.0/10".into()), Some("fd7a:115c:a1e0::/48".into()))
        } else {
            (self.v4.clone(), self.v6.clone())
        }
    }
}

/// In which order addresses are given out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Allocation {
    /// One after the other.
    #[default]
    Sequential,
    /// At random.
    Random,
}

/// How long nodes stay.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct NodeLifecycle {
    /// When a node without tags has to log in again, `180d`; `0` is never. Headscale 0.29 and later; before, `oidc.expiry` sets it
    /// for people that log in through OpenID Connect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiry: Option<DayDuration>,
    /// Nodes that joined with an ephemeral key.
    pub ephemeral: Ephemeral,
    /// Subnet routes that several nodes serve. Headscale 0.29 and later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub routes: Option<Routes>,
}

/// Nodes that joined with an ephemeral key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Ephemeral {
    /// How long such a node may be offline before it is deleted; more than `65s`.
    pub inactivity_timeout: GoDuration,
}

impl Default for Ephemeral {
    fn default() -> Self {
        Self { inactivity_timeout: "30m".into() }
    }
}

/// Subnet routes that several nodes serve.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Routes {
    /// How Headscale finds out that one of them is gone.
    pub ha: HaRoutes,
}

/// Probes of nodes that serve the same route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct HaRoutes {
    /// How often they are probed, at least `2s`; `0s` never.
    pub probe_interval: GoDuration,
    /// How long an answer may take: at least `1s` and less than `probeInterval`.
    pub probe_timeout: GoDuration,
}

impl Default for HaRoutes {
    fn default() -> Self {
        Self { probe_interval: "10s".into(), probe_timeout: "5s".into() }
    }
}

/// Logs of the server.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Log {
    /// What is logged.
    pub level: LogLevel,
    /// The form of a line.
    pub format: LogFormat,
}

/// What is logged, from least to most.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Only what ends in a panic.
    Panic,
    /// Only what ends the server.
    Fatal,
    /// Errors.
    Error,
    /// Warnings.
    Warn,
    /// What it does.
    #[default]
    Info,
    /// Details.
    Debug,
    /// Everything.
    Trace,
}

/// The form of a log line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// The socket that the command line inside of the pod uses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct UnixSocket {
    /// Its path; its folder is kept in memory.
    pub path: AbsolutePath,
    /// Its mode in octal.
    pub permission: FileMode,
}

impl Default for UnixSocket {
    fn default() -> Self {
        Self { path: "/var/run/headscale/headscale.sock".into(), permission: "0770".into() }
    }
}

/// Settings for `headscale` commands run inside of the pod, where they are to reach another server than the pod's own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Cli {
    /// The gRPC address, `HOST:PORT`; none is the pod's own socket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Where the API key is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_key_secret: Option<SecretKey>,
    /// How long a command may take; by default `5s`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<GoDuration>,
    /// Whether the server's certificate goes unchecked.
    pub insecure: bool,
}

/// Sizes and intervals that rarely need a change; a key that is not set keeps Headscale's own value.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Tuning {
    /// How long a notification to a client may take; `800ms`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notifier_send_timeout: Option<GoDuration>,
    /// How long changes are gathered before they are sent; `800ms`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch_change_delay: Option<GoDuration>,
    /// Updates that may wait for one client; 30.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_mapsession_buffered_chan_size: Option<u32>,
    /// Workers that make updates; three quarters of the CPUs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batcher_workers: Option<u32>,
    /// How often pending registrations are cleaned up. Headscale 0.28 only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub register_cache_cleanup: Option<GoDuration>,
    /// How long a pending registration is kept; `15m`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub register_cache_expiration: Option<GoDuration>,
    /// Pending registrations at most; 1024. Headscale 0.29 and later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub register_cache_max_entries: Option<u32>,
    /// Writes that are gathered before the peers are worked out again; 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub node_store_batch_size: Option<u32>,
    /// How long writes are gathered at most; `500ms`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_store_batch_timeout: Option<GoDuration>,
}

#[cfg(test)]
mod tests {
    use super::check_day_duration;

    #[test]
    fn durations_with_days_are_read_as_prometheus_does() {
        for good in ["0", "180d", "1y2w3d", "1h30m", "15ms", "1m1ms"] {
            assert!(check_day_duration(good).is_ok(), "{good}");
        }
        for bad in ["", "5", "1.5h", "1h1d", "1d1d", "d", "-1d", "1 d", "1M", "00"] {
            assert!(check_day_duration(bad).is_err(), "{bad}");
        }
    }
}
