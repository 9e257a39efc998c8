//! What the entries must agree on with each other and with the rest of the config.

mod destination;
mod made;
mod readers;

use std::collections::HashMap;

use super::SECRETS_FOLDER;
use crate::config::{Cluster, Problems};
use crate::source::ConfigPath;

const RULE: &str = "config/secret";

pub(in crate::config) fn check(cluster: &Cluster, problems: &mut Problems) {
    readers::check(cluster, problems);
    made::check(cluster, problems);
    files(cluster, problems);
    destination::check(cluster, problems);
}

/// The path of an entry.
fn at(number: usize) -> ConfigPath {
    ConfigPath::of(["secrets"]).index(number)
}

/// Each secret has a file of its own, below the cluster file.
fn files(cluster: &Cluster, problems: &mut Problems) {
    let mut seen: HashMap<String, usize> = HashMap::new();
    for (number, secret) in cluster.secrets.iter().enumerate() {
        let file = secret.path();
        let path = if secret.file.is_some() { at(number).key("file") } else { at(number).key("name") };
        if file.split('/').any(|part| matches!(part, "" | "." | "..")) {
            problems.error(path, RULE, format!("`{file}` is not a plain path below the cluster file"), "write it like `secrets/NAME.age`");
        } else if file == format!("{SECRETS_FOLDER}/index-key.age") {
            problems.error(path, RULE, format!("`{file}` is the file of the key that protects the index"), "give it another name");
        } else if let Some(first) = seen.insert(file.clone(), number) {
            let text = format!("`{file}` is the file of `{}` too", cluster.secrets[first].name);
            problems.error(path, RULE, text, "give each secret a file of its own").involving(at(first));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::check;
    use crate::config::check::testing::{cluster, said};

    const AGE: &str = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";
    const SSH: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsKLqeplhpW+uObz5dvMgjz1OxfM/XXUB+VHtZ6isGN";

    fn of(secrets: Value) -> String {
        let nodes = json!([{"name": "primer", "role": "server", "hostKeys": [SSH]}, {"name": "worker", "hostKeys": [SSH]}]);
        said(
            check,
            &cluster(json!({
                "cluster": {"name": "c"}, "nodes": nodes, "recipients": {"admins": [AGE]}, "secrets": secrets,
                "headscale": {"useAgenixSecrets": true},
                "extraObjects": [{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "own", "namespace": "shop"}}],
            })),
        )
    }

    #[test]
    fn a_good_section_is_left_alone() {
        let secrets = json!([
            {"name": "k3s-token", "make": {"type": "random"}, "deliver": [{"type": "k3s-token"}], "rotateEvery": "90d"},
            {"name": "noise", "make": {"type": "noise-key"}, "deliver": [{"type": "headscale-noise-key"}]},
            {"name": "ca", "make": {"type": "tls-ca"}},
            {"name": "web", "make": {"type": "tls", "ca": "ca", "hosts": ["web.example.com"]}, "deliver": [{"type": "tls", "namespace": "shop", "name": "web"}]},
            {"name": "repo", "make": {"type": "ssh-key"}, "deliver": [{"type": "argocd-repository", "url": "git@git.example.com:a.git"}]},
            {"name": "mail", "deliver": [{"type": "kubernetes", "namespace": "shop", "name": "mail", "key": "password"}]},
            {"name": "backup", "nodes": ["worker"], "deliver": [{"type": "file", "path": "/etc/backup.key"}]},
        ]);
        assert_eq!(of(secrets), "");
    }

    #[test]
    fn readers_are_known() {
        let secrets = json!([
            {"name": "a", "recipients": ["admin"], "nodes": ["primer"]},
            {"name": "b", "recipients": ["primer"], "nodes": ["primr"]},
        ]);
        insta::assert_snapshot!(of(secrets), @"");
        let config = json!({"cluster": {"name": "c"}, "nodes": [{"name": "primer", "role": "server"}], "recipients": {"admins": [AGE]},
            "secrets": [{"name": "a", "nodes": ["primer"]}]});
        insta::assert_snapshot!(said(check, &cluster(config)), @"");
        let config = json!({"cluster": {"name": "c"}, "secrets": [{"name": "a", "deliver": [{"type": "k3s-token"}]}]});
        insta::assert_snapshot!(said(check, &cluster(config)), @"");
    }

    #[test]
    fn values_and_places_fit() {
        let into = |name: &str, key: &str| json!([{"type": "kubernetes", "namespace": "shop", "name": name, "key": key}]);
        let secrets = json!([
            {"name": "index-key", "deliver": into("own", "a")},
            {"name": "b", "file": "secrets/../c.age", "deliver": into("both", "a")},
            {"name": "c", "file": "secrets/d.age", "deliver": into("both", "a")},
            {"name": "d", "make": {"type": "random", "alphabet": "abca", "encoding": "hex", "length": 4}},
            {"name": "e", "make": {"type": "tls", "ca": "d", "hosts": ["a"]}, "deliver": [{"type": "headscale-noise-key"}]},
            {"name": "f", "deliver": [{"type": "headscale-oidc-client-secret"}, {"type": "k3s-agent-token"}]},
            {"name": "g", "deliver": [{"type": "argocd-repository", "url": "example.com/x", "name": "both", "namespace": "shop"}]},
            {"name": "h", "deliver": [{"type": "tls", "namespace": "shop", "name": "both"}, {"type": "k3s-token"}]},
            {"name": "i", "deliver": [{"type": "k3s-token"}]},
        ]);
        insta::assert_snapshot!(of(secrets), @"");
    }
}
