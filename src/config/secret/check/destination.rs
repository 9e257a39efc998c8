//! Where values go: each place has one secret, and takes the value that comes.

use std::collections::HashMap;

use super::super::argocd::asked;
use super::super::destination::is_http;
use super::{RULE, at};
use crate::config::headscale::DatabaseType;
use crate::config::{Cluster, Destination, Make, Problems, SecretEntry};
use crate::source::ConfigPath;

pub(super) fn check(cluster: &Cluster, problems: &mut Problems) {
    each(cluster, |path, secret, to| {
        component_is_there(cluster, &path, to, problems);
        value_fits(&path, secret, to, problems);
    });
    secrets_in_cluster(cluster, problems);
    what_argocd_asks(cluster, problems);
    files_on_nodes(cluster, problems);
}

fn each(cluster: &Cluster, mut what: impl FnMut(ConfigPath, &SecretEntry, &Destination)) {
    for (number, secret) in cluster.secrets.iter().enumerate() {
        for (place, to) in secret.deliver.iter().enumerate() {
            what(at(number).key("deliver").index(place), secret, to);
        }
    }
}

/// What is to take the value exists, and asks for it.
fn component_is_there(cluster: &Cluster, path: &ConfigPath, to: &Destination, problems: &mut Problems) {
    let name = to.name();
    match to {
        Destination::K3sAgentToken if cluster.k3s.agent_token_file.is_none() => {
            let hint = "set it, like `/run/agenix/k3s-agent-token`";
            problems.error(path.clone(), RULE, "a token for agents needs `k3s.agentTokenFile`", hint);
        }
        Destination::HeadscaleNoiseKey
        | Destination::HeadscaleDerpKey
        | Destination::HeadscalePostgresPassword
        | Destination::HeadscaleOidcClientSecret => {
            let Some(headscale) = &cluster.headscale else {
                problems.error(path.clone(), RULE, format!("`{name}` needs Headscale, which is off"), "add `headscale: {}`");
                return;
            };
            if !headscale.use_agenix_secrets {
                let text = format!("Headscale does not take `{name}`, as `headscale.useAgenixSecrets` is off");
                let flag = ConfigPath::of(["headscale", "useAgenixSecrets"]);
                problems.error(path.clone(), RULE, text, "set `headscale.useAgenixSecrets: true`").involving(flag);
            }
            let unused = match to {
                Destination::HeadscaleDerpKey if !headscale.derp.server.enabled => "its DERP server is off",
                Destination::HeadscalePostgresPassword if headscale.database.r#type != DatabaseType::Postgres => "its database is SQLite",
                Destination::HeadscaleOidcClientSecret if headscale.oidc.is_none() => "it has no `oidc`",
                _ => return,
            };
            problems.warning(path.clone(), RULE, format!("Headscale does not use `{name}`: {unused}"), "leave the destination out");
        }
        Destination::ArgocdRepository { url, username, .. } => {
            let is_ssh = Destination::is_ssh_url(url);
            if !is_ssh && !is_http(url) {
                let text = format!("`{url}` is neither an HTTP nor an SSH address of a repository");
                problems.error(path.key("url"), RULE, text, "write it like `https://HOST/PATH` or `git@HOST:PATH`");
            }
            if is_ssh && username.is_some() {
                problems.error(path.key("username"), RULE, "a repository over SSH has its user in the address", "leave `username` out");
            }
        }
        _ => {}
    }
}

/// A value that a destination could not use is found before it is made.
fn value_fits(path: &ConfigPath, secret: &SecretEntry, to: &Destination, problems: &mut Problems) {
    let fits: &[&str] = match to {
        Destination::HeadscaleNoiseKey | Destination::HeadscaleDerpKey => &["noise-key"],
        Destination::Tls { .. } => &["tls", "tls-ca"],
        Destination::ArgocdRepository { url, .. } if Destination::is_ssh_url(url) => &["ssh-key"],
        Destination::K3sToken
        | Destination::K3sAgentToken
        | Destination::HeadscalePostgresPassword
        | Destination::ArgocdRepository { .. } => &["random"],
        Destination::TailscaleAuthKey | Destination::HeadscaleOidcClientSecret => &[],
        Destination::Kubernetes { .. } | Destination::File { .. } => return,
    };
    let made = secret.make.name();
    if !matches!(secret.make, Make::Given) && !fits.contains(&made) {
        let words: Vec<String> = fits.iter().chain(&["given"]).map(|word| format!("`{word}`")).collect();
        let text = format!("`{}` takes no value of type `{made}`", to.name());
        problems.error(path.clone(), RULE, text, format!("`make.type` of `{}` can be {}", secret.name, words.join(", ")));
    }
}

