//! `registries.yaml`: where containerd pulls images from (docs.k3s.io/installation/private-registry).

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::elsewhere;
use crate::config::{AbsolutePath, HttpUrl};

/// Where the node's containerd pulls images from; becomes `/etc/rancher/k3s/registries.yaml`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Registries {
    /// Mirrors by the registry that images name (`docker.io`, `registry.example.com:5000`); `"*"` stands for all that are not named.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub mirrors: BTreeMap<String, Mirror>,
    /// TLS settings by the host (and port) of an ENDPOINT, not of the registry that it mirrors; `"*"` stands for all that are not named.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub configs: BTreeMap<String, RegistryConfig>,
}

impl Registries {
    /// Whether there is nothing to say.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.mirrors.is_empty() && self.configs.is_empty()
    }

    /// These, with another's entries added; for a registry that both name the other's entry counts.
    #[must_use]
    pub fn with(&self, other: &Self) -> Self {
        let mut sum = self.clone();
        sum.mirrors.extend(other.mirrors.clone());
        sum.configs.extend(other.configs.clone());
        sum
    }
}

/// The mirrors of one registry.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Mirror {
    /// Where to pull from, in this order. The registry itself is tried last, unless `disableDefaultRegistryEndpoint` is set.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub endpoint: Vec<HttpUrl>,
    /// New image names by regular expressions (Go's syntax) that match the old ones; not applied to tags, nor at the registry itself.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub rewrite: BTreeMap<String, String>,
}

/// How to talk to one endpoint.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[schemars(extend("x-elsewhere" = elsewhere::in_registry()))]
pub struct RegistryConfig {
    /// TLS settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<RegistryTls>,
}

/// TLS settings of one endpoint. All files are on the node.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct RegistryTls {
    /// The file with the certificate authority.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<AbsolutePath>,
    /// The file with the client certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cert_file: Option<AbsolutePath>,
    /// The file with the client certificate's key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_file: Option<AbsolutePath>,
    /// Whether any certificate is believed. Whoever sits on the way can then swap images.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub insecure_skip_verify: bool,
}
