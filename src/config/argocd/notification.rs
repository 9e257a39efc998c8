//! Messages about applications.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Log, Resources};

/// Messages about applications, sent by the notifications controller.
///
/// The sections have the form that the controller documents (<https://argo-cd.readthedocs.io/en/stable/operator-manual/notifications/>);
/// a secret stands in a service as `$KEY`, a key of the Secret `argocd-notifications-secret`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Notifications {
    /// Whether the controller runs. Off leaves out all its objects.
    pub enabled: bool,
    /// Where messages go, by name such as `slack` or `webhook.chat`.
    #[serde(skip_serializing_if = "Map::is_empty")]
    #[schemars(extend("examples" = [{"slack": {"token": "$slack-token"}}]))]
    pub services: Map<String, Value>,
    /// What messages say, by name.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub templates: Map<String, Value>,
    /// When a message is sent, by name.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub triggers: Map<String, Value>,
    /// Who gets messages about every application.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub subscriptions: Vec<Map<String, Value>>,
    /// The triggers of subscriptions that name none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub default_triggers: Vec<String>,
    /// Values for templates.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub context: Map<String, Value>,
    /// Keys of `argocd-notifications-secret` that something else delivers. Without any, the Secret is rendered empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [["slack-token"]]))]
    pub secret_keys: Vec<String>,
    /// Its log.
    pub log: Log,
    /// CPU and memory of the container.
    #[serde(skip_serializing_if = "Resources::is_empty")]
    pub resources: Resources,
}

impl Default for Notifications {
    fn default() -> Self {
        Self {
            enabled: true,
            services: Map::new(),
            templates: Map::new(),
            triggers: Map::new(),
            subscriptions: Vec::new(),
            default_triggers: Vec::new(),
            context: Map::new(),
            secret_keys: Vec::new(),
            log: Log::default(),
            resources: Resources::default(),
        }
    }
}
