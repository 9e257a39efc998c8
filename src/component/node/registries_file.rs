//! `registries.yaml`, with containerd's own spelling of keys.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::config::{Registries, RegistryTls};

/// The content of `registries.yaml` (docs.k3s.io/installation/private-registry). It never holds credentials.
#[derive(Debug, Serialize)]
pub(super) struct RegistriesFile<'a> {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    mirrors: BTreeMap<&'a str, Mirror<'a>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    configs: BTreeMap<&'a str, Config<'a>>,
}

#[derive(Debug, Serialize)]
struct Mirror<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    endpoint: Vec<&'a str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    rewrite: &'a BTreeMap<String, String>,
}

#[derive(Debug, Serialize)]
struct Config<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    tls: Option<Tls<'a>>,
}

#[derive(Debug, Serialize)]
struct Tls<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    ca_file: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cert_file: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_file: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    insecure_skip_verify: bool,
}

impl<'a> From<&'a Registries> for RegistriesFile<'a> {
    fn from(registries: &'a Registries) -> Self {
        let mirrors = registries.mirrors.iter().map(|(registry, mirror)| {
            let endpoint = mirror.endpoint.iter().map(crate::config::HttpUrl::as_str).collect();
            (registry.as_str(), Mirror { endpoint, rewrite: &mirror.rewrite })
        });
        let configs = registries.configs.iter().map(|(host, config)| (host.as_str(), Config { tls: config.tls.as_ref().map(Tls::from) }));
        Self { mirrors: mirrors.collect(), configs: configs.collect() }
    }
}

impl<'a> From<&'a RegistryTls> for Tls<'a> {
    fn from(tls: &'a RegistryTls) -> Self {
        Self {
            ca_file: tls.ca_file.as_ref().map(crate::config::AbsolutePath::as_str),
            cert_file: tls.cert_file.as_ref().map(crate::config::AbsolutePath::as_str),
            key_file: tls.key_file.as_ref().map(crate::config::AbsolutePath::as_str),
            insecure_skip_verify: tls.insecure_skip_verify,
        }
    }
}
