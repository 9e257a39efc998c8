//! Certificates that no route asks for.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::{DnsLabel, DnsName, GoDuration, IpAddress};

/// A certificate that cert-manager makes and renews.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Certificate {
    /// Its name.
    pub name: DnsName,
    /// The namespace of it and of its Secret.
    pub namespace: DnsLabel,
    /// The Secret that it is put into; by default its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_name: Option<DnsName>,
    /// Who signs it: one of `issuers`, or a ClusterIssuer that is there.
    pub issuer: DnsName,
    /// What it calls itself, where that matters; browsers look at `dnsNames` alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64), example = "dagger engine")]
    pub common_name: Option<String>,
    /// The names that it is for; `*.` at the beginning stands for one label.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [["*.cluster.internal"]]))]
    pub dns_names: Vec<String>,
    /// The addresses that it is for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ip_addresses: Vec<IpAddress>,
    /// How long it is valid; cert-manager's default is 90 days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["2160h"]))]
    pub duration: Option<GoDuration>,
    /// How long before its end it is renewed; by default after two thirds of its time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["720h"]))]
    pub renew_before: Option<GoDuration>,
    /// Its key.
    #[serde(default)]
    pub private_key: PrivateKey,
}

/// The key of a certificate.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct PrivateKey {
    /// Its kind.
    pub algorithm: KeyAlgorithm,
    /// Whether a renewal makes a new one.
    pub rotation: KeyRotation,
}

/// The kind of a key, each in the size that every client takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum KeyAlgorithm {
    /// ECDSA on P-256.
    #[default]
    Ecdsa,
    /// RSA with 2048 bits.
    Rsa,
}

/// Whether a renewal makes a new key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum KeyRotation {
    /// Every time.
    #[default]
    Always,
    /// The key stays, for clients that have pinned it.
    Never,
}

impl KeyRotation {
    /// As cert-manager has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Always => "Always",
            Self::Never => "Never",
        }
    }
}

impl Certificate {
    /// The Secret that it is put into.
    #[must_use]
    pub fn secret_name(&self) -> &str {
        self.secret_name.as_ref().unwrap_or(&self.name).as_str()
    }
}
