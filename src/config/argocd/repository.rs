//! Where applications come from, and the credentials for it. No secret value stands in the config.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Minor;
use crate::config::DnsName;

/// The label that tells Argo CD what a Secret is for (`common/common.go`).
pub const SECRET_TYPE: &str = "argocd.argoproj.io/secret-type";

/// A repository.
///
/// Without `credentials` its Secret is rendered, because nothing in it is secret; a `credentialTemplates` entry whose URL is a prefix may add
/// credentials. With `credentials` the whole Secret is delivered by something else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Repository {
    /// The name in Argo CD, and of the Secret: `repository-NAME` unless `secret` is set.
    pub name: DnsName,
    /// Its URL, as applications name it.
    #[schemars(example = "https://git.example.com/platform/cluster.git")]
    pub url: String,
    /// What it holds.
    #[serde(default)]
    pub r#type: RepositoryType,
    /// The only project that may use its credentials; none for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// Which credentials its Secret holds. The Secret is delivered by something else and carries the label
    /// `argocd.argoproj.io/secret-type: repository` and, besides the keys of the kind, `name`, `url` and a key for each setting here;
    /// where `secrets` delivers it, all but the keys of the kind are added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credentials: Option<Credentials>,
    /// The Secret's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<DnsName>,
    /// Whether its certificate or host key is taken unseen.
    #[serde(default)]
    pub insecure: bool,
    /// Whether a Helm chart comes from an OCI registry.
    #[serde(default, rename = "enableOCI")]
    pub enable_oci: bool,
    /// Whether large files (LFS) are fetched.
    #[serde(default)]
    pub enable_lfs: bool,
    /// The proxy that leads to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = "http://proxy.example.com:3128")]
    pub proxy: Option<String>,
    /// Refused: no secret value stands in the config.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Value>,
    /// Refused: no secret value stands in the config.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ssh_private_key: Option<Value>,
}

impl Repository {
    /// The Secret's name.
    #[must_use]
    pub fn secret(&self) -> String {
        self.secret.as_ref().map_or_else(|| format!("repository-{}", self.name), ToString::to_string)
    }

    /// What its Secret holds besides credentials.
    #[must_use]
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        let on = |key: &'static str, is_on: bool| is_on.then(|| (key, "true".to_owned()));
        let settings = [
            Some(("name", self.name.to_string())),
            Some(("url", self.url.clone())),
            Some(("type", self.r#type.as_str().to_owned())).filter(|_| self.r#type != RepositoryType::Git),
            self.project.clone().map(|project| ("project", project)),
            self.proxy.clone().map(|proxy| ("proxy", proxy)),
            on("insecure", self.insecure),
            on("enableOCI", self.enable_oci),
            on("enableLfs", self.enable_lfs),
        ];
        settings.into_iter().flatten().collect()
    }
}

/// Credentials for all repositories whose URL begins like this one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CredentialTemplate {
    /// The name, and of the Secret: `repo-creds-NAME` unless `secret` is set.
    pub name: DnsName,
    /// What the URLs begin with.
    #[schemars(example = "https://git.example.com/platform")]
    pub url: String,
    /// What the repositories hold.
    #[serde(default)]
    pub r#type: RepositoryType,
    /// Which credentials the Secret holds. It is delivered by something else and carries the label
    /// `argocd.argoproj.io/secret-type: repo-creds` and, besides the keys of the kind, `url`, and `type` where it is not Git.
    pub credentials: Credentials,
    /// Whether Helm charts come from OCI registries.
    #[serde(default, rename = "enableOCI")]
    pub enable_oci: bool,
    /// The Secret's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<DnsName>,
    /// Refused: no secret value stands in the config.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Value>,
    /// Refused: no secret value stands in the config.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ssh_private_key: Option<Value>,
}

impl CredentialTemplate {
    /// The Secret's name.
    #[must_use]
    pub fn secret(&self) -> String {
        self.secret.as_ref().map_or_else(|| format!("repo-creds-{}", self.name), ToString::to_string)
    }

    /// What its Secret holds besides credentials.
    #[must_use]
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        let r#type = (self.r#type != RepositoryType::Git).then(|| ("type", self.r#type.as_str().to_owned()));
        let oci = self.enable_oci.then(|| ("enableOCI", "true".to_owned()));
        std::iter::once(("url", self.url.clone())).chain(r#type).chain(oci).collect()
    }
}

/// What a repository holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RepositoryType {
    /// A Git repository.
    #[default]
    Git,
    /// Helm charts.
    Helm,
    /// OCI artifacts. Argo CD 3.5.
    Oci,
}

impl RepositoryType {
    /// As the Secret has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Git => "git",
            Self::Helm => "helm",
            Self::Oci => "oci",
        }
    }
}

/// A kind of credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Credentials {
    /// `username` and `password` (or a token in its place).
    Basic,
    /// `bearerToken`. Argo CD 3.5.
    BearerToken,
    /// `sshPrivateKey`.
    Ssh,
    /// A GitHub App: `githubAppID`, `githubAppPrivateKey`, and `githubAppInstallationID`, which Argo CD 3.5 finds itself where it is left out.
    GithubApp,
    /// `gcpServiceAccountKey`.
    GoogleCloud,
    /// A client certificate: `tlsClientCertData`, `tlsClientCertKey`.
    Tls,
}

impl Credentials {
    /// The keys that the Secret has to have for it (`util/db/repository_secrets.go`). Argo CD 3.5 finds the installation of an app itself.
    #[must_use]
    pub const fn keys(self, minor: Minor) -> &'static [&'static str] {
        match self {
            Self::Basic => &["username", "password"],
            Self::BearerToken => &["bearerToken"],
            Self::Ssh => &["sshPrivateKey"],
            Self::GithubApp => match minor {
                Minor::V213 => &["githubAppID", "githubAppInstallationID", "githubAppPrivateKey"],
                Minor::V35 => &["githubAppID", "githubAppPrivateKey"],
            },
            Self::GoogleCloud => &["gcpServiceAccountKey"],
            Self::Tls => &["tlsClientCertData", "tlsClientCertKey"],
        }
    }
}
