//! How a kustomization is built.

use std::collections::BTreeMap;

use super::resource::resource;
use super::value::IntOrText;

resource! {
    /// How a kustomization is built.
    Kustomize {
        ;
        /// What stands before all names.
        name_prefix: String,
        /// What stands behind all names.
        name_suffix: String,
        /// The namespace of all objects.
        namespace: String,
        /// Images to replace, `OLD=NEW:TAG`, `NAME:TAG` or `NAME@DIGEST`.
        images: Vec<String>,
        /// Replica counts.
        replicas: Vec<KustomizeReplica>,
        /// Patches.
        patches: Vec<KustomizePatch>,
        /// Components to add.
        components: Vec<String>,
        /// Whether `components` may name folders that do not exist. Newer than Argo CD 2.13.
        ignore_missing_components: bool,
        /// Labels of all objects.
        common_labels: BTreeMap<String, String>,
        /// Whether `commonLabels` replace labels that are there.
        force_common_labels: bool,
        /// Whether `commonLabels` stay out of selectors.
        label_without_selector: bool,
        /// Whether `commonLabels` go into pod templates, too, when they stay out of selectors. Newer than Argo CD 2.13.
        label_include_templates: bool,
        /// Annotations of all objects.
        common_annotations: BTreeMap<String, String>,
        /// Whether `commonAnnotations` replace annotations that are there.
        force_common_annotations: bool,
        /// Whether Argo CD's variables are replaced in the values of `commonAnnotations`.
        common_annotations_envsubst: bool,
        /// The version of kustomize, one that Argo CD was set up with.
        version: String,
        /// The Kubernetes version that charts see; by default that of the destination.
        kube_version: String,
        /// The API versions that charts see; by default those of the destination.
        api_versions: Vec<String>,
    }

    /// The replica count of a workload.
    KustomizeReplica {
        /// The workload's name.
        name: String,
        /// How many.
        count: IntOrText,
        ;
    }

    /// A patch.
    KustomizePatch {
        ;
        /// A file of the source that holds it.
        path: String,
        /// The patch itself: a part of an object, or a list of JSON patch operations.
        patch: String,
        /// The objects that it is for.
        target: KustomizeTarget,
        /// Options, `allowNameChange` or `allowKindChange`.
        options: BTreeMap<String, bool>,
    }

    /// Objects that a patch is for. Texts are regular expressions.
    KustomizeTarget {
        ;
        /// Their API group.
        group: String,
        /// Their API version.
        version: String,
        /// Their kind.
        kind: String,
        /// Their name.
        name: String,
        /// Their namespace.
        namespace: String,
        /// A selector of annotations.
        annotation_selector: String,
        /// A selector of labels.
        label_selector: String,
    }
}
