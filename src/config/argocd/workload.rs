//! What all pods of Argo CD share.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Minor;
use crate::config::{Image, Quantity};

/// Whose applications Argo CD may deploy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// The whole cluster that it runs in, with ClusterRoles and the CRDs.
    #[default]
    Cluster,
    /// Its own namespace, and other clusters by their credentials. Something else installs the CRDs.
    Namespaced,
}

/// Container images; by default those that the version's own manifests name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Images {
    /// Argo CD itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub argocd: Option<Image>,
    /// The identity broker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dex: Option<Image>,
    /// The cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redis: Option<Image>,
    /// The proxy in front of the cache with `ha`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub haproxy: Option<Image>,
}

impl Images {
    /// The image of the cache.
    #[must_use]
    pub fn redis(&self, minor: Minor) -> Image {
        let known = match minor {
            Minor::V213 => crate::versions::ARGOCD_2_13_REDIS,
            Minor::V35 => crate::versions::ARGOCD_REDIS,
        };
        self.redis.clone().unwrap_or_else(|| known.into())
    }

    /// The image of the identity broker.
    #[must_use]
    pub fn dex(&self, minor: Minor) -> Image {
        let known = match minor {
            Minor::V213 => crate::versions::ARGOCD_2_13_DEX,
            Minor::V35 => crate::versions::ARGOCD_DEX,
        };
        self.dex.clone().unwrap_or_else(|| known.into())
    }

    /// The image of the proxy.
    #[must_use]
    pub fn haproxy(&self) -> Image {
        self.haproxy.clone().unwrap_or_else(|| crate::versions::ARGOCD_HAPROXY.into())
    }
}

/// When a node fetches an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum PullPolicy {
    /// At each start of a container.
    Always,
    /// When the node does not have it.
    IfNotPresent,
    /// Never: it has been loaded into the node.
    Never,
}

impl PullPolicy {
    /// As a container has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Always => "Always",
            Self::IfNotPresent => "IfNotPresent",
            Self::Never => "Never",
        }
    }
}

/// CPU and memory of a container; none by default, as upstream.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[schemars(example = serde_json::json!({"requests": {"cpu": "100m", "memory": "256Mi"}, "limits": {"memory": "1Gi"}}))]
pub struct Resources {
    /// What is kept free for it, by resource.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub requests: BTreeMap<String, Quantity>,
    /// What it may use at most, by resource.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub limits: BTreeMap<String, Quantity>,
}

impl Resources {
    /// Whether nothing is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.requests.is_empty() && self.limits.is_empty()
    }
}

/// How much a program says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Everything.
    Debug,
    /// What is done.
    Info,
    /// What may go wrong.
    Warn,
    /// What went wrong.
    Error,
}

impl LogLevel {
    /// As `argocd-cmd-params-cm` has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

/// The form of a program's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object a line.
    Json,
}

impl LogFormat {
    /// As `argocd-cmd-params-cm` has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
        }
    }
}

/// What a program logs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Log {
    /// How much; by default `info`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<LogLevel>,
    /// In which form; by default the one of the version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<LogFormat>,
}
