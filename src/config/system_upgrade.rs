//! The `systemUpgrade` section: k3s itself is upgraded, node by node, by Rancher's system-upgrade-controller.
//!
//! Facts are read in system-upgrade-controller v0.20.1 (`pkg/apis/upgrade.cattle.io/v1/types.go`, `pkg/upgrade`, `manifests`,
//! `examples/k3s-upgrade.yaml`).

mod check;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use check::check;

use super::{Cluster, DnsLabel, Image, LabelKey, LabelValue};

/// Where k3s answers which version a channel stands for.
const CHANNELS: &str = "https://update.k3s.io/v1-release/channels";

/// Upgrades of k3s on running nodes: servers one after the other, then agents.
///
/// It replaces the program `/usr/local/bin/k3s`, as k3s' own install script puts it there. Nodes on NixOS take k3s from the Nix store: leave
/// this section out there, and update the flake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[schemars(example = serde_json::json!({"channel": "stable"}))]
pub struct SystemUpgrade {
    /// The namespace of the controller, its Plans and their jobs.
    pub namespace: DnsLabel,
    /// The controller's image; by default `docker.io/rancher/system-upgrade-controller` 0.20.1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<Image>,
    /// The image with the new k3s, without a tag: the controller takes that of the version.
    #[schemars(regex(pattern = r"^[a-z0-9][-a-z0-9.]*(:[0-9]+)?(/[a-z0-9][-_.a-z0-9]*)+$"), extend("examples" = ["docker.io/rancher/k3s-upgrade"]))]
    pub upgrade_image: String,
    /// The image that cordons and drains nodes.
    pub kubectl_image: Image,
    /// The version of k3s that all nodes get.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^v1\.[0-9]+\.[0-9]+([-+][-+A-Za-z0-9.]+)?$"), extend("examples" = ["v1.36.3+k3s1"]))]
    pub version: Option<String>,
    /// The channel that says which version they get: a name of k3s' own, such as `stable` or `v1.36`, or a URL that redirects to the version.
    /// Without `version` and `channel` it is that of `cluster.version`'s minor.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^([a-z0-9][-a-z0-9.]*|https?://[^\s]+)$"), extend("examples" = ["stable"]))]
    pub channel: Option<String>,
    /// When nodes are upgraded; by default at any time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
    /// Only nodes with these labels.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("propertyNames" = {"format": "label-key"}))]
    pub node_selector: BTreeMap<LabelKey, LabelValue>,
    /// How servers are upgraded.
    pub servers: NodeStep,
    /// How agents are upgraded, after all servers.
    pub agents: NodeStep,
}

impl Default for SystemUpgrade {
    fn default() -> Self {
        Self {
            namespace: "system-upgrade".into(),
            image: None,
            upgrade_image: "docker.io/rancher/k3s-upgrade".to_owned(),
            kubectl_image: "docker.io/rancher/kubectl:v1.30.3".into(),
            version: None,
            channel: None,
            window: None,
            node_selector: BTreeMap::new(),
            servers: NodeStep::default(),
            agents: NodeStep::default(),
        }
    }
}

/// How nodes of one role are upgraded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct NodeStep {
    /// How many at a time.
    #[schemars(range(min = 1))]
    pub concurrency: u16,
    /// Whether their pods leave first, as PodDisruptionBudgets let them; by default those of agents do and those of servers stay. Either way
    /// nothing new is scheduled there meanwhile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drain: Option<bool>,
    /// How long a pod may hold up the drain, in seconds; then it is left to its fate (`skipWaitForDeleteTimeout`).
    #[schemars(range(min = 1))]
    pub drain_seconds: u16,
}

impl Default for NodeStep {
    fn default() -> Self {
        Self { concurrency: 1, drain: None, drain_seconds: 60 }
    }
}

/// When nodes are upgraded. A job that has begun ends after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(example = serde_json::json!({"days": ["saturday"], "startTime": "02:00", "endTime": "05:00", "timeZone": "Europe/Berlin"}))]
pub struct Window {
    /// The days.
    #[schemars(length(min = 1))]
    pub days: Vec<Day>,
    /// When it begins, `HH:MM`.
    #[schemars(regex(pattern = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"))]
    pub start_time: String,
    /// When it ends, `HH:MM`.
    #[schemars(regex(pattern = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"))]
    pub end_time: String,
    /// The time zone, as `Europe/Berlin`; by default UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^[A-Za-z][-+_A-Za-z0-9]*(/[-+_A-Za-z0-9]+)*$"))]
    pub time_zone: Option<String>,
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Day {
    /// Monday.
    Monday,
    /// Tuesday.
    Tuesday,
    /// Wednesday.
    Wednesday,
    /// Thursday.
    Thursday,
    /// Friday.
    Friday,
    /// Saturday.
    Saturday,
    /// Sunday.
    Sunday,
}

/// What says which version nodes get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A version.
    Version(String),
    /// The URL of a channel.
    Channel(String),
}

impl SystemUpgrade {
    /// The controller's image.
    #[must_use]
    pub fn image(&self) -> Image {
        self.image
            .clone()
            .unwrap_or_else(|| format!("docker.io/rancher/system-upgrade-controller:v{}", crate::versions::SYSTEM_UPGRADE).into())
    }

    /// Which version nodes get.
    #[must_use]
    pub fn target(&self, cluster: &Cluster) -> Target {
        match (&self.version, &self.channel) {
            (Some(version), _) => Target::Version(version.clone()),
            (None, Some(url)) if url.contains("://") => Target::Channel(url.clone()),
            (None, Some(name)) => Target::Channel(format!("{CHANNELS}/{name}")),
            (None, None) => Target::Channel(format!("{CHANNELS}/v{}", cluster.cluster.version.minor())),
        }
    }
}
