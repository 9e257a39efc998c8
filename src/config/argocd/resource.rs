//! How Argo CD looks at resources: tracking, health, differences, what it leaves alone.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::GoDuration;

/// How Argo CD knows which resource belongs to which application.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Tracking {
    /// By what. By default `annotation`: 3.5 has it so, and with 2.13's own default, the label `app.kubernetes.io/instance`, Argo CD
    /// would take every object that carries this label for its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<TrackingMethod>,
    /// The label's key, for the methods that use one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = "argocd.argoproj.io/instance")]
    pub label_key: Option<crate::config::LabelKey>,
    /// Tells several Argo CDs on one cluster apart.
    #[serde(rename = "installationID", skip_serializing_if = "Option::is_none")]
    pub installation_id: Option<String>,
}

/// By what a resource is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum TrackingMethod {
    /// The annotation `argocd.argoproj.io/tracking-id`.
    #[serde(rename = "annotation")]
    Annotation,
    /// The annotation; the label is there for other tools.
    #[serde(rename = "annotation+label")]
    AnnotationAndLabel,
    /// The label.
    #[serde(rename = "label")]
    Label,
}

impl TrackingMethod {
    /// As `argocd-cm` has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Annotation => "annotation",
            Self::AnnotationAndLabel => "annotation+label",
            Self::Label => "label",
        }
    }
}

/// How often applications are compared.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Reconciliation {
    /// How often the sources are asked for changes; by default 120s in 3.5, 180s in 2.13. `0s` is never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<GoDuration>,
    /// A random part that is added, so that not all ask at once; by default 60s, with Argo CD 2.13 none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jitter: Option<GoDuration>,
    /// How often manifests are made anew without the cache; by default never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hard_timeout: Option<GoDuration>,
}

/// How resources of one kind are looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Customization {
    /// A Lua script that returns the health of `obj`: `{status = …, message = …}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health: Option<String>,
    /// Whether the scripts may use Lua's standard library.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub use_open_libs: Option<bool>,
    /// Actions of the web page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actions: Option<ResourceActions>,
    /// Differences that do not count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ignore_differences: Option<IgnoredFields>,
    /// Changes that do not lead to a new comparison.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ignore_resource_updates: Option<IgnoredFields>,
    /// Fields of a custom resource that hold a built-in type.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub known_type_fields: Vec<KnownTypeField>,
}

/// Actions that the web page offers for a kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ResourceActions {
    /// A Lua script that returns the actions that are possible for `obj`.
    #[serde(rename = "discovery.lua", skip_serializing_if = "Option::is_none")]
    pub discovery: Option<String>,
    /// What each does.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub definitions: Vec<ActionDefinition>,
}

/// What an action does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ActionDefinition {
    /// Its name.
    pub name: String,
    /// A Lua script that returns the changed `obj`.
    #[serde(rename = "action.lua")]
    pub action: String,
}

/// Fields that do not count.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct IgnoredFields {
    /// By JSON pointer (RFC 6901).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [["/spec/replicas"]]))]
    pub json_pointers: Vec<String>,
    /// By jq expression.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [[".webhooks[].clientConfig.caBundle"]]))]
    pub jq_path_expressions: Vec<String>,
    /// By the field manager that owns them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [["kube-controller-manager"]]))]
    pub managed_fields_managers: Vec<String>,
}

impl IgnoredFields {
    /// Whether nothing is named.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.json_pointers.is_empty() && self.jq_path_expressions.is_empty() && self.managed_fields_managers.is_empty()
    }
}

/// A field of a custom resource that holds a built-in type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KnownTypeField {
    /// The field, dots between the keys.
    #[schemars(example = "spec.template.spec")]
    pub field: String,
    /// The type.
    #[schemars(example = "core/v1/PodSpec")]
    pub r#type: String,
}

/// Kinds of resources, in some clusters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ResourceFilter {
    /// API groups; `""` is the core group, `*` every one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [["cilium.io"]]))]
    pub api_groups: Vec<String>,
    /// Kinds; `*` is every one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [["CiliumIdentity"]]))]
    pub kinds: Vec<String>,
    /// URLs of clusters; none means all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub clusters: Vec<String>,
}
