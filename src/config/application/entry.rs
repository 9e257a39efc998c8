//! An entry of `applications` and of `projects`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::destination::TargetCluster;
use super::helm::Helm;
use super::kustomize::Kustomize;
use super::project::ProjectSpec;
use super::set::ApplicationSetSpec;
use super::source::{Directory, Plugin, Source};
use super::spec::{ApplicationSpec, IgnoreDifference, Info};
use super::sync_entry::SyncPolicyEntry;
use super::value::Selector;
use crate::config::{Cluster, DnsLabel, DnsName, LabelKey, LabelValue, PodSecurity};

/// The project of Applications that name none. Argo CD's own `default` allows everything; this one allows what they use.
pub const DEFAULT_PROJECT: &str = "workloads";

/// The project that is always there and belongs to Argo CD, unless the config has one of that name.
pub const ARGOCDS_OWN: &str = "default";

/// An Application of Argo CD.
///
/// Short, it names a repository and a namespace; what it does not say has defaults that keep the cluster as the repository says. With
/// `spec` it is an Application written in full, with `applicationSet` an ApplicationSet. With `clusters` a short entry is an ApplicationSet,
/// too: one Application for each cluster that Argo CD knows and that has the labels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Application {
    /// Its name.
    pub name: DnsName,
    /// The AppProject that allows it; by default `workloads`. One that has no entry in `projects` allows what its Applications use, and no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["workloads"]))]
    pub project: Option<String>,
    /// The Applications that must be healthy before this one is synced. It needs `gitops`: Argo CD keeps an order only among what one
    /// Application holds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [["database"]]))]
    pub depends_on: Vec<DnsName>,
    /// The URL of the repository: Git (`https://`, `ssh://`, `git@…`, `file://` for a local one), Helm (`https://`) or OCI (`oci://`; a chart of a
    /// registry, or with Argo CD 3.5 any artifact).
    #[serde(default, rename = "repoURL", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["https://git.example.com/shop.git"]))]
    pub repo_url: Option<String>,
    /// The folder in a Git repository or an OCI artifact; by default its root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["deploy"]))]
    pub path: Option<String>,
    /// A branch, tag or commit, by default `HEAD`; for a chart its version, which must be there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["main"]))]
    pub target_revision: Option<String>,
    /// The chart in a Helm repository or a registry, instead of `path`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["cert-manager"]))]
    pub chart: Option<String>,
    /// How a chart is rendered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub helm: Option<Helm>,
    /// How a kustomization is built.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kustomize: Option<Kustomize>,
    /// How a folder of plain manifests, or of Jsonnet, is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<Directory>,
    /// A plugin that renders the manifests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plugin: Option<Plugin>,
    /// Several sources instead of the one that `repoURL` names, such as a chart and a Git repository with its values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<Source>,
    /// The namespace that it goes to. On this cluster it is made with the release, unless `syncPolicy.syncOptions.createNamespace` is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<DnsLabel>,
    /// The PodSecurity level of a namespace that is made with the release; by default `cluster.security.podSecurityStandard`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod_security_standard: Option<PodSecurity>,
    /// The cluster that it goes to; by default the one that Argo CD runs in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<TargetCluster>,
    /// Makes an Application for each cluster that Argo CD knows and whose Secret has these labels; `{}` takes all of them, this one included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clusters: Option<Selector>,
    /// When to sync, and how. By default Argo CD follows the repository, deletes what left it, undoes changes, and tries again with growing
    /// pauses.
    #[serde(default)]
    pub sync_policy: SyncPolicyEntry,
    /// Fields whose differences do not count.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ignore_differences: Vec<IgnoreDifference>,
    /// Facts that Argo CD's page shows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub info: Vec<Info>,
    /// How many former revisions are remembered for a rollback; Argo CD's default is 10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub revision_history_limit: Option<i64>,
    /// Labels of the Application.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("propertyNames" = {"format": "label-key"}))]
    pub labels: BTreeMap<LabelKey, LabelValue>,
    /// Annotations of the Application, such as those of notifications.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// Whether its objects are deleted with it, when the entry is removed from this list.
    #[serde(default = "yes")]
    pub cascade: bool,
    /// The Application in full, instead of the short keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spec: Option<ApplicationSpec>,
    /// An ApplicationSet in full, instead of the short keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application_set: Option<ApplicationSetSpec>,
}

const fn yes() -> bool {
    true
}

impl Cluster {
    /// AppProjects that stand in `extraObjects` as they are.
    pub fn own_projects(&self) -> impl Iterator<Item = &str> {
        let projects = self.extra_objects.iter().filter(|object| object.get("kind").is_some_and(|kind| kind == "AppProject"));
        projects.filter_map(|project| project.get("metadata")?.get("name")?.as_str())
    }
}

