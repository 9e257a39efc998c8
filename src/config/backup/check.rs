//! What a schema cannot say about the section.

use crate::config::headscale::{DatabaseType, StorageType};
use crate::config::{Cluster, DatastoreType, Problems};
use crate::source::ConfigPath;

const RULE: &str = "config/backup";

/// Checks the section, where there is one.
pub fn check(cluster: &Cluster, problems: &mut Problems) {
    let Some(backup) = &cluster.backup else { return };
    let at = |key: &str| ConfigPath::of(["backup"]).key(key);
    let rest = backup.repository.split_once("://").map_or("", |(_, rest)| rest);
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    if authority.contains('@') {
        let hint = format!("deliver them as keys of the Secret `{}`", backup.secret);
        problems.error(at("repository"), RULE, "credentials in the URL would be readable by everyone", hint);
    } else if authority.is_empty() || (backup.repository.starts_with("s3:") && path.trim_matches('/').is_empty()) {
        let message = format!("`{}` names no bucket", backup.repository);
        problems.error(at("repository"), RULE, message, "write it as `s3:https://HOST/BUCKET/PATH`");
    }
    if let Some(headscale) = cluster.headscale.as_ref().filter(|_| backup.headscale != Some(false)) {
        let off = "set `backup.headscale: false` where that is meant";
        if headscale.database.r#type != DatabaseType::Sqlite {
            let message = "Headscale keeps its state in PostgreSQL, which has backups of its own: nothing of it is saved here";
            problems.warning(at("headscale"), RULE, message, off).involving(ConfigPath::of(["headscale", "database", "type"]));
        } else if headscale.storage.r#type != StorageType::Persistent {
            let message = "Headscale's database ends with its pod: there is nothing to save";
            problems.warning(at("headscale"), RULE, message, off).involving(ConfigPath::of(["headscale", "storage", "type"]));
        }
    }
    for (key, asked, on) in
        [("headscale", backup.headscale, cluster.headscale.is_some()), ("argocd", backup.argocd, cluster.argocd.is_some())]
    {
        if asked == Some(true) && !on {
            let message = format!("`{key}` is not on: there is nothing to save");
            problems.error(at(key), RULE, message, format!("add the section `{key}`, or remove `backup.{key}`"));
        }
    }
    if !cluster.nodes.is_empty() && cluster.k3s.datastore.r#type == DatastoreType::Sqlite {
        let message = "k3s itself is not saved: its SQLite makes no snapshots";
        let hint = "set `k3s.datastore.type: etcd`, whose snapshots go to S3 with `k3s.defaults.server.etcdS3`";
        problems.warning(ConfigPath::of(["backup"]), RULE, message, hint).involving(ConfigPath::of(["k3s", "datastore", "type"]));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::check;
    use crate::config::check::testing::{cluster, said};

    fn of(backup: Value, more: Value) -> String {
        let mut config = json!({"cluster": {"name": "c"}, "backup": backup});
        for (key, value) in more.as_object().expect("a mapping") {
            config[key] = value.clone();
        }
        said(check, &cluster(config))
    }

    #[test]
    fn what_would_save_nothing_is_said() {
        let good = json!({"repository": "s3:https://s3.example.com/backups/home"});
        assert_eq!(of(good.clone(), json!({"headscale": {}, "argocd": {}})), "");
        insta::assert_snapshot!([
            of(json!({"repository": "rest:https://me:secret@example.com/"}), json!({})),
            of(json!({"repository": "s3:https://s3.example.com"}), json!({})),
            of(good.clone(), json!({"headscale": {"storage": {"type": "ephemeral"}}})),
            of(good.clone(), json!({"headscale": {"database": {"type": "postgres"}}})),
            of(json!({"repository": "s3:https://s3.example.com/b", "argocd": true}), json!({})),
            of(good, json!({"nodes": [{"name": "a", "role": "server"}]})),
        ].concat(), @"
        error backup.repository config/backup: credentials in the URL would be readable by everyone
        error backup.repository config/backup: `s3:https://s3.example.com` names no bucket
        warning backup.headscale config/backup: Headscale's database ends with its pod: there is nothing to save
        warning backup.headscale config/backup: Headscale keeps its state in PostgreSQL, which has backups of its own: nothing of it is saved here
        error backup.argocd config/backup: `argocd` is not on: there is nothing to save
        warning backup config/backup: k3s itself is not saved: its SQLite makes no snapshots
        ");
    }
}
