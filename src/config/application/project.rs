//! The `spec` of an AppProject (argo-cd 3.5 `pkg/apis/application/v1alpha1/app_project_types.go`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::resource::resource;
use super::spec::Destination;

resource! {
    /// What Applications of a project may do.
    ProjectSpec {
        ;
        /// What it is for.
        description: String,
        /// The URLs of repositories that its Applications may use; globs, and `!` refuses.
        source_repos: Vec<String>,
        /// Where its Applications may go; globs, and `!` refuses.
        destinations: Vec<Destination>,
        /// Namespaces besides Argo CD's own that its Applications may be in.
        source_namespaces: Vec<String>,
        /// Cluster-scoped kinds that may be made; by default none.
        cluster_resource_whitelist: Vec<ClusterResource>,
        /// Cluster-scoped kinds that may not be made.
        cluster_resource_blacklist: Vec<ClusterResource>,
        /// Namespaced kinds that may be made; by default all.
        namespace_resource_whitelist: Vec<GroupKind>,
        /// Namespaced kinds that may not be made.
        namespace_resource_blacklist: Vec<GroupKind>,
        /// Roles that people and programs have in the project.
        roles: Vec<ProjectRole>,
        /// Times at which syncs are allowed or denied.
        sync_windows: Vec<SyncWindow>,
        /// Watches for objects in the project's namespaces that no Application owns.
        orphaned_resources: OrphanedResources,
        /// GnuPG keys that commits must be signed with; newer Argo CD prefers `sourceIntegrity`.
        signature_keys: Vec<SignatureKey>,
        /// How sources are verified. Newer than Argo CD 2.13.
        source_integrity: SourceIntegrity,
        /// Whether only clusters that belong to the project may be used.
        permit_only_project_scoped_clusters: bool,
        /// ServiceAccounts that syncs act as, by destination.
        destination_service_accounts: Vec<DestinationServiceAccount>,
    }

    /// A cluster-scoped kind.
    ClusterResource {
        /// Its API group; empty for the core group, globs are possible.
        group: String,
        /// The kind; globs are possible.
        kind: String,
        ;
        /// Names of objects that it is limited to; globs are possible. Newer than Argo CD 2.13.
        name: String,
    }

    /// A kind.
    GroupKind {
        /// Its API group; empty for the core group, globs are possible.
        group: String,
        /// The kind; globs are possible.
        kind: String,
        ;
    }

    /// A role in the project.
    ProjectRole {
        /// Its name.
        name: String,
        ;
        /// What it is for.
        description: String,
        /// What it may do: `p, proj:PROJECT:ROLE, applications, sync, PROJECT/*, allow`.
        policies: Vec<String>,
        /// Groups of the identity provider that have it.
        groups: Vec<String>,
        /// Tokens that were made for it.
        jwt_tokens: Vec<JwtToken>,
    }

    /// A token that was made for a role. It holds no secret.
    JwtToken {
        /// When it was made, in seconds since 1970.
        iat: i64,
        ;
        /// When it ends, in seconds since 1970.
        exp: i64,
        /// Its id.
        id: String,
    }

    /// A time at which syncs are allowed or denied.
    SyncWindow {
        ;
        /// Whether syncs are allowed or denied then.
        kind: WindowKind,
        /// When it begins, in five cron fields.
        schedule: String,
        /// How long it lasts, `1h`.
        duration: String,
        /// The time zone of the schedule; by default UTC.
        time_zone: String,
        /// Names of Applications that it is for; globs.
        applications: Vec<String>,
        /// Namespaces that it is for; globs.
        namespaces: Vec<String>,
        /// Clusters that it is for; globs.
        clusters: Vec<String>,
        /// Whether syncs by hand are allowed while it denies.
        manual_sync: bool,
        /// Whether applications, namespaces and clusters must all match and not only one of them. Newer than Argo CD 2.13.
        and_operator: bool,
        /// What it is for.
        description: String,
        /// Whether a sync that began in time may end later. Newer than Argo CD 2.13.
        sync_overrun: bool,
    }

    /// Watches for objects that no Application owns.
    OrphanedResources {
        ;
        /// Whether Applications get a warning.
        warn: bool,
        /// Objects that do not count.
        ignore: Vec<OrphanedResource>,
    }

    /// Objects that do not count as orphaned; globs.
    OrphanedResource {
        ;
        /// Their API group.
        group: String,
        /// Their kind.
        kind: String,
        /// Their name.
        name: String,
    }

    /// A GnuPG key.
    SignatureKey {
        /// Its id.
        #[serde(rename = "keyID")]
        key_id: String,
        ;
    }

    /// How sources are verified.
    SourceIntegrity {
        /// Rules for Git.
        git: GitIntegrity,
        ;
    }

    /// Rules for Git.
    GitIntegrity {
        /// One for each group of repositories.
        policies: Vec<GitIntegrityPolicy>,
        ;
    }

    /// A rule for some Git repositories.
    GitIntegrityPolicy {
        /// The repositories.
        repos: Vec<GitIntegrityRepo>,
        /// How their commits are signed.
        gpg: GpgPolicy,
        ;
    }

    /// Some Git repositories.
    GitIntegrityRepo {
        /// A glob of URLs.
        url: String,
        ;
    }

    /// How commits are signed.
    GpgPolicy {
        /// How much is verified: `none`, `head` or `strict`.
        mode: String,
        /// Ids of trusted keys.
        keys: Vec<String>,
        ;
    }

    /// A ServiceAccount that syncs to a destination act as.
    DestinationServiceAccount {
        /// The URL of the cluster; globs.
        server: String,
        /// The ServiceAccount, `NAME` or `NAMESPACE:NAME`.
        default_service_account: String,
        ;
        /// The namespace; globs.
        namespace: String,
    }
}

/// Whether syncs are allowed or denied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum WindowKind {
    /// Only then.
    Allow,
    /// Not then.
    Deny,
}
