//! What people may do in Argo CD. (What Argo CD may do in the cluster is `scope`.)

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What people may do in Argo CD.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Rbac {
    /// The role of everybody who is logged in and has no other: `role:readonly`, or a role of your own. None means that they may do nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = "role:readonly")]
    pub default_role: Option<String>,
    /// The claims of a token that name its groups; by default `groups`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [["groups", "email"]]))]
    pub scopes: Vec<String>,
    /// How patterns in policies are read; by default `glob`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub match_mode: Option<MatchMode>,
    /// Who may do what.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<RbacPolicy>,
    /// Who has which role.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub bindings: Vec<RoleBinding>,
    /// Further lines in Argo CD's own form (`p, …` and `g, …`), added as they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = "p, role:deployer, applications, sync, shop/*, allow\n")]
    pub csv: Option<String>,
}

/// How patterns in policies are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MatchMode {
    /// `*` and `?`.
    Glob,
    /// Regular expressions.
    Regex,
}

impl MatchMode {
    /// As `argocd-rbac-cm` has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Glob => "glob",
            Self::Regex => "regex",
        }
    }
}

/// One thing that somebody may do or may not do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RbacPolicy {
    /// A role (`role:NAME`), an account, or a group of the identity provider.
    #[schemars(example = "role:deployer")]
    pub subject: String,
    /// What it is about.
    pub resource: RbacResource,
    /// What is done: `get`, `create`, `update`, `delete`, `sync`, `override`, `action/GROUP/KIND/NAME`, `invoke`, or `*`.
    #[schemars(example = &"sync")]
    pub action: String,
    /// Which ones: `PROJECT/NAME` of an application (with applications in any namespace `PROJECT/NAMESPACE/NAME`), or a name. `*` matches all.
    #[schemars(example = "shop/*")]
    pub object: String,
    /// Whether it is allowed.
    #[serde(default)]
    pub effect: Effect,
}

/// What a policy is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RbacResource {
    /// Applications.
    Applications,
    /// ApplicationSets.
    #[serde(rename = "applicationsets")]
    ApplicationSets,
    /// Clusters that Argo CD deploys to.
    Clusters,
    /// Projects.
    Projects,
    /// Repositories.
    Repositories,
    /// Repositories that the hydrator pushes to. Argo CD 3.5.
    WriteRepositories,
    /// Certificates and known hosts of repositories.
    Certificates,
    /// Local accounts.
    Accounts,
    /// Keys that sign commits.
    #[serde(rename = "gpgkeys")]
    GpgKeys,
    /// Logs of an application's pods.
    Logs,
    /// A shell in an application's pods.
    Exec,
    /// Extensions of the web page.
    Extensions,
    /// All of them.
    #[serde(rename = "*")]
    All,
}

impl RbacResource {
    /// Every one.
    pub const ALL: [Self; 13] = [
        Self::Applications,
        Self::ApplicationSets,
        Self::Clusters,
        Self::Projects,
        Self::Repositories,
        Self::WriteRepositories,
        Self::Certificates,
        Self::Accounts,
        Self::GpgKeys,
        Self::Logs,
        Self::Exec,
        Self::Extensions,
        Self::All,
    ];

    /// As a policy line has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Applications => "applications",
            Self::ApplicationSets => "applicationsets",
            Self::Clusters => "clusters",
            Self::Projects => "projects",
            Self::Repositories => "repositories",
            Self::WriteRepositories => "write-repositories",
            Self::Certificates => "certificates",
            Self::Accounts => "accounts",
            Self::GpgKeys => "gpgkeys",
            Self::Logs => "logs",
            Self::Exec => "exec",
            Self::Extensions => "extensions",
            Self::All => "*",
        }
    }

    /// The actions that Argo CD asks about (`cmd/argocd/commands/admin/settings_rbac.go`); each may be followed by a path where that is said.
    #[must_use]
    pub const fn actions(self) -> &'static [&'static str] {
        match self {
            Self::Accounts => &["get", "create", "update"],
            Self::Applications => &["get", "create", "update", "delete", "sync", "override", "action"],
            Self::ApplicationSets | Self::Clusters | Self::Projects | Self::Repositories | Self::WriteRepositories => {
                &["get", "create", "update", "delete"]
            }
            // Upstream's own policies allow to update certificates, which nothing asks about.
            Self::Certificates => &["get", "create", "update", "delete"],
            Self::GpgKeys => &["get", "create", "delete"],
            Self::Logs => &["get"],
            Self::Exec => &["create"],
            Self::Extensions => &["invoke"],
            Self::All => &["get", "create", "update", "delete", "sync", "override", "action", "invoke"],
        }
    }

    /// Whether objects are `PROJECT/NAME`.
    #[must_use]
    pub const fn is_in_project(self) -> bool {
        matches!(self, Self::Applications | Self::ApplicationSets | Self::Logs | Self::Exec)
    }
}

/// Whether something is allowed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// It is.
    #[default]
    Allow,
    /// It is not, whatever else allows it.
    Deny,
}

impl Effect {
    /// As a policy line has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
        }
    }
}

/// Somebody who has a role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RoleBinding {
    /// An account, a group of the identity provider, or a role that includes another.
    #[schemars(example = &"developers")]
    pub subject: String,
    /// The role: `role:admin`, `role:readonly`, or one that policies name.
    #[schemars(example = "role:deployer")]
    pub role: String,
}
