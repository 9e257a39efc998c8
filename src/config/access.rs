//! Who may do what in the cluster.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{DnsLabel, DnsName};

/// One grant: some people or machines, a role, and where it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Access {
    /// The grant's name; its bindings are named `access-NAME-ROLE`.
    pub name: DnsName,
    /// What is allowed.
    pub role: AccessRole,
    /// User names, as the cluster's authentication gives them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [["alice"]]))]
    pub users: Vec<String>,
    /// Group names, as the cluster's authentication gives them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [["developers"]]))]
    pub groups: Vec<String>,
    /// Service accounts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub service_accounts: Vec<ServiceAccountName>,
    /// The namespaces where it holds; none for the whole cluster.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [["default"]]))]
    pub namespaces: Vec<DnsLabel>,
}

/// A ClusterRole that every cluster has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AccessRole {
    /// To see most objects, but no Secrets.
    View,
    /// To see and change most objects, Secrets among them, but no roles.
    Edit,
    /// The same, and roles.
    Admin,
    /// Everything.
    ClusterAdmin,
}

impl AccessRole {
    /// The ClusterRole's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::View => "view",
            Self::Edit => "edit",
            Self::Admin => "admin",
            Self::ClusterAdmin => "cluster-admin",
        }
    }
}

/// A service account in its namespace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServiceAccountName {
    /// Its name.
    pub name: DnsName,
    /// Its namespace.
    pub namespace: DnsLabel,
}
