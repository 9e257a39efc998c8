//! What the entries mean for a cluster: who reads a secret, which nodes decrypt it, which Secrets come of it.

use std::collections::{BTreeMap, BTreeSet};

use super::argocd::asked;
use super::{Destination, Make, NodeFile, PublicKey, SECRETS_FOLDER, SecretEntry};
use crate::config::argocd::SECRET_TYPE;
use crate::config::{AbsolutePath, Cluster, NodeEntry, NodeRole};
use crate::source::ConfigPath;

/// A recipient and where its key stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedRecipient {
    /// `group admins` or `node primer`.
    pub who: String,
    /// The key.
    pub key: PublicKey,
}

/// A Secret in the cluster that is made of entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveredSecret {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its type, `Opaque`.
    pub secret_type: String,
    /// Its keys and the numbers of the entries and destinations that fill them.
    pub keys: BTreeMap<String, (usize, usize)>,
    /// Keys that may be left out: `ca.crt`, when a given certificate comes without its CA.
    pub optional_keys: BTreeMap<String, (usize, usize)>,
    /// Labels that it needs, beside ours.
    pub labels: BTreeMap<String, String>,
    /// Values that are no secrets.
    pub plain: BTreeMap<String, String>,
    /// The first destination that asked for it.
    pub origin: ConfigPath,
}

impl SecretEntry {
    /// The encrypted file, relative to the cluster file.
    #[must_use]
    pub fn path(&self) -> String {
        self.file.clone().unwrap_or_else(|| format!("{SECRETS_FOLDER}/{}.age", self.name))
    }

    /// Where agenix decrypts it to, unless a destination says otherwise.
    fn agenix_path(&self) -> AbsolutePath {
        format!("/run/agenix/{}", self.name).into()
    }
}

impl Cluster {
    /// The nodes that decrypt a secret.
    #[must_use]
    pub fn nodes_of_secret(&self, secret: &SecretEntry) -> Vec<&NodeEntry> {
        if !secret.nodes.is_empty() {
            return self.nodes.iter().filter(|node| secret.nodes.contains(&node.name)).collect();
        }
        if secret.deliver.iter().any(Destination::is_for_all_nodes) {
            return self.nodes.iter().collect();
        }
        if secret.make == Make::WireguardKey {
            let owner = self.mesh_nodes().find(|(_, node, _)| self.mesh_secret_name(node) == secret.name.as_str());
            if let Some((_, node, _)) = owner {
                return vec![node];
            }
        }
        let into_cluster = secret.deliver.iter().any(|to| !matches!(to, Destination::File { .. }));
        self.nodes.iter().filter(|node| into_cluster && node.role == NodeRole::Server).take(1).collect()
    }

    /// Whom a secret is encrypted for: its groups, then its nodes; each key once.
    #[must_use]
    pub fn recipients_of_secret(&self, secret: &SecretEntry) -> Vec<NamedRecipient> {
        let groups = self.recipients.iter().filter(|(name, _)| secret.recipients.is_empty() || secret.recipients.contains(name));
        let of_groups =
            groups.flat_map(|(name, keys)| keys.iter().map(move |key| NamedRecipient { who: format!("group {name}"), key: key.clone() }));
        let of_nodes = self
            .nodes_of_secret(secret)
            .into_iter()
            .flat_map(|node| node.host_keys.iter().map(move |key| NamedRecipient { who: format!("node {}", node.name), key: key.clone() }));
        let mut seen = BTreeSet::new();
        of_groups.chain(of_nodes).filter(|recipient| seen.insert(recipient.key.without_comment())).collect()
    }

    /// The files that a node decrypts.
    #[must_use]
    pub fn secret_files_of(&self, node: &NodeEntry) -> Vec<NodeFile> {
        let mut files = Vec::new();
        for secret in self.secrets.iter().filter(|secret| self.nodes_of_secret(secret).iter().any(|other| other.name == node.name)) {
            let file = |name: String, path, owner: &str, group: &str, mode| NodeFile {
                name,
                file: secret.path(),
                path,
                owner: owner.to_owned(),
                group: group.to_owned(),
                mode,
            };
            let mut own = Vec::new();
            for to in &secret.deliver {
                // A second file of one secret needs a name of its own in `age.secrets`.
                let name = if own.is_empty() { secret.name.to_string() } else { format!("{}-{}", secret.name, own.len() + 1) };
                let root_file = |path| file(name.clone(), path, "root", "root", "0400".into());
                match to {
                    Destination::File { path, owner, group, mode } => {
                        let path = path.clone().unwrap_or_else(|| secret.agenix_path());
                        own.push(file(name, path, owner, group, mode.clone()));
                    }
                    Destination::K3sToken => own.push(root_file(self.k3s.token_file.clone())),
                    Destination::K3sAgentToken => own.extend(self.k3s.agent_token_file.clone().map(root_file)),
                    Destination::TailscaleAuthKey => own.push(root_file(secret.agenix_path())),
                    _ => {}
                }
            }
            if own.is_empty() {
                own.push(file(secret.name.to_string(), secret.agenix_path(), "root", "root", "0400".into()));
            }
            files.extend(own);
        }
        files
    }