/// Each key of a Secret comes from one place, and the Secret has one type and one deliverer.
fn secrets_in_cluster(cluster: &Cluster, problems: &mut Problems) {
    let mut keys: HashMap<(String, String, String), ConfigPath> = HashMap::new();
    let mut types: HashMap<(String, String), (String, ConfigPath)> = HashMap::new();
    each(cluster, |path, secret, to| {
        let Some(part) = cluster.part(secret, to) else { return };
        let id = (part.namespace.clone(), part.name.clone());
        let (first, by) = types.entry(id).or_insert_with(|| (part.secret_type.clone(), path.clone()));
        if *first != part.secret_type {
            let text = format!("Secret `{}/{}` has the type `{first}` at `{by}`, `{}` here", part.namespace, part.name, part.secret_type);
            problems.error(path.clone(), RULE, text, "give one of them another name, or both one type").involving(by.clone());
        }
        let plain = part.plain.into_keys();
        for key in part.keys.into_iter().chain(part.optional_keys).chain(plain) {
            if let Some(first) = keys.insert((part.namespace.clone(), part.name.clone(), key.clone()), path.clone()) {
                let text = format!("key `{key}` of Secret `{}/{}` is delivered twice", part.namespace, part.name);
                problems.error(path.clone(), RULE, text, format!("`{first}` delivers it already")).involving(first);
            }
        }
    });
    for (number, object) in cluster.extra_objects.iter().enumerate() {
        let text = |pointer: &[&str]| {
            let (first, rest) = pointer.split_first()?;
            rest.iter().try_fold(object.get(*first)?, |value, key| value.get(key))?.as_str()
        };
        if text(&["apiVersion"]) != Some("v1") || text(&["kind"]) != Some("Secret") {
            continue;
        }
        let id = (text(&["metadata", "namespace"]).unwrap_or("default"), text(&["metadata", "name"]).unwrap_or_default());
        if let Some((_, by)) = types.get(&(id.0.to_owned(), id.1.to_owned())) {
            let path = ConfigPath::of(["extraObjects"]).index(number);
            let text = format!("Secret `{}/{}` is delivered by `{by}` too", id.0, id.1);
            problems.error(path, RULE, text, "an object has one deliverer: remove one of them").involving(by.clone());
        }
    }
}

/// A Secret that Argo CD reads holds everything that it looks for there. No workload names these keys, so no rule would.
fn what_argocd_asks(cluster: &Cluster, problems: &mut Problems) {
    let Some(argocd) = &cluster.argocd else { return };
    let delivered = cluster.delivered_secrets();
    for asked in asked(cluster) {
        let Some(whole) = delivered.iter().find(|whole| whole.namespace == argocd.namespace.as_str() && whole.name == asked.name) else {
            continue;
        };
        for key in asked.keys.iter().filter(|key| !whole.keys.contains_key(*key) && !whole.plain.contains_key(*key)) {
            let text = format!("Secret `{}/{}` has no key `{key}`, which Argo CD needs", whole.namespace, whole.name);
            let hint = format!("deliver one: `{{type: kubernetes, namespace: {}, name: {}, key: {key}}}`", whole.namespace, whole.name);
            problems.error(whole.origin.clone(), RULE, text, hint).involving(asked.by.clone());
        }
    }
}

/// No two secrets decrypt to one path of a node.
fn files_on_nodes(cluster: &Cluster, problems: &mut Problems) {
    for node in &cluster.nodes {
        let mut seen: HashMap<String, String> = HashMap::new();
        for file in cluster.secret_files_of(node) {
            let Some(first) = seen.insert(file.path.to_string(), file.name.clone()) else { continue };
            let number = cluster.secrets.iter().rposition(|secret| secret.path() == file.file).unwrap_or_default();
            let text = format!("`{}` and `{first}` are both decrypted to `{}` on node `{}`", file.name, file.path, node.name);
            problems.error(at(number), RULE, text, "give one of them another path");
        }
    }
}
