//! Who signs certificates.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::config::{DnsLabel, DnsName, GoDuration, HttpUrl};

/// Who signs certificates: one of `selfSigned`, `selfSignedCa`, `ca` and `acme`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Issuer {
    /// Its name.
    pub name: DnsName,
    /// The namespace that it is for; none makes it a ClusterIssuer, for all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<DnsLabel>,
    /// Every certificate signs itself, so that nobody trusts one but who knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub self_signed: Option<SelfSigned>,
    /// A CA that cert-manager makes for this cluster. Its certificate is at `ca.crt` of every Secret that it signs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub self_signed_ca: Option<SelfSignedCa>,
    /// A CA whose key is in a Secret that something delivers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<Ca>,
    /// An authority that speaks ACME, such as Let's Encrypt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acme: Option<Acme>,
}

/// Every certificate signs itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct SelfSigned {}

/// A CA that cert-manager makes for this cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct SelfSignedCa {
    /// What the CA calls itself; by default the cluster's name and `CA`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64), example = "home CA")]
    pub common_name: Option<String>,
    /// How long the CA's certificate is valid.
    pub duration: GoDuration,
    /// How long before its end it is renewed, with the same key.
    pub renew_before: GoDuration,
}

impl Default for SelfSignedCa {
    /// Ten years, renewed a year before the end.
    fn default() -> Self {
        Self { common_name: None, duration: "87600h".into(), renew_before: "8760h".into() }
    }
}

/// A CA whose key is in a Secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Ca {
    /// The Secret with `tls.crt` and `tls.key`: in the issuer's namespace, or for a ClusterIssuer in cert-manager's own.
    pub secret_name: DnsName,
}

/// An authority that speaks ACME.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Acme {
    /// The authority's directory.
    #[serde(default = "lets_encrypt")]
    pub server: HttpUrl,
    /// The address that the authority writes to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = "ops@example.com")]
    pub email: Option<String>,
    /// The Secret that cert-manager keeps the account's key in; by default `NAME-account-key`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub private_key_secret: Option<DnsName>,
    /// The authority asks for a file by plain HTTP, which the ingress controller serves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http01: Option<Http01>,
    /// The authority asks for a DNS record. The one key names the provider; what is below it is as in cert-manager's `solvers[].dns01`, which
    /// `validate` checks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = [{"cloudflare": {"apiTokenSecretRef": {"name": "cloudflare-token", "key": "token"}}}]))]
    pub dns01: Option<Map<String, Value>>,
}

/// The authority asks for a file by plain HTTP.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Http01 {
    /// The IngressClass whose controller serves the file; by default that of `ingress.controller`, or its Gateway.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<DnsName>,
}

fn lets_encrypt() -> HttpUrl {
    "https://acme-v02.api.letsencrypt.org/directory".into()
}

impl Acme {
    /// The Secret of the account's key.
    #[must_use]
    pub fn private_key_secret(&self, issuer: &DnsName) -> String {
        self.private_key_secret.as_ref().map_or_else(|| format!("{issuer}-account-key"), ToString::to_string)
    }
}
