//! How Argo CD would ask a repository: its settings, and the credentials that it has for it.

use std::collections::BTreeMap;

use crate::config::repository_access::{RepositoryAccess, access_of, repository_accesses};
use crate::config::repository_url::host;
use crate::config::{Cluster, DeliveredSecret};
use crate::data::argocd_known_hosts;
use crate::secret::Values;

/// The keys that hold what is secret in credentials.
const SECRET_KEYS: [&str; 4] = ["password", "bearerToken", "sshPrivateKey", "tlsClientCertKey"];

/// Opens a Secret that the cluster file delivers, or tells why that cannot be done here.
pub type Open<'a> = dyn Fn(&DeliveredSecret) -> Result<Values, String> + 'a;

/// How a repository is asked.
#[derive(Debug, Clone, Default)]
pub(super) struct Way {
    /// Whether its certificate or host key is taken unseen.
    pub(super) insecure: bool,
    /// The proxy that leads to it.
    pub(super) proxy: Option<String>,
    /// The certificates (PEM) that it is trusted by, in place of the system's.
    pub(super) certificates: Option<String>,
    /// Argo CD's credentials.
    pub(super) login: Option<Login>,
    /// The credentials that Argo CD has and nobody here, and why.
    pub(super) closed: Option<String>,
}

/// Credentials of a repository.
#[derive(Debug, Clone)]
pub(super) struct Login {
    /// The Secret, `NAMESPACE/NAME`.
    pub(super) secret: String,
    /// The entry of `secrets` that has the value.
    pub(super) entry: String,
    values: Values,
    plain: BTreeMap<String, String>,
    /// The whole of `ssh_known_hosts`, which Argo CD compares host keys with; for SSH only.
    pub(super) known_hosts: Option<String>,
}

impl Login {
    /// A value as Argo CD takes it.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        let plain = || self.plain.get(key).map(String::as_str);
        self.values.get(key).and_then(|value| value.as_text()).or_else(plain).filter(|text| !text.is_empty())
    }

    /// A value that has a line break where Argo CD takes it as it is.
    pub(super) fn broken(&self) -> Option<&'static str> {
        ["username", "password", "bearerToken"].into_iter().find(|key| self.text(key).is_some_and(|text| text.contains(['\n', '\r'])))
    }
}

/// Which repositories are asked for whom, and how; a Secret that goes with several is opened once.
pub(super) fn ways<'a>(cluster: &Cluster, keys: impl Iterator<Item = Key<'a>>, open: &Open<'_>) -> BTreeMap<Key<'a>, Way> {
    let accesses = repository_accesses(cluster);
    let mut opened: BTreeMap<&str, Result<Values, String>> = BTreeMap::new();
    keys.map(|key| {
        let (own, credentials) = access_of(&accesses, key.url, key.project);
        let mut way = Way {
            insecure: own.is_some_and(|own| own.insecure),
            proxy: own.and_then(|own| own.proxy.clone()),
            certificates: cluster.argocd.as_ref().and_then(|argocd| {
                let host = host(key.url);
                argocd.tls_certificates.iter().find(|(known, _)| known.as_str() == host).map(|(_, pem)| pem.clone())
            }),
            ..Way::default()
        };
        if let Some(access) = credentials {
            let values = opened.entry(access.secret.as_str()).or_insert_with(|| values(access, open));
            match values.clone().and_then(|values| login(cluster, access, values, &mut way, key.url)) {
                Ok(login) => way.login = Some(login),
                Err(why) => way.close(&access.secret, &why),
            }
        }
        (key, way)
    })
    .collect()
}

impl Way {
    /// Leaves the credentials out, and the proxy, which may have some of its own.
    pub(super) fn close(&mut self, secret: &str, why: &str) {
        self.login = None;
        self.proxy = None;
        self.closed = Some(format!("the credentials of Secret `{secret}` are not tried: {why}"));
    }
}

/// What is asked once: a repository, for a project or for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key<'a> {
    pub(super) url: &'a str,
    pub(super) has_charts: bool,
    pub(super) project: Option<&'a str>,
}

fn values(access: &RepositoryAccess, open: &Open<'_>) -> Result<Values, String> {
    match &access.delivered {
        Some(delivered) => open(delivered),
        None => Err("something else than `secrets` brings it".to_owned()),
    }
}

fn login(cluster: &Cluster, access: &RepositoryAccess, values: Values, way: &mut Way, url: &str) -> Result<Login, String> {
    let is_ssh = is_ssh(url);
    let entry = access.delivered.as_ref().and_then(|delivered| {
        let (number, _) = SECRET_KEYS.iter().find_map(|key| delivered.keys.get(*key))?;
        Some(cluster.secrets[*number].name.to_string())
    });
    let login = Login {
        secret: access.secret.clone(),
        entry: entry.unwrap_or_default(),
        plain: access.delivered.iter().flat_map(|delivered| delivered.plain.clone()).collect(),
        known_hosts: cluster
            .argocd
            .as_ref()
            .filter(|_| is_ssh)
            .and_then(|argocd| argocd_known_hosts(argocd.minor().as_str(), &argocd.ssh_known_hosts)?.remove("ssh_known_hosts")),
        values,
    };
    let has = |key: &str| login.text(key).is_some();
    if has("githubAppPrivateKey") || has("gcpServiceAccountKey") {
        return Err("those of a GitHub App or of Google Cloud are traded for others first".to_owned());
    }
    // A proxy with a password stands in the Secret.
    if let Some(proxy) = login.text("proxy") {
        way.proxy = Some(proxy.to_owned());
    }
    if is_ssh && way.proxy.is_some() {
        return Err("SSH through a proxy is not asked".to_owned());
    }
    let keys = if is_ssh { ["sshPrivateKey"].as_slice() } else { &["password", "bearerToken", "tlsClientCertData"] };
    if !keys.iter().any(|key| has(key)) {
        return Err(format!("it has none of the keys that go with this URL: `{}`", keys.join("`, `")));
    }
    Ok(login)
}

/// Whether Git reaches it by SSH.
pub(super) fn is_ssh(url: &str) -> bool {
    url.starts_with("ssh://") || (!url.contains("://") && url.contains('@'))
}
