//! Where the servers keep the cluster's state.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::AbsolutePath;

/// Where the servers keep the cluster's state.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Datastore {
    /// The kind of datastore.
    pub r#type: DatastoreType,
    /// The address of an external datastore, as k3s' `datastore-endpoint` takes it. It must not hold a password: leave it out then, and
    /// give k3s the whole address in the environment variable `K3S_DATASTORE_ENDPOINT` from a file that only root reads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// The file with the certificate authority of an external datastore.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<AbsolutePath>,
    /// The file with the client certificate for an external datastore.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cert_file: Option<AbsolutePath>,
    /// The file with the client certificate's key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_file: Option<AbsolutePath>,
}

/// The kind of datastore.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DatastoreType {
    /// A file on the one server.
    #[default]
    Sqlite,
    /// etcd inside of the servers. An odd number of them, three at least, survives the loss of one.
    Etcd,
    /// A database outside of the cluster: etcd, NATS, MySQL or Postgres.
    External,
}
