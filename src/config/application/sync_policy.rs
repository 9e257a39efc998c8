//! When and how an Application is synced.

use std::collections::BTreeMap;

use super::resource::resource;

resource! {
    /// When to sync, and how.
    SyncPolicy {
        ;
        /// Syncs without being asked.
        automated: Automated,
        /// `Name=value`, such as `CreateNamespace=true` or `ServerSideApply=true`.
        sync_options: Vec<String>,
        /// Tries a failed sync again.
        retry: Retry,
        /// Labels and annotations of the namespace that `CreateNamespace=true` makes.
        managed_namespace_metadata: NamespaceMetadata,
    }

    /// Syncs without being asked.
    Automated {
        ;
        /// Whether it is on. Newer than Argo CD 2.13.
        enabled: bool,
        /// Whether objects that left the source are deleted.
        prune: bool,
        /// Whether changes made in the cluster are undone.
        self_heal: bool,
        /// Whether a sync may delete everything.
        allow_empty: bool,
    }

    /// Tries a failed sync again, each time a little later.
    Retry {
        ;
        /// How often; below zero without end.
        limit: i64,
        /// How long to wait.
        backoff: Backoff,
        /// Whether a new revision is taken when there is one. Newer than Argo CD 2.13.
        refresh: bool,
    }

    /// How long to wait between tries.
    Backoff {
        ;
        /// The first wait, `5s`.
        duration: String,
        /// What each wait is multiplied by for the next.
        factor: i64,
        /// The longest wait, `3m`.
        max_duration: String,
    }

    /// Labels and annotations of a namespace.
    NamespaceMetadata {
        ;
        /// Its labels.
        labels: BTreeMap<String, String>,
        /// Its annotations.
        annotations: BTreeMap<String, String>,
    }
}
