//! One thing that a check has to say about one place.

use serde::Serialize;

use crate::source::{ConfigPath, Location};

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The input will not work, or the API server refuses it.
    Error,
    /// It works, but most likely not as meant.
    Warning,
}

/// Which object a finding is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectRef {
    /// Group and version as written, `apps/v1`.
    pub api_version: String,
    /// The kind, `Deployment`.
    pub kind: String,
    /// Absent for a cluster-scoped object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The object's name.
    pub name: String,
}

/// Which value of the config caused a finding, and the layer that value came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Origin {
    /// `file`, `profiles.NAME`, `--set`, or the built-in profile's name.
    pub layer: String,
    /// The path of the value, `headscale.service.nodePort`.
    pub key: String,
}

/// One thing to say. Its JSON form is the contract of `--format json`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// `room/name`; `schema/*` is what the API server itself would refuse.
    pub rule: String,
    /// Whether it makes the command fail.
    pub severity: Severity,
    /// One sentence without a final period; names in backticks.
    pub message: String,
    /// The way out, where there is one.
    pub hint: Option<String>,
    /// The object it is about; none for a finding about the config itself.
    pub object: Option<ObjectRef>,
    /// JSON pointer (RFC 6901) of the field in that object.
    pub path: Option<String>,
    /// Where the user can change it.
    pub location: Option<Location>,
    /// Which config value caused it.
    pub origin: Option<Origin>,
    /// The config value that caused it, until whoever holds the texts turns it into `location` and `origin`.
    pub config_path: Option<ConfigPath>,
    /// The number of the object in the set that was checked, for the same purpose: two objects of a set may have one name.
    pub number: Option<usize>,
}

impl Finding {
    /// An error with a rule id and a message; the rest is added with the `with_` methods.
    pub fn error(rule: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, rule.into(), message.into())
    }

    /// A warning, likewise.
    pub fn warning(rule: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, rule.into(), message.into())
    }

    const fn new(severity: Severity, rule: String, message: String) -> Self {
        Self {
            rule,
            severity,
            message,
            hint: None,
            object: None,
            path: None,
            location: None,
            origin: None,
            config_path: None,
            number: None,
        }
    }

    /// Whether it makes the command fail.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// Adds the way out.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds the object.
    #[must_use]
    pub fn with_object(mut self, object: ObjectRef) -> Self {
        self.object = Some(object);
        self
    }

    /// Adds the number of the object in the set that was checked.
    #[must_use]
    pub const fn with_number(mut self, number: usize) -> Self {
        self.number = Some(number);
        self
    }

    /// Adds the field, as a JSON pointer.
    #[must_use]
    pub fn with_path(mut self, pointer: impl Into<String>) -> Self {
        self.path = Some(pointer.into());
        self
    }

    /// Adds the place in the user's file.
    #[must_use]
    pub fn with_location(mut self, location: Location) -> Self {
        self.location = Some(location);
        self
    }

    /// Adds the config value that caused it, not yet looked up.
    #[must_use]
    pub fn with_config_path(mut self, path: ConfigPath) -> Self {
        self.config_path = Some(path);
        self
    }

    /// Adds the config value that caused it.
    #[must_use]
    pub fn with_origin(mut self, origin: Origin) -> Self {
        self.origin = Some(origin);
        self
    }
}

/// The field order of the contract: `file`, `line` and `column` stand flat beside the rest.
#[derive(Serialize)]
struct FindingJson<'a> {
    rule: &'a str,
    severity: Severity,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    object: Option<&'a ObjectRef>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<&'a Origin>,
}

impl Serialize for Finding {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let location = self.location.as_ref();
        FindingJson {
            rule: &self.rule,
            severity: self.severity,
            message: &self.message,
            hint: self.hint.as_deref(),
            object: self.object.as_ref(),
            path: self.path.as_deref(),
            file: location.map(|location| location.file.as_str()),
            line: location.map(|location| location.line),
            column: location.map(|location| location.column),
            origin: self.origin.as_ref(),
        }
        .serialize(serializer)
    }
}
