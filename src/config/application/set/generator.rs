//! Where an ApplicationSet's parameters come from.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::Template;
use super::pull_request::PullRequestGenerator;
use super::scm_provider::ScmProviderGenerator;
use crate::config::application::resource::resource;
use crate::config::application::value::Selector;

/// Of a generator the kinds that hold no others.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs)]
pub struct Plain<'a> {
    pub list: Option<&'a ListGenerator>,
    pub clusters: Option<&'a ClusterGenerator>,
    pub git: Option<&'a GitGenerator>,
    pub scm_provider: Option<&'a ScmProviderGenerator>,
    pub pull_request: Option<&'a PullRequestGenerator>,
    pub cluster_decision_resource: Option<&'a ClusterDecisionGenerator>,
    pub plugin: Option<&'a PluginGenerator>,
}

/// A generator; `matrix` and `merge` may hold others, two levels deep.
macro_rules! generators {
    ($($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $field_type:ty,)* })*) => {
        resource! {$(
            $(#[$meta])*
            $name {
                ;
                /// Parameters as written.
                list: ListGenerator,
                /// The clusters that Argo CD knows.
                clusters: ClusterGenerator,
                /// Folders or files of a Git repository.
                git: GitGenerator,
                /// Repositories of an organisation.
                scm_provider: ScmProviderGenerator,
                /// Open pull requests.
                pull_request: PullRequestGenerator,
                /// Clusters that a custom resource names.
                cluster_decision_resource: ClusterDecisionGenerator,
                /// What a plugin of yours says.
                plugin: PluginGenerator,
                $($(#[$field_meta])* $field: $field_type,)*
                /// Takes only parameters that match.
                selector: Selector,
            }
        )*}
        $(impl $name {
            /// The kinds of generators that there are at every depth.
            pub(super) const fn plain(&self) -> Plain<'_> {
                Plain {
                    list: self.list.as_ref(),
                    clusters: self.clusters.as_ref(),
                    git: self.git.as_ref(),
                    scm_provider: self.scm_provider.as_ref(),
                    pull_request: self.pull_request.as_ref(),
                    cluster_decision_resource: self.cluster_decision_resource.as_ref(),
                    plugin: self.plugin.as_ref(),
                }
            }
        })*
    };
}

generators! {
    /// Where parameters come from; one of the kinds of generators.
    Generator {
        /// Every combination of two generators' parameters.
        matrix: MatrixGenerator,
        /// Parameters of several generators, put together where some keys are equal.
        merge: MergeGenerator,
    }

    /// A generator within `matrix` or `merge`.
    NestedGenerator {
        /// Every combination of two generators' parameters.
        matrix: NestedMatrixGenerator,
        /// Parameters of several generators, put together where some keys are equal.
        merge: NestedMergeGenerator,
    }

    /// A generator two levels deep.
    InnerGenerator {}
}

resource! {
    /// Every combination of two generators' parameters.
    MatrixGenerator {
        /// The two.
        generators: Vec<NestedGenerator>,
        ;
        /// Lies over the ApplicationSet's own template.
        template: Template,
    }

    /// Parameters of several generators, put together where some keys are equal.
    MergeGenerator {
        /// The generators; the first has all entries, the others add to them.
        generators: Vec<NestedGenerator>,
        /// The keys that must be equal.
        merge_keys: Vec<String>,
        ;
        /// Lies over the ApplicationSet's own template.
        template: Template,
    }

    /// Every combination of two generators' parameters, within another generator.
    NestedMatrixGenerator {
        /// The two.
        generators: Vec<InnerGenerator>,
        ;
    }

    /// Parameters of several generators, put together within another generator.
    NestedMergeGenerator {
        /// The generators; the first has all entries, the others add to them.
        generators: Vec<InnerGenerator>,
        /// The keys that must be equal.
        merge_keys: Vec<String>,
        ;
    }

    /// Parameters as written.
    ListGenerator {
        ;
        /// The parameters, one mapping for each Application.
        elements: Vec<Map<String, Value>>,
        /// The same as YAML, with parameters of an outer generator.
        elements_yaml: String,
        /// Lies over the ApplicationSet's own template.
        template: Template,
    }

    /// The clusters that Argo CD knows.
    ClusterGenerator {
        ;
        /// Takes only clusters whose Secret has these labels. Without, the cluster that Argo CD runs in is one of them.
        selector: Selector,
        /// Further parameters.
        values: BTreeMap<String, String>,
        /// Whether all clusters are one set of parameters, a list called `clusters`. Newer than Argo CD 2.13.
        flat_list: bool,
        /// Lies over the ApplicationSet's own template.
        template: Template,
    }

    /// Clusters that a custom resource names.
    ClusterDecisionGenerator {
        /// The ConfigMap that says how to read the custom resource.
        config_map_ref: String,
        ;
        /// The custom resource's name.
        name: String,
        /// Takes only custom resources with these labels.
        label_selector: Selector,
        /// How often it is asked, in seconds.
        requeue_after_seconds: i64,
        /// Further parameters.
        values: BTreeMap<String, String>,
        /// Lies over the ApplicationSet's own template.
        template: Template,
    }

    /// Folders or files of a Git repository.
    GitGenerator {
        /// The URL of the repository.
        #[serde(rename = "repoURL")]
        repo_url: String,
        /// A branch, tag or commit.
        revision: String,
        ;
        /// Folders, each of which is a set of parameters.
        directories: Vec<GitPath>,
        /// JSON or YAML files, whose content is the parameters.
        files: Vec<GitPath>,
        /// What stands before the names of the path's parameters.
        path_param_prefix: String,
        /// How often it is asked, in seconds.
        requeue_after_seconds: i64,
        /// Further parameters.
        values: BTreeMap<String, String>,
        /// Lies over the ApplicationSet's own template.
        template: Template,
    }

    /// Folders or files of a Git repository.
    GitPath {
        /// A glob.
        path: String,
        ;
        /// Whether what it matches is left out.
        exclude: bool,
    }

    /// What a plugin of yours says.
    PluginGenerator {
        /// The ConfigMap that says where the plugin is.
        config_map_ref: ConfigMapName,
        ;
        /// What the plugin is told.
        input: PluginInput,
        /// How often it is asked, in seconds.
        requeue_after_seconds: i64,
        /// Further parameters.
        values: BTreeMap<String, String>,
        /// Lies over the ApplicationSet's own template.
        template: Template,
    }

    /// A ConfigMap in Argo CD's namespace.
    ConfigMapName {
        /// Its name.
        name: String,
        ;
    }

    /// What a plugin is told.
    PluginInput {
        ;
        /// Values by name.
        parameters: Map<String, Value>,
    }
}
