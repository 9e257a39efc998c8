//! The `argocd` section: the install of Argo CD.
//!
//! `argocd: {}` is upstream's own install, object for object (docs/ARGOCD.md lists the differences). Facts are read in `manifests/`,
//! `util/settings` and `docs/operator-manual` of Argo CD 2.13.2 and 3.5.1.

mod check;
mod login;
mod notification;
mod parameter;
mod policy_line;
mod program;
mod rbac;
mod repository;
mod resource;
mod setting;
mod version;
mod workload;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use check::check;
pub use login::{Account, Admin, Claim, Dex, DexConnector, Oidc};
pub use notification::Notifications;
pub use parameter::{Parameter, Program, keys as parameter_keys, minors_of as minors_of_parameter};
pub use policy_line::{PolicyLine, written as policy_field};
pub use program::{
    ApplicationSetController, ApplicationSetPolicy, Controller, Redis, RepoServer, Server, Sharding, TlsVersion, TlsVersions,
};
pub use rbac::{Effect, MatchMode, Rbac, RbacPolicy, RbacResource, RoleBinding};
pub use repository::{CredentialTemplate, Credentials, Repository, RepositoryType, SECRET_TYPE};
pub use resource::{
    ActionDefinition, Customization, IgnoredFields, KnownTypeField, Reconciliation, ResourceActions, ResourceFilter, Tracking,
    TrackingMethod,
};
pub(in crate::config) use version::check_version;
pub use version::{ArgoCdVersion, Minor};
pub use workload::{Images, Log, LogFormat, LogLevel, PullPolicy, Resources, Scope};

use super::headscale::Toleration;
use super::{DnsLabel, GoDuration, Host, HttpUrl, Image, LabelKey, LabelValue};

/// Argo CD, which keeps the cluster as a Git repository says.
///
/// `argocd: {}` is upstream's own install. Keys that only one of the supported versions has are refused for the other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[schemars(example = serde_json::json!({}))]
pub struct ArgoCd {
    /// The Argo CD version, `3.5.1` or `2.13.2`; also another patch of these minors.
    pub version: ArgoCdVersion,
    /// Whose applications it may deploy. `namespaced` needs 3.5.
    pub scope: Scope,
    /// Whether it outlives the loss of a node: three Redis with Sentinel behind a proxy, two servers and repo servers. Needs three nodes, and 3.5.
    pub ha: bool,
    /// The namespace that it runs in.
    pub namespace: DnsLabel,
    /// Container images.
    pub images: Images,
    /// When nodes fetch the images; by default as upstream says for each container.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_pull_policy: Option<PullPolicy>,
    /// The URL that people reach it by. Log-in through a provider and links in messages need it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = "https://argocd.example.com")]
    pub url: Option<HttpUrl>,
    /// Further URLs that people reach it by.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub additional_urls: Vec<HttpUrl>,
    /// The API server and web page.
    pub server: Server,
    /// The application controller.
    pub controller: Controller,
    /// The repo server.
    pub repo_server: RepoServer,
    /// The ApplicationSet controller.
    pub application_set: ApplicationSetController,
    /// Messages about applications.
    pub notifications: Notifications,
    /// The cache.
    pub redis: Redis,
    /// The built-in admin.
    pub admin: Admin,
    /// Local accounts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-merge-key" = "name"))]
    pub accounts: Vec<Account>,
    /// Whether people who are not logged in have `rbac.defaultRole`.
    pub anonymous: bool,
    /// How long a log-in lasts; by default 24 hours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_duration: Option<GoDuration>,
    /// Log-in through an OpenID Connect provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oidc: Option<Oidc>,
    /// Log-in through Dex.
    pub dex: Dex,
    /// What people may do.
    pub rbac: Rbac,
    /// Repositories.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-merge-key" = "name"))]
    pub repositories: Vec<Repository>,
    /// Credentials for all repositories below a URL.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-merge-key" = "name"))]
    pub credential_templates: Vec<CredentialTemplate>,
    /// Certificates (PEM) that repository hosts are trusted by, by host.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("propertyNames" = {"format": "host"}))]
    pub tls_certificates: BTreeMap<Host, String>,
    /// Lines for `ssh_known_hosts`, besides those of the well-known hosts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [["git.example.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIG9yZ2FuIGtleSBmb3IgZ2l0IGV4YW1wbGUgY29t"]]))]
    pub ssh_known_hosts: Vec<String>,
    /// Public keys (armoured) that commits are signed with, by key id.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub gpg_keys: BTreeMap<String, String>,
    /// How resources are told apart.
    pub tracking: Tracking,
    /// How often applications are compared.
    pub reconciliation: Reconciliation,
    /// Whether the health of an Application counts, as the waves of an app of apps need (argo-cd#16870).
    pub application_health: bool,
    /// How resources of a kind are looked at, by `GROUP/KIND`, `KIND` for the core group, or `all`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub customizations: BTreeMap<String, Customization>,
    /// Kinds that Argo CD leaves alone, besides those of `defaultExclusions`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exclusions: Vec<ResourceFilter>,
    /// The only kinds that Argo CD looks at; none means all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub inclusions: Vec<ResourceFilter>,
    /// Whether kinds that only make noise are left alone, and changes that mean nothing, as 3.5 has it. On for 3.5.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_exclusions: Option<bool>,
    /// Further namespaces whose Applications count.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [["team-a"]]))]
    pub application_namespaces: Vec<String>,
    /// Further keys of `argocd-cmd-params-cm`, checked against those that the version reads.
    #[serde(skip_serializing_if = "Map::is_empty")]
    #[schemars(extend("examples" = [{"controller.diff.server.side": true}]))]
    pub parameters: Map<String, Value>,
    /// Further keys of `argocd-cm`, checked against those that the version reads. A value that is no text is written as YAML.
    #[serde(skip_serializing_if = "Map::is_empty")]
    #[schemars(extend("examples" = [{"kustomize.buildOptions": "--enable-helm"}]))]
    pub settings: Map<String, Value>,
    /// Labels that nodes of its pods must have.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("propertyNames" = {"format": "label-key"}))]
    pub node_selector: BTreeMap<LabelKey, LabelValue>,
    /// Taints that its pods tolerate.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tolerations: Vec<Toleration>,
}