impl Application {
    /// Of a chart, whose objects are applied on the server's side: definitions are larger than the annotation of the client's side may be.
    #[must_use]
    pub fn of_chart(name: DnsName, project: &str, source: Source, namespace: DnsLabel) -> Self {
        let mut sync_policy = SyncPolicyEntry::default();
        sync_policy.sync_options.server_side_apply = Some(true);
        Self {
            name,
            project: Some(project.to_owned()),
            depends_on: Vec::new(),
            repo_url: Some(source.repo_url),
            path: None,
            target_revision: source.target_revision,
            chart: source.chart,
            helm: source.helm,
            kustomize: None,
            directory: None,
            plugin: None,
            sources: Vec::new(),
            namespace: Some(namespace),
            pod_security_standard: None,
            cluster: None,
            clusters: None,
            sync_policy,
            ignore_differences: Vec::new(),
            info: Vec::new(),
            revision_history_limit: None,
            labels: BTreeMap::new(),
            annotations: BTreeMap::new(),
            cascade: true,
            spec: None,
            application_set: None,
        }
    }

    /// The project, which no Application is without.
    #[must_use]
    pub fn project(&self) -> &str {
        if let Some(spec) = &self.spec {
            // To Argo CD the empty text is its own `default`.
            return if spec.project.is_empty() { ARGOCDS_OWN } else { &spec.project };
        }
        match &self.application_set {
            Some(set) => &set.template.spec.project,
            None => self.project.as_deref().unwrap_or(DEFAULT_PROJECT),
        }
    }

    /// Whether the short keys say what it is.
    #[must_use]
    pub const fn is_short(&self) -> bool {
        self.spec.is_none() && self.application_set.is_none()
    }

    /// The sources of a short entry.
    #[must_use]
    pub fn short_sources(&self) -> Vec<Source> {
        let Some(repo_url) = &self.repo_url else { return self.sources.iter().cloned().map(of_a_registry).collect() };
        let has_chart = self.chart.as_deref().is_some_and(|chart| !chart.is_empty());
        let own = Source {
            repo_url: repo_url.clone(),
            // Argo CD refuses a source without both, one of an OCI artifact too (`validateSourcePermissions` in `util/argo/argo.go`).
            path: self.path.clone().filter(|path| !path.is_empty()).or_else(|| (!has_chart).then(|| ".".to_owned())),
            target_revision: Some(self.target_revision.clone().unwrap_or_else(|| "HEAD".to_owned())),
            tag_prefix: None,
            chart: self.chart.clone(),
            reference: None,
            name: None,
            helm: self.helm.clone(),
            kustomize: self.kustomize.clone(),
            directory: self.directory.clone(),
            plugin: self.plugin.clone(),
        };
        vec![of_a_registry(own)]
    }

    /// The namespace that the release makes for it: of a short entry for this cluster, unless Argo CD is to make it.
    #[must_use]
    pub fn own_namespace(&self) -> Option<&DnsLabel> {
        let here = self.is_short() && self.clusters.is_none() && self.cluster.as_ref().is_none_or(TargetCluster::is_local);
        self.namespace.as_ref().filter(|_| here && self.sync_policy.sync_options.create_namespace != Some(true))
    }
}

/// A chart in a registry has a URL without scheme: what begins with `oci://` is an artifact to Argo CD, whatever `chart` says
/// (`reposerver/repository/repository.go`).
fn of_a_registry(mut source: Source) -> Source {
    if source.chart.as_deref().is_some_and(|chart| !chart.is_empty())
        && let Some(registry) = source.repo_url.strip_prefix("oci://")
    {
        source.repo_url = registry.trim_end_matches('/').to_owned();
    }
    source
}

/// A project of Argo CD: what its Applications may do.
///
/// Without `sourceRepos` it allows the repositories that its Applications use, without `destinations` the places that they go to, and without
/// `clusterResourceWhitelist` no cluster-scoped objects but the namespaces that Argo CD is to make.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Project {
    /// Its name.
    pub name: DnsName,
    /// All that it says, which is also what Argo CD's custom resource can say.
    #[serde(flatten)]
    pub spec: ProjectSpec,
}

#[cfg(test)]
mod tests {
    use super::Application;

    /// Argo CD said `InvalidSpecError` to the first two, and took the chart for an artifact.
    #[test]
    fn a_source_has_a_path_or_a_chart() {
        let source = |entry: serde_json::Value| {
            let entry: Application = serde_json::from_value(entry).expect("an entry");
            let source = entry.short_sources().remove(0);
            (source.repo_url, source.path)
        };
        let url = "oci://registry.example.com/x";
        assert_eq!(source(serde_json::json!({"name": "a", "repoURL": url})), (url.to_owned(), Some(".".to_owned())));
        assert_eq!(source(serde_json::json!({"name": "a", "repoURL": url, "path": ""})).1, Some(".".to_owned()));
        let chart =
            serde_json::json!({"name": "a", "repoURL": "oci://registry.example.com/charts/", "chart": "web", "targetRevision": "1.0.0"});
        assert_eq!(source(chart.clone()), ("registry.example.com/charts".to_owned(), None));
        assert_eq!(
            source(serde_json::json!({"name": "a", "sources": [{"repoURL": "oci://r.example.com/c", "chart": "web"}]})).0,
            "r.example.com/c"
        );
    }
}
