//! Mutual TLS.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::DnsName;

/// Encrypted connections, with clients that show a certificate of `ca.crt`'s authority.
///
/// Give `issuerRef` to have cert-manager make both certificates, or deliver the Secret yourself, as with age.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct DaggerTls {
    /// The Secret of the engine, with `tls.crt`, `tls.key` and `ca.crt`, the authority of clients.
    pub secret_name: DnsName,
    /// cert-manager's issuer, which must be of a private authority: whoever holds a certificate of it may build.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer_ref: Option<IssuerRef>,
    /// The Secret that cert-manager writes a certificate for clients to, with `issuerRef`.
    pub client_secret_name: DnsName,
}

impl Default for DaggerTls {
    fn default() -> Self {
        Self { secret_name: "dagger-engine-tls".into(), issuer_ref: None, client_secret_name: "dagger-client-tls".into() }
    }
}

/// An issuer of cert-manager.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IssuerRef {
    /// Its name.
    pub name: DnsName,
    /// Whether it is for one namespace or for the whole cluster.
    #[serde(default)]
    pub kind: IssuerKind,
}

/// The kinds of cert-manager's issuers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum IssuerKind {
    /// For the whole cluster.
    #[default]
    ClusterIssuer,
    /// For its own namespace.
    Issuer,
}
