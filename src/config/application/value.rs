//! Values of more than one form.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::resource::resource;

/// A number, or a text such as `10%` or the name of a parameter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum IntOrText {
    /// A number.
    Int(i64),
    /// A text.
    Text(String),
}

resource! {
    /// Selects objects by their labels.
    Selector {
        ;
        /// Labels that all must have.
        match_labels: BTreeMap<String, String>,
        /// Conditions that all must meet.
        match_expressions: Vec<Requirement>,
    }

    /// A condition on a label.
    Requirement {
        /// The label.
        key: String,
        /// How it is compared.
        operator: Operator,
        ;
        /// The values, for `In` and `NotIn`.
        values: Vec<String>,
    }

    /// A key of a Secret in Argo CD's namespace.
    SecretRef {
        /// The Secret's name.
        secret_name: String,
        /// The key in it.
        key: String,
        ;
    }

    /// A key of a ConfigMap in Argo CD's namespace.
    ConfigMapKeyRef {
        /// The ConfigMap's name.
        config_map_name: String,
        /// The key in it.
        key: String,
        ;
    }
}

/// How a label is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Operator {
    /// It has one of the values.
    In,
    /// It has none of the values.
    NotIn,
    /// It is there.
    Exists,
    /// It is not there.
    DoesNotExist,
}
