//! What k3s' own configuration file says already (docs.k3s.io/installation/configuration).

use std::path::Path;

use serde_json::{Map, Value};

use crate::diag::{Error, Result};
use crate::source::Sources;
use crate::yaml::{self, Limits};

/// The file that k3s reads unless told otherwise.
pub(super) const DEFAULT: &str = "/etc/rancher/k3s/config.yaml";

/// The content of k3s' `config.yaml`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NodeConfig {
    flags: Map<String, Value>,
}

impl NodeConfig {
    /// Reads the file. One that is not there says nothing.
    ///
    /// # Errors
    /// Usage errors: it cannot be read, or is no map of flags.
    pub fn read(path: &Path) -> Result<Self> {
        let cannot = |what: &str| Error::usage(format!("`{}` {what}", path.display()));
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(cause) => return Err(cannot("cannot be read").caused_by(cause)),
        };
        let mut sources = Sources::new();
        let source = sources.add(path.display().to_string(), &text);
        let documents = yaml::parse(source, &text, Limits::CONFIG).map_err(|_| cannot("is not YAML"))?;
        match documents.as_slice() {
            [] => Ok(Self::default()),
            [document] => match document.to_json() {
                Value::Object(flags) => Ok(Self { flags }),
                Value::Null => Ok(Self::default()),
                _ => Err(cannot("holds no flags of k3s").hint("it is a map from flags to values, such as `node-name: primer`")),
            },
            _ => Err(cannot("is not one YAML document")),
        }
    }

    /// Whether a flag is set.
    #[must_use]
    pub fn has(&self, flag: &str) -> bool {
        self.flags.contains_key(flag)
    }

    /// The text of a flag.
    #[must_use]
    pub fn text(&self, flag: &str) -> Option<&str> {
        self.flags.get(flag)?.as_str()
    }

    /// The texts of a flag that may be given more than once.
    #[must_use]
    pub fn list(&self, flag: &str) -> Vec<String> {
        match self.flags.get(flag) {
            Some(Value::Array(values)) => values.iter().filter_map(Value::as_str).map(ToOwned::to_owned).collect(),
            Some(Value::String(value)) => vec![value.clone()],
            _ => Vec::new(),
        }
    }

    #[cfg(test)]
    pub(super) fn of(flags: Value) -> Self {
        let Value::Object(flags) = flags else { panic!("no map") };
        Self { flags }
    }
}
