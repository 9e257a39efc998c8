//! Taints of a node.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::{LabelKey, LabelValue};

/// Keeps pods that do not tolerate it away from a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Taint {
    /// Its key.
    pub key: LabelKey,
    /// Its value; may be empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<LabelValue>,
    /// What it does to pods.
    pub effect: TaintEffect,
}

impl fmt::Display for Taint {
    /// As the kubelet's `--register-with-taints` takes it.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Some(value) => write!(out, "{}={value}:{}", self.key, self.effect.as_str()),
            None => write!(out, "{}:{}", self.key, self.effect.as_str()),
        }
    }
}

/// What a taint does to pods that do not tolerate it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum TaintEffect {
    /// New ones are not placed here.
    NoSchedule,
    /// New ones are placed elsewhere if there is room.
    PreferNoSchedule,
    /// Running ones have to leave, too.
    NoExecute,
}

impl TaintEffect {
    /// Kubernetes' own word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoSchedule => "NoSchedule",
            Self::PreferNoSchedule => "PreferNoSchedule",
            Self::NoExecute => "NoExecute",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_written_as_the_kubelet_takes_it() {
        let taint = |value: Option<&str>| Taint { key: "a.b/c".into(), value: value.map(Into::into), effect: TaintEffect::NoExecute };
        assert_eq!(taint(None).to_string(), "a.b/c:NoExecute");
        assert_eq!(taint(Some("d")).to_string(), "a.b/c=d:NoExecute");
    }
}
