//! Who may log in: the built-in admin, local accounts, and identity providers.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Log, Resources};
use crate::config::headscale::SecretKey;
use crate::config::{GoDuration, HttpUrl};

/// The built-in account `admin`, whose first password Argo CD makes up and puts into the Secret `argocd-initial-admin-secret`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Admin {
    /// Whether it may log in.
    pub enabled: bool,
}

impl Default for Admin {
    fn default() -> Self {
        Self { enabled: true }
    }
}

/// A local account. Its password is set by `argocd account update-password`, which keeps a hash in `argocd-secret`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Account {
    /// Its name.
    #[schemars(regex(pattern = r"^[A-Za-z0-9]([-_A-Za-z0-9]*[A-Za-z0-9])?$"), example = &"ci")]
    pub name: String,
    /// Whether it may log in to the web page and the command line.
    #[serde(default)]
    pub login: bool,
    /// Whether API tokens may be made for it.
    #[serde(default)]
    pub api_key: bool,
    /// Whether it may be used at all.
    #[serde(default = "yes")]
    pub enabled: bool,
}

const fn yes() -> bool {
    true
}

/// Log-in through an OpenID Connect provider, without Dex.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Oidc {
    /// What the log-in button says.
    pub name: String,
    /// The provider.
    pub issuer: HttpUrl,
    /// The client's name at the provider.
    #[serde(rename = "clientID")]
    pub client_id: String,
    /// Where the client's secret is: a key of a Secret in Argo CD's namespace with the label `app.kubernetes.io/part-of: argocd`,
    /// which something else delivers. None for a public client with PKCE.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<SecretKey>,
    /// The client's name for the command line, where that is another one.
    #[serde(default, rename = "cliClientID", skip_serializing_if = "Option::is_none")]
    pub cli_client_id: Option<String>,
    /// What is asked from the provider; by default `openid`, `profile`, `email` and `groups`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requested_scopes: Vec<String>,
    /// Claims that the ID token must hold, by name.
    #[serde(default, rename = "requestedIDTokenClaims", skip_serializing_if = "BTreeMap::is_empty")]
    pub requested_id_token_claims: BTreeMap<String, Claim>,
    /// Whose tokens are taken, besides the client's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed_audiences: Vec<String>,
    /// Where the log-out button leads; `{{token}}` and `{{logoutRedirectURL}}` are filled in.
    #[serde(default, rename = "logoutURL", skip_serializing_if = "Option::is_none")]
    pub logout_url: Option<String>,
    /// The certificate of the provider's authority, PEM.
    #[serde(default, rename = "rootCA", skip_serializing_if = "Option::is_none")]
    pub root_ca: Option<String>,
    /// Whether the web page uses PKCE (RFC 7636).
    #[serde(default, rename = "enablePKCEAuthentication")]
    pub enable_pkce_authentication: bool,
    /// Whether groups are asked from the provider's userinfo endpoint.
    #[serde(default)]
    pub enable_user_info_groups: bool,
    /// The path of that endpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_info_path: Option<String>,
    /// How long its answers are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_info_cache_expiration: Option<GoDuration>,
    /// The domain that the provider is to offer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain_hint: Option<String>,
}

/// A claim of an ID token.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Claim {
    /// Whether the log-in fails without it.
    pub essential: bool,
    /// The value that it must have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// The values that it may have.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
}

/// Dex, the identity broker: for providers that do not speak OpenID Connect, such as LDAP, SAML or GitHub.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Dex {
    /// Whether it runs. Off leaves out its Deployment, Service, policy and rights.
    pub enabled: bool,
    /// Where people come from. Without connectors it waits.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-merge-key" = "id"))]
    pub connectors: Vec<DexConnector>,
    /// Secrets that the connectors' `$NAME:KEY` lead to; something else delivers them, with the label `app.kubernetes.io/part-of: argocd`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<SecretKey>,
    /// Its log.
    pub log: Log,
    /// CPU and memory of the container.
    #[serde(skip_serializing_if = "Resources::is_empty")]
    pub resources: Resources,
}

impl Default for Dex {
    fn default() -> Self {
        Self { enabled: true, connectors: Vec::new(), secrets: Vec::new(), log: Log::default(), resources: Resources::default() }
    }
}

/// Where people of Dex come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DexConnector {
    /// The kind of connector: `github`, `ldap`, `saml`, ….
    pub r#type: String,
    /// Its id, a part of the callback's URL.
    pub id: String,
    /// What the log-in button says.
    pub name: String,
    /// What the kind of connector takes (<https://dexidp.io/docs/connectors/>). A secret stands there as `$NAME:KEY`, a key of a Secret.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub config: Map<String, Value>,
}
