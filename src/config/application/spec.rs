//! The `spec` of an Application (argo-cd 3.5 `pkg/apis/application/v1alpha1/types.go`).

use super::resource::resource;
use super::source::{Source, SourceHydrator};
use super::sync_policy::SyncPolicy;

resource! {
    /// All that an Application says: where its manifests are, where they go, and how they are kept in step.
    ApplicationSpec {
        /// The AppProject that allows it.
        project: String,
        /// The cluster and the namespace that it is for.
        destination: Destination,
        ;
        /// Where the manifests are.
        source: Source,
        /// Several sources whose manifests are put together. With it, `source` is not used.
        sources: Vec<Source>,
        /// Renders manifests into a branch, and syncs from that branch. Newer than Argo CD 2.13.
        source_hydrator: SourceHydrator,
        /// When to sync, and how.
        sync_policy: SyncPolicy,
        /// Fields whose differences do not count.
        ignore_differences: Vec<IgnoreDifference>,
        /// Facts that Argo CD's page shows.
        info: Vec<Info>,
        /// How many former revisions are remembered for a rollback; Argo CD's default is 10.
        #[schemars(range(min = 0))]
        revision_history_limit: i64,
    }

    /// A cluster and a namespace.
    Destination {
        ;
        /// The URL of the cluster's API server; `https://kubernetes.default.svc` is the one that Argo CD runs in.
        server: String,
        /// The cluster's name in Argo CD, instead of `server`; `in-cluster` is the one that Argo CD runs in.
        name: String,
        /// The namespace of objects that name none.
        namespace: String,
    }

    /// Fields of some objects whose differences do not count.
    IgnoreDifference {
        /// The kind of the objects; `*` is every kind.
        kind: String,
        ;
        /// Their API group; `*` is every group.
        group: String,
        /// Their name.
        name: String,
        /// Their namespace.
        namespace: String,
        /// The fields as JSON pointers (RFC 6901).
        json_pointers: Vec<String>,
        /// The fields as jq paths.
        jq_path_expressions: Vec<String>,
        /// Field managers whose changes are left alone.
        managed_fields_managers: Vec<String>,
    }

    /// A fact that Argo CD's page shows.
    Info {
        /// What it is.
        name: String,
        /// A text, or a URL, which becomes a link.
        value: String,
        ;
    }
}
