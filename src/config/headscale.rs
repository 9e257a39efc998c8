//! The `headscale` section.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The coordination server of the mesh.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[derive(Default)]
pub struct Headscale {}
