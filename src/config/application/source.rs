//! Where manifests come from.

use std::collections::BTreeMap;

use super::helm::Helm;
use super::kustomize::Kustomize;
use super::resource::resource;

resource! {
    /// A place with manifests: a folder of a Git repository, or a chart of a Helm repository.
    Source {
        /// The URL of the repository.
        #[serde(rename = "repoURL")]
        #[schemars(extend("examples" = ["https://git.example.com/shop.git"]))]
        repo_url: String,
        ;
        /// The folder in a Git repository.
        path: String,
        /// A branch, tag or commit; for a chart its version, or a range of versions.
        target_revision: String,
        /// Takes only tags that begin like this into account when `targetRevision` is a range. Newer than Argo CD 2.13.
        tag_prefix: String,
        /// The chart in a Helm repository.
        chart: String,
        /// A name by which value files of other sources name this one, as in `$values/prod.yaml`.
        #[serde(rename = "ref")]
        reference: String,
        /// What Argo CD's page calls the source.
        name: String,
        /// How a chart is rendered.
        helm: Helm,
        /// How a kustomization is built.
        kustomize: Kustomize,
        /// How a folder of plain manifests, or of Jsonnet, is read.
        directory: Directory,
        /// A plugin that renders the manifests.
        plugin: Plugin,
    }

    /// How a folder of plain manifests, or of Jsonnet, is read.
    Directory {
        ;
        /// Whether its subfolders are read, too.
        recurse: bool,
        /// A glob of files to read.
        include: String,
        /// A glob of files to leave out.
        exclude: String,
        /// Settings for Jsonnet files.
        jsonnet: Jsonnet,
    }

    /// Settings for Jsonnet files.
    Jsonnet {
        ;
        /// External variables.
        ext_vars: Vec<JsonnetVariable>,
        /// Arguments of the top-level function.
        tlas: Vec<JsonnetVariable>,
        /// Folders that libraries are looked for in.
        libs: Vec<String>,
    }

    /// A variable of Jsonnet.
    JsonnetVariable {
        /// Its name.
        name: String,
        /// Its value.
        value: String,
        ;
        /// Whether the value is Jsonnet code and not a text.
        code: bool,
    }

    /// A plugin that renders the manifests.
    Plugin {
        ;
        /// Its name and version; without, Argo CD asks each plugin whether it knows the folder.
        name: String,
        /// Environment variables, which the plugin sees with the prefix `ARGOCD_ENV_`.
        env: Vec<EnvEntry>,
        /// Parameters as the plugin announces them.
        parameters: Vec<PluginParameter>,
    }

    /// An environment variable.
    EnvEntry {
        /// Its name.
        name: String,
        /// Its value.
        value: String,
        ;
    }

    /// A parameter of a plugin; its value has one of three forms.
    PluginParameter {
        ;
        /// Its name.
        name: String,
        /// A text.
        string: String,
        /// Texts by name.
        map: BTreeMap<String, String>,
        /// A list of texts.
        array: Vec<String>,
    }

    /// Renders manifests into a branch, and syncs from that branch.
    SourceHydrator {
        /// What is rendered.
        dry_source: DrySource,
        /// Where the rendered manifests are synced from.
        sync_source: SyncSource,
        ;
        /// Another branch to push to, from which the manifests reach `syncSource` by a pull request or the like.
        hydrate_to: HydrateTo,
    }

    /// What the hydrator renders.
    DrySource {
        /// The URL of the Git repository.
        #[serde(rename = "repoURL")]
        repo_url: String,
        /// A branch, tag or commit.
        target_revision: String,
        /// The folder.
        path: String,
        ;
        /// How a chart is rendered.
        helm: Helm,
        /// How a kustomization is built.
        kustomize: Kustomize,
        /// How a folder of plain manifests, or of Jsonnet, is read.
        directory: Directory,
        /// A plugin that renders the manifests.
        plugin: Plugin,
    }

    /// Where hydrated manifests are synced from.
    SyncSource {
        /// The branch.
        target_branch: String,
        /// The folder; never the root of the repository.
        path: String,
        ;
        /// The URL of the repository, when it is another than that of `drySource`.
        #[serde(rename = "repoURL")]
        repo_url: String,
    }

    /// Where hydrated manifests are pushed to first.
    HydrateTo {
        /// The branch.
        target_branch: String,
        ;
    }
}