    /// Whether a node decrypts the key of the index as well: it reads the index with it, to know that the files are the right ones.
    #[must_use]
    pub fn reads_secret_index(&self, node: &NodeEntry) -> bool {
        !node.host_keys.is_empty()
            && self.secrets.iter().any(|secret| self.nodes_of_secret(secret).iter().any(|other| other.name == node.name))
    }

    /// The Secrets that are delivered into the cluster, by namespace and name.
    #[must_use]
    pub fn delivered_secrets(&self) -> Vec<DeliveredSecret> {
        let mut all: BTreeMap<(String, String), DeliveredSecret> = BTreeMap::new();
        for (number, secret) in self.secrets.iter().enumerate() {
            for (at, to) in secret.deliver.iter().enumerate() {
                let Some(part) = self.part(secret, to) else { continue };
                let origin = ConfigPath::of(["secrets"]).index(number).key("deliver").index(at);
                let whole = all.entry((part.namespace.clone(), part.name.clone())).or_insert_with(|| DeliveredSecret {
                    namespace: part.namespace,
                    name: part.name,
                    secret_type: part.secret_type,
                    keys: BTreeMap::new(),
                    optional_keys: BTreeMap::new(),
                    labels: BTreeMap::new(),
                    plain: BTreeMap::new(),
                    origin,
                });
                for key in part.keys {
                    whole.keys.entry(key).or_insert((number, at));
                }
                for key in part.optional_keys {
                    whole.optional_keys.entry(key).or_insert((number, at));
                }
                whole.labels.extend(part.labels);
                whole.plain.extend(part.plain);
            }
        }
        if let Some(argocd) = &self.argocd {
            for asked in asked(self) {
                let Some(whole) = all.get_mut(&(argocd.namespace.to_string(), asked.name)) else { continue };
                whole.labels.extend(asked.label.map(|(key, value)| (key.to_owned(), value.to_owned())));
                for (key, value) in asked.plain {
                    if !whole.keys.contains_key(&key) {
                        whole.plain.entry(key).or_insert(value);
                    }
                }
            }
        }
        all.into_values().collect()
    }

    /// What one destination adds to a Secret; none for one outside of the cluster.
    pub(super) fn part(&self, secret: &SecretEntry, to: &Destination) -> Option<Part> {
        let of = |namespace: &str, name: &str, secret_type: &str, keys: &[&str]| Part {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            secret_type: secret_type.to_owned(),
            keys: keys.iter().map(|key| (*key).to_owned()).collect(),
            ..Part::default()
        };
        let headscale = |key: fn(&crate::config::headscale::SecretKeys) -> &String| {
            let headscale = self.headscale.as_ref()?;
            Some(of(headscale.namespace.as_str(), headscale.secrets.name.as_str(), "Opaque", &[key(&headscale.secrets.keys)]))
        };
        match to {
            Destination::Kubernetes { namespace, name, key, secret_type } => {
                Some(of(namespace.as_str(), name.as_str(), secret_type, &[key]))
            }
            Destination::Tls { namespace, name } => {
                let mut part = of(namespace.as_str(), name.as_str(), "kubernetes.io/tls", &["tls.crt", "tls.key"]);
                let optional = if matches!(secret.make, Make::Given) { &mut part.optional_keys } else { &mut part.keys };
                optional.push("ca.crt".to_owned());
                Some(part)
            }
            Destination::HeadscaleNoiseKey => headscale(|keys| &keys.noise),
            Destination::HeadscaleDerpKey => headscale(|keys| &keys.derp),
            Destination::HeadscalePostgresPassword => headscale(|keys| &keys.postgres_password),
            Destination::HeadscaleOidcClientSecret => headscale(|keys| &keys.oidc_client_secret),
            // https://argo-cd.readthedocs.io/en/stable/operator-manual/declarative-setup/#repositories
            Destination::ArgocdRepository { namespace, name, url, username } => {
                let key = if Destination::is_ssh_url(url) { "sshPrivateKey" } else { "password" };
                let mut part = of(namespace.as_str(), name.as_ref().unwrap_or(&secret.name).as_str(), "Opaque", &[key]);
                part.labels.insert(SECRET_TYPE.to_owned(), "repository".to_owned());
                part.plain.insert("type".to_owned(), "git".to_owned());
                part.plain.insert("url".to_owned(), url.clone());
                part.plain.extend(username.iter().map(|username| ("username".to_owned(), username.clone())));
                Some(part)
            }
            Destination::File { .. } | Destination::K3sToken | Destination::K3sAgentToken | Destination::TailscaleAuthKey => None,
        }
    }
}

/// What one destination adds to a Secret.
#[derive(Debug, Default)]
pub(super) struct Part {
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) secret_type: String,
    pub(super) keys: Vec<String>,
    pub(super) optional_keys: Vec<String>,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) plain: BTreeMap<String, String>,
}
