//! The `spec` of an ApplicationSet (argo-cd 3.5 `pkg/apis/application/v1alpha1/applicationset_types.go`).

mod generator;
mod pull_request;
mod scm_provider;
mod walk;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use generator::*;
pub use pull_request::*;
pub use scm_provider::*;
pub use walk::{GeneratorAt, generators};

use super::resource::resource;
use super::spec::ApplicationSpec;
use super::value::{IntOrText, Operator};

resource! {
    /// Makes an Application of each set of parameters that its generators find.
    ApplicationSetSpec {
        /// Where parameters come from.
        generators: Vec<Generator>,
        /// The Application, with parameters in its texts.
        template: Template,
        ;
        /// Whether texts are Go templates (`{{.name}}`) and not the older form (`{{name}}`).
        go_template: bool,
        /// Options of Go templates, such as `missingkey=error`.
        go_template_options: Vec<String>,
        /// A Go template of a YAML patch for each Application, for fields that are no texts.
        template_patch: String,
        /// What happens to Applications when parameters come and go.
        sync_policy: SetSyncPolicy,
        /// In which order Applications change.
        strategy: Strategy,
        /// Labels and annotations of Applications that others may set.
        preserved_fields: PreservedFields,
        /// Fields of Applications that others may change.
        ignore_application_differences: Vec<IgnoreApplicationDifference>,
        /// Whether selectors of generators within `matrix` and `merge` are applied.
        apply_nested_selectors: bool,
    }

    /// An Application with parameters in its texts.
    Template {
        /// Its metadata.
        metadata: TemplateMetadata,
        /// Its spec.
        spec: ApplicationSpec,
        ;
    }

    /// Metadata of a template.
    TemplateMetadata {
        ;
        /// The Application's name.
        name: String,
        /// Its namespace; by default that of the ApplicationSet.
        namespace: String,
        /// Its labels.
        labels: BTreeMap<String, String>,
        /// Its annotations.
        annotations: BTreeMap<String, String>,
        /// Its finalizers.
        finalizers: Vec<String>,
    }

    /// What happens to Applications when parameters come and go.
    SetSyncPolicy {
        ;
        /// Whether objects stay when their Application is deleted.
        preserve_resources_on_deletion: bool,
        /// What the ApplicationSet may do to Applications.
        applications_sync: ApplicationsSync,
    }

    /// In which order Applications change.
    Strategy {
        ;
        /// All at once, or in steps; by default `AllAtOnce`.
        r#type: StrategyType,
        /// The steps, for `RollingSync`.
        rolling_sync: RollingSync,
        /// In which order Applications are deleted: `AllAtOnce`, or `Reverse` to the steps. Newer than Argo CD 2.13.
        deletion_order: DeletionOrder,
    }

    /// Steps, one after the other.
    RollingSync {
        ;
        /// The steps.
        steps: Vec<RolloutStep>,
    }

    /// Applications that change together.
    RolloutStep {
        ;
        /// Conditions on the labels of the Applications.
        match_expressions: Vec<MatchExpression>,
        /// How many at a time: a number, or a share such as `20%`.
        max_update: IntOrText,
    }

    /// A condition on a label of an Application.
    MatchExpression {
        ;
        /// The label.
        key: String,
        /// How it is compared: `In` or `NotIn`.
        operator: Operator,
        /// The values.
        values: Vec<String>,
    }

    /// Labels and annotations of Applications that others may set.
    PreservedFields {
        ;
        /// Keys of annotations.
        annotations: Vec<String>,
        /// Keys of labels.
        labels: Vec<String>,
    }

    /// Fields of Applications that others may change.
    IgnoreApplicationDifference {
        ;
        /// The name of the Application; by default all.
        name: String,
        /// The fields as JSON pointers.
        json_pointers: Vec<String>,
        /// The fields as jq paths.
        jq_path_expressions: Vec<String>,
    }
}

/// What an ApplicationSet may do to Applications.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ApplicationsSync {
    /// Make them, and no more.
    CreateOnly,
    /// Make and change them.
    CreateUpdate,
    /// Make and delete them.
    CreateDelete,
    /// Make, change and delete them.
    Sync,
}

/// All at once, or in steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum StrategyType {
    /// All at once.
    AllAtOnce,
    /// In steps.
    RollingSync,
}

/// In which order Applications are deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum DeletionOrder {
    /// All at once.
    AllAtOnce,
    /// From the last step to the first.
    Reverse,
}
