//! Snapshots of etcd, and their copies in S3.

use serde_json::Value;

use super::{k3s, settings};
use crate::config::{Cluster, DatastoreType, Problems, ServerFlags};
use crate::source::ConfigPath;

const RULE: &str = "config/snapshot";

pub(super) fn check(cluster: &Cluster, problems: &mut Problems) {
    for (path, own) in settings(cluster) {
        let Some(server) = &own.server else { continue };
        let path = path.key("server");
        let keys = keys_of(server);
        if let Some(first) = keys.iter().find(|key| key.starts_with("etcd")).filter(|_| cluster.k3s.datastore.r#type != DatastoreType::Etcd)
        {
            let text = format!("`{first}` has no effect: the datastore is no embedded etcd");
            let hint = "remove it, or set `k3s.datastore.type: etcd`";
            problems.warning(path.key(first), RULE, text, hint).involving(k3s("datastore").key("type"));
        }
        s3(&path, server, &keys, problems);
    }
}

fn s3(path: &ConfigPath, server: &ServerFlags, keys: &[String], problems: &mut Problems) {
    if server.etcd_s3_config_secret.is_some() {
        for key in keys.iter().filter(|key| key.starts_with("etcdS3") && !matches!(key.as_str(), "etcdS3" | "etcdS3ConfigSecret")) {
            let text = format!("k3s ignores the Secret of `etcdS3ConfigSecret` when `{key}` is set, too");
            let hint = format!("remove `{key}` and put it into the Secret");
            problems.error(path.key(key), RULE, text, hint).involving(path.key("etcdS3ConfigSecret"));
        }
    }
    let endpoint = server.etcd_s3_endpoint.as_deref().unwrap_or_default();
    if let Some((_, host)) = endpoint.split_once("://") {
        let text = format!("`{endpoint}` is a URL, and k3s takes a host here");
        let hint = format!("write `{}`; for HTTP without TLS set `etcdS3Insecure: true`", host.trim_end_matches('/'));
        problems.error(path.key("etcdS3Endpoint"), "config/value", text, hint);
    }
}

/// The settings that are set.
fn keys_of(server: &ServerFlags) -> Vec<String> {
    match serde_json::to_value(server) {
        Ok(Value::Object(settings)) => settings.into_iter().map(|(key, _)| key).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::testing::{cluster, said};
    use super::check;

    #[test]
    fn snapshots_are_of_etcd_and_a_secret_stands_alone() {
        let with = |kind: &str, server: Value| cluster(json!({"datastore": {"type": kind}, "defaults": {"server": server}}), json!([]));
        insta::assert_snapshot!(said(check, &with("sqlite", json!({"etcdS3": true}))), @"warning k3s.defaults.server.etcdS3 config/snapshot: `etcdS3` has no effect: the datastore is no embedded etcd");
        let both = json!({"etcdS3": true, "etcdS3ConfigSecret": "s3", "etcdS3Bucket": "b", "etcdS3Endpoint": "https://s3.example.com/"});
        insta::assert_snapshot!(said(check, &with("etcd", both)), @"
        error k3s.defaults.server.etcdS3Endpoint config/snapshot: k3s ignores the Secret of `etcdS3ConfigSecret` when `etcdS3Endpoint` is set, too
        error k3s.defaults.server.etcdS3Bucket config/snapshot: k3s ignores the Secret of `etcdS3ConfigSecret` when `etcdS3Bucket` is set, too
        error k3s.defaults.server.etcdS3Endpoint config/value: `https://s3.example.com/` is a URL, and k3s takes a host here
        ");
        assert_eq!(said(check, &with("etcd", json!({"etcdS3": true, "etcdS3ConfigSecret": "s3", "etcdSnapshotRetention": 3}))), "");
    }
}