impl Default for ArgoCd {
    fn default() -> Self {
        Self {
            version: ArgoCdVersion::default(),
            scope: Scope::default(),
            ha: false,
            namespace: "argocd".into(),
            images: Images::default(),
            image_pull_policy: None,
            url: None,
            additional_urls: Vec::new(),
            server: Server::default(),
            controller: Controller::default(),
            repo_server: RepoServer::default(),
            application_set: ApplicationSetController::default(),
            notifications: Notifications::default(),
            redis: Redis::default(),
            admin: Admin::default(),
            accounts: Vec::new(),
            anonymous: false,
            session_duration: None,
            oidc: None,
            dex: Dex::default(),
            rbac: Rbac::default(),
            repositories: Vec::new(),
            credential_templates: Vec::new(),
            tls_certificates: BTreeMap::new(),
            ssh_known_hosts: Vec::new(),
            gpg_keys: BTreeMap::new(),
            tracking: Tracking::default(),
            reconciliation: Reconciliation::default(),
            application_health: true,
            customizations: BTreeMap::new(),
            exclusions: Vec::new(),
            inclusions: Vec::new(),
            default_exclusions: None,
            application_namespaces: Vec::new(),
            parameters: Map::new(),
            settings: Map::new(),
            node_selector: BTreeMap::new(),
            tolerations: Vec::new(),
        }
    }
}

impl ArgoCd {
    /// The minor, which decides the shape of the install.
    #[must_use]
    pub const fn minor(&self) -> Minor {
        self.version.minor()
    }

    /// The image of all programs of Argo CD itself.
    #[must_use]
    pub fn image(&self) -> Image {
        self.images.argocd.clone().unwrap_or_else(|| format!("quay.io/argoproj/argocd:v{}", self.version).into())
    }

    /// Whether upstream's exclusions are in force.
    #[must_use]
    pub fn excludes_by_default(&self) -> bool {
        self.default_exclusions.unwrap_or(self.minor() == Minor::V35)
    }
}
