//! What Argo CD asks of the Secrets that it reads (`util/db/repository_secrets.go`, `docs/operator-manual/declarative-setup.md`).

use std::collections::BTreeMap;

use crate::config::Cluster;
use crate::config::argocd::{Credentials, SECRET_TYPE};
use crate::source::ConfigPath;

/// A Secret that the section `argocd` speaks of.
pub(super) struct Asked {
    pub(super) name: String,
    /// The label by which Argo CD finds it, where it does not know its name.
    pub(super) label: Option<(&'static str, &'static str)>,
    /// What it holds besides secrets.
    pub(super) plain: BTreeMap<String, String>,
    /// The keys that hold secrets.
    pub(super) keys: Vec<String>,
    /// The entry that speaks of it.
    pub(super) by: ConfigPath,
}

/// Argo CD's own Secret: it is rendered, and people put keys into it.
const OWN: &str = "argocd-secret";

/// The Secrets that Argo CD reads and that something delivers, all in its own namespace.
pub(super) fn asked(cluster: &Cluster) -> Vec<Asked> {
    let Some(argocd) = &cluster.argocd else { return Vec::new() };
    let at = |list: &str, number: usize| ConfigPath::of(["argocd", list]).index(number);
    let keys = |credentials: Credentials| credentials.keys(argocd.minor()).iter().map(|key| (*key).to_owned()).collect();
    let owned = |(key, value): (&'static str, String)| (key.to_owned(), value);
    let mut all = Vec::new();
    for (number, repository) in argocd.repositories.iter().enumerate() {
        let Some(credentials) = repository.credentials else { continue };
        all.push(Asked {
            name: repository.secret(),
            label: Some((SECRET_TYPE, "repository")),
            plain: repository.settings().into_iter().map(owned).collect(),
            keys: keys(credentials),
            by: at("repositories", number),
        });
    }
    for (number, template) in argocd.credential_templates.iter().enumerate() {
        all.push(Asked {
            name: template.secret(),
            label: Some((SECRET_TYPE, "repo-creds")),
            plain: template.settings().into_iter().map(owned).collect(),
            keys: keys(template.credentials),
            by: at("credentialTemplates", number),
        });
    }
    all.push(Asked {
        name: "argocd-notifications-secret".to_owned(),
        label: None,
        plain: BTreeMap::new(),
        keys: argocd.notifications.secret_keys.clone(),
        by: ConfigPath::of(["argocd", "notifications", "secretKeys"]),
    });
    let oidc = argocd.oidc.iter().filter_map(|oidc| oidc.client_secret.as_ref());
    let named = oidc.map(|secret| (ConfigPath::of(["argocd", "oidc", "clientSecret"]), secret));
    let named = named.chain(
        argocd.dex.secrets.iter().enumerate().map(|(number, secret)| (ConfigPath::of(["argocd", "dex", "secrets"]).index(number), secret)),
    );
    for (by, secret) in named.filter(|(_, secret)| secret.name.as_str() != OWN) {
        all.push(Asked {
            name: secret.name.to_string(),
            label: Some(("app.kubernetes.io/part-of", "argocd")),
            plain: BTreeMap::new(),
            keys: vec![secret.key.clone()],
            by,
        });
    }
    all
}
