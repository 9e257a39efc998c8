//! Log-in through an OpenID Connect provider.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::SecretKey;
use super::settings::{DayDuration, yes};
use crate::config::HttpUrl;

/// Log-in of people through an OpenID Connect provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Oidc {
    /// The provider.
    pub issuer: HttpUrl,
    /// The client's name at the provider.
    pub client_id: String,
    /// Where the client's secret is. With `useAgenixSecrets` it is in the Secret of `secrets` unless set here; otherwise none means
    /// a public client, which needs `pkce`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<SecretKey>,
    /// Whether the server waits for the provider when it starts.
    #[serde(default = "yes")]
    pub only_start_if_oidc_is_available: bool,
    /// What is asked from the provider; by default `openid`, `profile` and `email`.
    #[serde(default = "default_scope")]
    pub scope: Vec<String>,
    /// Further parameters of the log-in request.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub extra_params: BTreeMap<String, String>,
    /// Mail domains whose people may log in; none means all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed_domains: Vec<String>,
    /// People that may log in, by mail address; none means all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed_users: Vec<String>,
    /// Groups whose people may log in; none means all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed_groups: Vec<String>,
    /// Whether the provider must have verified the mail address.
    #[serde(default = "yes")]
    pub email_verified_required: bool,
    /// Whether a node's key expires with the provider's token, which is often within the hour.
    #[serde(default)]
    pub use_expiry_from_token: bool,
    /// When a node has to log in again, `180d`; `0` is never. Headscale 0.28 only: later it is `node.expiry`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiry: Option<DayDuration>,
    /// Proof Key for Code Exchange (RFC 7636).
    #[serde(default)]
    pub pkce: Pkce,
}

fn default_scope() -> Vec<String> {
    ["openid", "profile", "email"].map(ToOwned::to_owned).to_vec()
}

/// Proof Key for Code Exchange (RFC 7636).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Pkce {
    /// Whether it is used.
    pub enabled: bool,
    /// How the code is proven.
    pub method: PkceMethod,
}

/// How the code is proven.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum PkceMethod {
    /// By its SHA-256.
    #[default]
    S256,
    /// By itself.
    #[serde(rename = "plain")]
    Plain,
}
