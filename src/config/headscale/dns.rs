//! Names inside of the mesh.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ConfigMapKey;
use crate::config::DnsName;

/// Names inside of the mesh, and the DNS settings of its nodes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Dns {
    /// Whether nodes find each other as `NAME.BASEDOMAIN`.
    pub magic_dns: bool,
    /// The domain of the nodes' names; `mesh.internal` unless `magicDns` is off. It must not be the server URL's host or a parent of
    /// it: clients would look for the server inside of the mesh that they cannot reach yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_domain: Option<DnsName>,
    /// Whether nodes use only the name servers below, instead of besides their own. Off by default (Headscale's own default is on),
    /// because that needs `nameservers.global`.
    pub override_local_dns: bool,
    /// Name servers for the nodes.
    pub nameservers: Nameservers,
    /// Domains that are tried for short names, after `baseDomain`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub search_domains: Vec<DnsName>,
    /// Names of your own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub extra_records: Vec<ExtraRecord>,
    /// A ConfigMap in the same namespace with names of your own in JSON, read again whenever it changes; not together with
    /// `extraRecords`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extra_records_from: Option<ConfigMapKey>,
}

impl Dns {
    /// The domain in use; none only without `magicDns`.
    #[must_use]
    pub fn base_domain(&self) -> Option<DnsName> {
        self.base_domain.clone().or_else(|| self.magic_dns.then(|| "mesh.internal".into()))
    }
}

impl Default for Dns {
    fn default() -> Self {
        Self {
            magic_dns: true,
            base_domain: None,
            override_local_dns: false,
            nameservers: Nameservers::default(),
            search_domains: Vec::new(),
            extra_records: Vec::new(),
            extra_records_from: None,
        }
    }
}

/// Name servers for the nodes: IP addresses, or URLs of DNS over HTTPS.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Nameservers {
    /// For all names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(example = ["9.9.9.9"])]
    pub global: Vec<String>,
    /// For names in a domain.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub split: BTreeMap<String, Vec<String>>,
}

/// One name of your own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExtraRecord {
    /// The whole name.
    pub name: DnsName,
    /// The type of the record.
    #[serde(default)]
    pub r#type: RecordType,
    /// The address.
    pub value: crate::config::IpAddress,
}

/// The type of a record; clients know these two.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum RecordType {
    /// An IPv4 address.
    #[default]
    A,
    /// An IPv6 address.
    #[serde(rename = "AAAA")]
    Aaaa,
}
