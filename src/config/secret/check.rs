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
        insta::assert_snapshot!(of(secrets), @"
        error secrets[0].recipients[0] config/secret: `recipients` has no group `admin`
        error secrets[1].recipients[0] config/secret: `recipients` has no group `primer`
        error secrets[1].nodes[0] config/secret: there is no node `primr`
        ");
        let config = json!({"cluster": {"name": "c"}, "nodes": [{"name": "primer", "role": "server"}], "recipients": {"admins": [AGE]},
            "secrets": [{"name": "a", "nodes": ["primer"]}]});
        insta::assert_snapshot!(said(check, &cluster(config)), @"warning secrets[0] config/secret: `a` cannot be decrypted on node `primer`, which has no `hostKeys`");
        let config = json!({"cluster": {"name": "c"}, "secrets": [{"name": "a", "deliver": [{"type": "k3s-token"}]}]});
        insta::assert_snapshot!(said(check, &cluster(config)), @"error secrets[0] config/secret: nobody could decrypt `a`: it has no recipient");
    }

    #[test]
    fn what_argocd_asks_for_is_there() {
        let into = |name: &str, key: &str| json!([{"type": "kubernetes", "namespace": "argocd", "name": name, "key": key}]);
        let config = |secrets: Value| {
            let config = json!({
                "cluster": {"name": "c"}, "recipients": {"admins": [AGE]}, "secrets": secrets,
                "nodes": [{"name": "primer", "role": "server", "hostKeys": [SSH]}],
                "argocd": {
                    "notifications": {"secretKeys": ["slack-token"]},
                    "repositories": [{"name": "app", "url": "https://git.example.com/app.git", "credentials": "basic", "project": "shop"}],
                    "oidc": {"name": "O", "issuer": "https://id.example.com", "clientID": "a", "clientSecret": {"name": "oidc", "key": "secret"}},
                },
            });
            cluster(config)
        };
        let half = config(json!([
            {"name": "a", "deliver": into("repository-app", "password")},
            {"name": "b", "deliver": into("oidc", "sekret")},
            {"name": "n", "deliver": into("argocd-notifications-secret", "slack")},
        ]));
        insta::assert_snapshot!(said(check, &half), @"
        error secrets[0].deliver[0] config/secret: Secret `argocd/repository-app` has no key `username`, which Argo CD needs
        error secrets[2].deliver[0] config/secret: Secret `argocd/argocd-notifications-secret` has no key `slack-token`, which Argo CD needs
        error secrets[1].deliver[0] config/secret: Secret `argocd/oidc` has no key `secret`, which Argo CD needs
        ");
        let whole = config(json!([
            {"name": "a", "deliver": [{"type": "argocd-repository", "name": "repository-app", "url": "https://git.example.com/app.git", "username": "git"}]},
            {"name": "b", "deliver": into("oidc", "secret")},
        ]));
        assert_eq!(said(check, &whole), "");
        let delivered = whole.delivered_secrets();
        let labels: Vec<_> = delivered.iter().flat_map(|secret| &secret.labels).map(|(key, value)| format!("{key}={value}")).collect();
        assert_eq!(labels, ["app.kubernetes.io/part-of=argocd", "argocd.argoproj.io/secret-type=repository"]);
        let plain: Vec<_> = delivered[1].plain.iter().map(|(key, value)| format!("{key}={value}")).collect();
        assert_eq!(plain, ["name=app", "project=shop", "type=git", "url=https://git.example.com/app.git", "username=git"]);
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
        insta::assert_snapshot!(of(secrets), @"
        error secrets[3].make.alphabet config/secret: the alphabet of `d` holds a character twice
        error secrets[3].make.encoding config/secret: `d` has both an alphabet and an encoding
        warning secrets[3].make.length config/secret: a value of `d` could be guessed
        error secrets[4].make.ca config/secret: no secret of type `tls-ca` has the name `d`
        error secrets[0].name config/secret: `secrets/index-key.age` is the file of the key that protects the index
        error secrets[1].file config/secret: `secrets/../c.age` is not a plain path below the cluster file
        error secrets[3].name config/secret: `secrets/d.age` is the file of `c` too
        error secrets[4].deliver[0] config/secret: `headscale-noise-key` takes no value of type `tls`
        warning secrets[5].deliver[0] config/secret: Headscale does not use `headscale-oidc-client-secret`: it has no `oidc`
        error secrets[5].deliver[1] config/secret: a token for agents needs `k3s.agentTokenFile`
        error secrets[6].deliver[0].url config/secret: `example.com/x` is neither an HTTP nor an SSH address of a repository
        error secrets[2].deliver[0] config/secret: key `a` of Secret `shop/both` is delivered twice
        error secrets[7].deliver[0] config/secret: Secret `shop/both` has the type `Opaque` at `secrets[1].deliver[0]`, `kubernetes.io/tls` here
        error extraObjects[0] config/secret: Secret `shop/own` is delivered by `secrets[0].deliver[0]` too
        error secrets[8] config/secret: `i` and `h` are both decrypted to `/run/agenix/k3s-token` on node `primer`
        error secrets[8] config/secret: `i` and `h` are both decrypted to `/run/agenix/k3s-token` on node `worker`
        ");
    }
}
