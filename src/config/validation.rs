//! How the release is to be judged.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::DnsLabel;

/// How strictly a rule is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RuleLevel {
    /// Its findings are errors.
    Deny,
    /// Its findings are warnings.
    Warn,
    /// It is not run.
    Allow,
}

/// An object that something else brings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExternalObject {
    /// Its kind. For a `CustomResourceDefinition` the name is `KIND.GROUP`.
    #[schemars(extend("examples" = ["Secret", "StorageClass"]))]
    pub kind: String,
    /// Its namespace; none for a cluster-scoped object, or when it is in every namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<DnsLabel>,
    /// Its name; `*` stands for any.
    #[schemars(extend("examples" = ["registry-login", "Certificate.cert-manager.io"]))]
    pub name: String,
    /// Its keys, for a ConfigMap or Secret; by default every key is taken to be there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [["username", "password"]]))]
    pub keys: Vec<String>,
}
