//! Where secret values come from. No value ever stands in the config.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::DnsName;

/// A key of a Secret in the namespace of the component.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SecretKey {
    /// The Secret's name.
    pub name: DnsName,
    /// The key in it.
    #[schemars(regex(pattern = r"^[-._a-zA-Z0-9]+$"))]
    pub key: String,
}

/// A key of a ConfigMap in the namespace of the component.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConfigMapKey {
    /// The ConfigMap's name.
    pub name: DnsName,
    /// The key in it.
    #[schemars(regex(pattern = r"^[-._a-zA-Z0-9]+$"))]
    pub key: String,
}

/// The Secret that keys and passwords come from with `useAgenixSecrets`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Secrets {
    /// The Secret's name.
    pub name: DnsName,
    /// The keys in it. Only those that the setup uses have to be there.
    pub keys: SecretKeys,
}

impl Default for Secrets {
    fn default() -> Self {
        Self { name: "headscale-secrets".into(), keys: SecretKeys::default() }
    }
}

/// Keys of the Secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct SecretKeys {
    /// The private key of the mesh protocol (`headscale generate private-key`).
    #[schemars(regex(pattern = r"^[-._a-zA-Z0-9]+$"))]
    pub noise: String,
    /// The private key of the embedded DERP server, another one of the same form.
    #[schemars(regex(pattern = r"^[-._a-zA-Z0-9]+$"))]
    pub derp: String,
    /// The password of PostgreSQL.
    #[schemars(regex(pattern = r"^[-._a-zA-Z0-9]+$"))]
    pub postgres_password: String,
    /// The client secret of OpenID Connect.
    #[schemars(regex(pattern = r"^[-._a-zA-Z0-9]+$"))]
    pub oidc_client_secret: String,
}

impl Default for SecretKeys {
    fn default() -> Self {
        Self {
            noise: "noise-private.key".to_owned(),
            derp: "derp-private.key".to_owned(),
            postgres_password: "postgres-password".to_owned(),
            oidc_client_secret: "oidc-client-secret".to_owned(),
        }
    }
}
