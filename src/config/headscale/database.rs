//! Where Headscale keeps users, nodes and keys.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::SecretKey;
use crate::config::{Host, Port};

/// The database.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Database {
    /// `sqlite` is what Headscale is developed for; `postgres` is supported for existing installations.
    pub r#type: DatabaseType,
    /// Whether queries are logged; needs `log.level` `debug` or `trace`.
    pub debug: bool,
    /// The database layer.
    pub gorm: Gorm,
    /// Settings of SQLite.
    pub sqlite: Sqlite,
    /// Settings of PostgreSQL, where `type` is `postgres`.
    pub postgres: Postgres,
}

/// The kind of database.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DatabaseType {
    /// A file in the pod's storage.
    #[default]
    Sqlite,
    /// A PostgreSQL server.
    Postgres,
}

/// The database layer (GORM).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Gorm {
    /// Whether statements are prepared once and used again.
    pub prepare_stmt: bool,
    /// Whether logged queries hide their values.
    pub parameterized_queries: bool,
    /// Whether "record not found" stays out of the log.
    pub skip_err_record_not_found: bool,
    /// Queries that take longer are logged, in milliseconds.
    pub slow_threshold: u32,
}

impl Default for Gorm {
    fn default() -> Self {
        Self { prepare_stmt: true, parameterized_queries: true, skip_err_record_not_found: true, slow_threshold: 1000 }
    }
}

/// Settings of SQLite. The file lies in the pod's storage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Sqlite {
    /// Whether changes go to a write-ahead log first. Not for network file systems.
    pub write_ahead_log: bool,
    /// Frames after which the write-ahead log is folded into the database; 0 never does it by itself.
    pub wal_autocheckpoint: u32,
}

impl Default for Sqlite {
    fn default() -> Self {
        Self { write_ahead_log: true, wal_autocheckpoint: 1000 }
    }
}

/// Settings of PostgreSQL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Postgres {
    /// The host, required for `type: postgres`; the name of a Service for a database in the cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = "postgres.databases.svc.cluster.local")]
    pub host: Option<Host>,
    /// The TCP port.
    pub port: Port,
    /// The database's name.
    #[schemars(regex(pattern = r"^[^\s'\\=]+$"))]
    pub name: String,
    /// The user's name.
    #[schemars(regex(pattern = r"^[^\s'\\=]+$"))]
    pub user: String,
    /// Where the password is. With `useAgenixSecrets` it is in the Secret of `secrets` unless set here; otherwise none means a
    /// server that asks for no password. Headscale writes it into a connection string, so it must not hold blanks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_secret: Option<SecretKey>,
    /// How the connection is protected (libpq `sslmode`).
    pub ssl: SslMode,
    /// Open connections at most.
    pub max_open_conns: u32,
    /// Idle connections kept open at most.
    pub max_idle_conns: u32,
    /// Seconds after which an idle connection is closed.
    pub conn_max_idle_time_secs: u32,
}

impl Default for Postgres {
    fn default() -> Self {
        Self {
            host: None,
            port: Port(5432),
            name: "headscale".to_owned(),
            user: "headscale".to_owned(),
            password_secret: None,
            ssl: SslMode::Disable,
            max_open_conns: 10,
            max_idle_conns: 10,
            conn_max_idle_time_secs: 3600,
        }
    }
}

/// How the connection to PostgreSQL is protected. Headscale's `ssl: false` is `disable`; its `ssl: true` is `prefer`, not `require`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SslMode {
    /// Plain text.
    #[default]
    Disable,
    /// TLS only if the server insists.
    Allow,
    /// TLS if the server has it.
    Prefer,
    /// TLS, without a look at the certificate.
    Require,
    /// TLS with a certificate of a known authority.
    VerifyCa,
    /// TLS with a certificate of a known authority for this host.
    VerifyFull,
}
