//! What Traefik does with a request on its way.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::config::DnsLabel;

/// What Traefik does with a request on its way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Middleware {
    /// Its name.
    pub name: DnsLabel,
    /// What it does, as the `spec` of Traefik's Middleware, which `validate` checks.
    #[schemars(extend("examples" = [{"ipAllowList": {"sourceRange": ["192.168.0.0/16"]}}]))]
    pub spec: Map<String, Value>,
}
