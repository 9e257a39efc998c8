//! The database, and what has to live as long as it does.

use super::{Check, at};
use crate::config::headscale::{DatabaseType, StorageType};

const RULE: &str = "config/headscale-database";

/// Parts of storage class names whose volumes are network file systems.
const NETWORK_FILE_SYSTEMS: [&str; 7] = ["nfs", "cephfs", "smb", "cifs", "efs", "azurefile", "gluster"];

pub(super) fn check(check: &mut Check<'_>) {
    match check.headscale.database.r#type {
        DatabaseType::Postgres => postgres(check),
        DatabaseType::Sqlite => sqlite(check),
    }
}

fn postgres(check: &mut Check<'_>) {
    let headscale = check.headscale;
    if headscale.database.postgres.host.is_none() {
        check.error(
            at(["database", "postgres", "host"]),
            RULE,
            "`database.type: postgres` needs `database.postgres.host`",
            "name the server, such as `postgres.databases.svc.cluster.local`",
        );
    }
    for (key, value) in [("name", &headscale.database.postgres.name), ("user", &headscale.database.postgres.user)] {
        if value.is_empty() || value.contains([' ', '\'', '\\', '=', '\t', '\n']) {
            check.error(
                at(["database", "postgres", key]),
                RULE,
                format!("`{value}` breaks the connection string that Headscale builds without quotes"),
                "use a name without blanks, quotes, `=` and `\\`",
            );
        }
    }
    if headscale.storage.r#type == StorageType::Ephemeral && !headscale.use_agenix_secrets {
        check
            .warning(
                at(["storage", "type"]),
                "config/headscale-keys",
                "the database outlives the pod, but the server's private key does not: with each new pod every node has to join again",
                "set `headscale.useAgenixSecrets: true`, or `headscale.storage.type: persistent`",
            )
            .involving(at(["database", "type"]));
    }
}

fn sqlite(check: &mut Check<'_>) {
    let headscale = check.headscale;
    if headscale.storage.r#type != StorageType::Persistent {
        return;
    }
    let class = headscale.storage.class.as_ref().unwrap_or(&check.cluster.cluster.storage.default_class);
    let name = class.as_str().to_ascii_lowercase();
    if NETWORK_FILE_SYSTEMS.iter().any(|part| name.split(['-', '.', '_']).any(|word| word == *part || word.starts_with("nfs"))) {
        check.warning(
            at(["storage", "class"]),
            "config/headscale-storage",
            format!("storage class `{class}` looks like a network file system, whose locks SQLite cannot rely on"),
            "use a class of local or block volumes, or PostgreSQL",
        );
    }
}
