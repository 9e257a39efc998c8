//! The sync policy of a short entry: typed, and with defaults that keep the cluster as the repository says.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::sync_policy::{Automated, Backoff, NamespaceMetadata, Retry, SyncPolicy};
use crate::config::GoDuration;

/// When to sync, and how.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct SyncPolicyEntry {
    /// Syncs without being asked.
    pub automated: AutomatedEntry,
    /// Tries a failed sync again, each time a little later.
    pub retry: RetryEntry,
    /// How a sync is done.
    pub sync_options: SyncOptions,
    /// Labels and annotations of the namespace that `syncOptions.createNamespace` makes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub managed_namespace_metadata: Option<NamespaceMetadata>,
}

/// Syncs without being asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct AutomatedEntry {
    /// Whether it is on.
    pub enabled: bool,
    /// Whether objects that left the source are deleted.
    pub prune: bool,
    /// Whether changes made in the cluster are undone.
    pub self_heal: bool,
    /// Whether a sync may delete everything.
    pub allow_empty: bool,
}

impl Default for AutomatedEntry {
    fn default() -> Self {
        Self { enabled: true, prune: true, self_heal: true, allow_empty: false }
    }
}

/// Tries a failed sync again, each time a little later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct RetryEntry {
    /// How often; 0 is never, below zero without end.
    pub limit: i64,
    /// How long to wait.
    pub backoff: BackoffEntry,
}

impl Default for RetryEntry {
    fn default() -> Self {
        Self { limit: 5, backoff: BackoffEntry::default() }
    }
}

/// How long to wait between tries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct BackoffEntry {
    /// The first wait.
    pub duration: GoDuration,
    /// What each wait is multiplied by for the next.
    #[schemars(range(min = 1))]
    pub factor: i64,
    /// The longest wait.
    pub max_duration: GoDuration,
}

impl Default for BackoffEntry {
    fn default() -> Self {
        Self { duration: "5s".into(), factor: 2, max_duration: "3m".into() }
    }
}

/// How a sync is done. What is left out is as Argo CD has it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct SyncOptions {
    /// Whether Argo CD makes the namespace. On by default for other clusters than this one, whose namespaces the release makes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub create_namespace: Option<bool>,
    /// Whether objects are applied on the server's side, as large ones have to be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_side_apply: Option<bool>,
    /// Whether fields that client-side apply owned are taken over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_side_apply_migration: Option<bool>,
    /// Whether manifests are validated before they are applied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validate: Option<bool>,
    /// Whether a kind that does not exist yet is no error of the dry run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skip_dry_run_on_missing_resource: Option<bool>,
    /// Whether only objects that differ are applied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub apply_out_of_sync_only: Option<bool>,
    /// Whether objects are deleted after all waves, at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prune_last: Option<bool>,
    /// How the objects below a deleted one go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prune_propagation_policy: Option<PropagationPolicy>,
    /// Whether objects are replaced and not patched. What they had besides is lost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replace: Option<bool>,
    /// Whether objects that cannot be changed are deleted and made again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub force: Option<bool>,
    /// Whether an object that another Application has is an error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fail_on_shared_resource: Option<bool>,
    /// Whether fields of `ignoreDifferences` are left as they are by a sync, too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub respect_ignore_differences: Option<bool>,
    /// Whether objects that left the source are deleted, also in a sync by hand; `confirm` asks first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prune: Option<Confirmation>,
    /// Whether objects are deleted with the Application; `confirm` asks first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delete: Option<Confirmation>,
}

/// How the objects below a deleted one go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PropagationPolicy {
    /// Before it.
    Foreground,
    /// After it.
    Background,
    /// Not at all.
    Orphan,
}

/// Whether something is done without being asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Confirmation {
    /// It is not done.
    Never,
    /// It is done when somebody has agreed.
    Confirm,
}

impl SyncPolicyEntry {
    /// The policy as Argo CD takes it. `create_namespace` is what holds where the entry does not say.
    #[must_use]
    pub fn to_policy(&self, create_namespace: bool) -> SyncPolicy {
        let AutomatedEntry { enabled, prune, self_heal, allow_empty } = self.automated;
        // Left out it is off for every version; Argo CD 2.13 does not know `enabled`.
        let automated = enabled.then_some(Automated {
            enabled: None,
            prune: Some(prune),
            self_heal: Some(self_heal),
            allow_empty: allow_empty.then_some(true),
        });
        let BackoffEntry { duration, factor, max_duration } = &self.retry.backoff;
        let backoff = Backoff { duration: Some(duration.to_string()), factor: Some(*factor), max_duration: Some(max_duration.to_string()) };
        let retry = (self.retry.limit != 0).then_some(Retry { limit: Some(self.retry.limit), backoff: Some(backoff), refresh: None });
        let options = self.sync_options.to_list(create_namespace);
        SyncPolicy {
            automated,
            sync_options: (!options.is_empty()).then_some(options),
            retry,
            managed_namespace_metadata: self.managed_namespace_metadata.clone(),
        }
    }
}

impl SyncOptions {
    /// `Name=value`, as Argo CD reads it (gitops-engine `pkg/sync/common/types.go`, argo-cd `docs/user-guide/sync-options.md`).
    fn to_list(&self, create_namespace: bool) -> Vec<String> {
        let create_namespace = self.create_namespace.unwrap_or(create_namespace).then_some(true);
        let word = |yes: bool| if yes { "true" } else { "false" };
        let confirmation = |answer: Confirmation| if answer == Confirmation::Never { "false" } else { "confirm" };
        let policy = |policy| match policy {
            PropagationPolicy::Foreground => "foreground",
            PropagationPolicy::Background => "background",
            PropagationPolicy::Orphan => "orphan",
        };
        [
            ("CreateNamespace", create_namespace.map(word)),
            ("ServerSideApply", self.server_side_apply.map(word)),
            ("ClientSideApplyMigration", self.client_side_apply_migration.map(word)),
            ("Validate", self.validate.map(word)),
            ("SkipDryRunOnMissingResource", self.skip_dry_run_on_missing_resource.map(word)),
            ("ApplyOutOfSyncOnly", self.apply_out_of_sync_only.map(word)),
            ("PruneLast", self.prune_last.map(word)),
            ("PrunePropagationPolicy", self.prune_propagation_policy.map(policy)),
            ("Replace", self.replace.map(word)),
            ("Force", self.force.map(word)),
            ("FailOnSharedResource", self.fail_on_shared_resource.map(word)),
            ("RespectIgnoreDifferences", self.respect_ignore_differences.map(word)),
            ("Prune", self.prune.map(confirmation)),
            ("Delete", self.delete.map(confirmation)),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some(format!("{name}={}", value?)))
        .collect()
    }
}
