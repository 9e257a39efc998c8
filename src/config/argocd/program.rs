//! The programs of Argo CD: how many, how large, and what they are told.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Log, Resources};
use crate::config::{GoDuration, Quantity};

/// The API server and web page.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Server {
    /// How many pods; by default one, with `ha` two.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub replicas: Option<u16>,
    /// Whether it speaks plain HTTP, as it must behind an ingress that ends TLS (argo-cd#2953).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub insecure: Option<bool>,
    /// The path that everything is served under, where the ingress keeps it: `/argocd`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^(/[-._~A-Za-z0-9]+)+$"), example = "/argocd")]
    pub root_path: Option<String>,
    /// The path that the page's links begin with, where the ingress strips it. `rootPath` implies it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^(/[-._~A-Za-z0-9]+)+/?$"), example = "/argocd")]
    pub base_href: Option<String>,
    /// Whether answers are compressed; by default they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gzip: Option<bool>,
    /// Whether the Secret `argocd-server-tls` (`tls.crt`, `tls.key`) holds its certificate. Without, it makes a self-signed one.
    pub tls_secret: bool,
    /// Versions of TLS.
    pub tls: TlsVersions,
    /// Its log.
    pub log: Log,
    /// CPU and memory of the container.
    #[serde(skip_serializing_if = "Resources::is_empty")]
    pub resources: Resources,
}

/// Versions of TLS that a server speaks; by default 1.2 and later.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct TlsVersions {
    /// The oldest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minimum: Option<TlsVersion>,
    /// The newest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maximum: Option<TlsVersion>,
}

/// A version of TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum TlsVersion {
    /// 1.2.
    #[serde(rename = "1.2")]
    V12,
    /// 1.3.
    #[serde(rename = "1.3")]
    V13,
}

impl TlsVersion {
    /// As `argocd-cmd-params-cm` has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V12 => "1.2",
            Self::V13 => "1.3",
        }
    }
}

/// The application controller, which compares and syncs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Controller {
    /// How many pods; clusters are spread over them. By default one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub replicas: Option<u16>,
    /// How clusters are spread over the pods; by default `legacy`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sharding: Option<Sharding>,
    /// How many applications are compared at a time; by default 20.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10_000))]
    pub status_processors: Option<u32>,
    /// How many applications are synced at a time; by default 10.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10_000))]
    pub operation_processors: Option<u32>,
    /// How many `kubectl` runs at a time; by default 20.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10_000))]
    pub kubectl_parallelism: Option<u32>,
    /// How long it waits for the repo server, in seconds; by default 60.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 86_400))]
    pub repo_server_timeout_seconds: Option<u32>,
    /// The pause between self-heal attempts, in seconds; by default one that grows from 2 to 300.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 86_400))]
    pub self_heal_timeout_seconds: Option<u32>,
    /// After how many seconds a sync is given up; by default never.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 604_800))]
    pub sync_timeout_seconds: Option<u32>,
    /// The pause after each sync wave, in seconds; by default 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 3600))]
    pub sync_wave_delay_seconds: Option<u32>,
    /// Whether differences are found by a server-side dry run for all applications.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_side_diff: Option<bool>,
    /// Its log.
    pub log: Log,
    /// CPU and memory of the container.
    #[serde(skip_serializing_if = "Resources::is_empty")]
    pub resources: Resources,
}

/// How clusters are spread over the controller's pods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Sharding {
    /// By the hash of the cluster's id.
    Legacy,
    /// In turn.
    RoundRobin,
    /// Evenly, moving as few as possible when the number changes.
    ConsistentHashing,
}

impl Sharding {
    /// As `argocd-cmd-params-cm` has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Legacy => "legacy",
            Self::RoundRobin => "round-robin",
            Self::ConsistentHashing => "consistent-hashing",
        }
    }
}

/// The repo server, which fetches sources and makes manifests of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct RepoServer {
    /// How many pods; by default one, with `ha` two.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub replicas: Option<u16>,
    /// How many manifests are made at a time in each pod; by default without limit, which large charts turn into an out-of-memory kill.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10_000))]
    pub parallelism: Option<u32>,
    /// How long made manifests are kept; by default 24 hours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_expiration: Option<GoDuration>,
    /// How long a request to a Git server may take; by default 15 seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub git_request_timeout: Option<GoDuration>,
    /// Whether Git submodules are fetched; by default they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub git_submodules: Option<bool>,
    /// How large all manifest files of a directory application may be together; by default 10M.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = "10M")]
    pub max_combined_directory_manifests_size: Option<Quantity>,
    /// Versions of TLS.
    pub tls: TlsVersions,
    /// Its log.
    pub log: Log,
    /// CPU and memory of the container.
    #[serde(skip_serializing_if = "Resources::is_empty")]
    pub resources: Resources,
}

/// The ApplicationSet controller, which makes Applications of generators.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ApplicationSetController {
    /// Whether it runs. Off leaves out its Deployment, Service, policy and rights; the CRD stays.
    pub enabled: bool,
    /// How many pods; more than one elects a leader. By default one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub replicas: Option<u16>,
    /// What it may do to Applications; by default `sync`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<ApplicationSetPolicy>,
    /// Whether an ApplicationSet may choose its policy itself. By default only where `policy` is not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_override: Option<bool>,
    /// Whether ApplicationSets may roll out in steps (`spec.strategy`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progressive_syncs: Option<bool>,
    /// Whether generators that ask source-code hosts (SCM provider, pull request) are on; by default they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scm_providers: Option<bool>,
    /// The hosts that those generators may ask; none means all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [["https://git.example.com/"]]))]
    pub allowed_scm_providers: Vec<String>,
    /// Further namespaces whose ApplicationSets count.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [["team-a"]]))]
    pub namespaces: Vec<String>,
    /// Its log.
    pub log: Log,
    /// CPU and memory of the container.
    #[serde(skip_serializing_if = "Resources::is_empty")]
    pub resources: Resources,
}

impl Default for ApplicationSetController {
    fn default() -> Self {
        Self {
            enabled: true,
            replicas: None,
            policy: None,
            policy_override: None,
            progressive_syncs: None,
            scm_providers: None,
            allowed_scm_providers: Vec::new(),
            namespaces: Vec::new(),
            log: Log::default(),
            resources: Resources::default(),
        }
    }
}

/// What the ApplicationSet controller may do to Applications.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ApplicationSetPolicy {
    /// Create, change and delete them.
    Sync,
    /// Create them only.
    CreateOnly,
    /// Create and change them.
    CreateUpdate,
    /// Create and delete them.
    CreateDelete,
}

impl ApplicationSetPolicy {
    /// As `argocd-cmd-params-cm` has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sync => "sync",
            Self::CreateOnly => "create-only",
            Self::CreateUpdate => "create-update",
            Self::CreateDelete => "create-delete",
        }
    }
}

/// The cache. Everything in it can be made anew.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Redis {
    /// CPU and memory of the container.
    #[serde(skip_serializing_if = "Resources::is_empty")]
    pub resources: Resources,
}
