//! Where the value of a secret goes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::{AbsolutePath, DnsLabel, DnsName, FileMode, HttpUrl};

/// Where the value of a secret goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "kebab-case", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Destination {
    /// A key of a Secret in the cluster. Several secrets may be keys of one Secret.
    Kubernetes {
        /// The Secret's namespace.
        namespace: DnsLabel,
        /// The Secret's name.
        name: DnsName,
        /// The key in it.
        #[schemars(regex(pattern = r"^[-._a-zA-Z0-9]{1,253}$"), extend("examples" = ["password"]))]
        key: String,
        /// The Secret's type.
        #[serde(default = "opaque")]
        #[schemars(regex(pattern = r"^[^\x00-\x20]+$"), extend("examples" = ["kubernetes.io/dockerconfigjson"]))]
        secret_type: String,
    },
    /// A Secret of type `kubernetes.io/tls`, with `tls.crt`, `tls.key` and, where the certificate's CA is one of ours, `ca.crt`.
    Tls {
        /// The Secret's namespace.
        namespace: DnsLabel,
        /// The Secret's name.
        name: DnsName,
    },
    /// A file on the nodes.
    File {
        /// Its path. By default `/run/agenix/NAME`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        path: Option<AbsolutePath>,
        /// The user that owns it.
        #[serde(default = "root")]
        #[schemars(regex(pattern = r"^[a-z_][-a-z0-9_.]*$"))]
        owner: String,
        /// The group that owns it.
        #[serde(default = "root")]
        #[schemars(regex(pattern = r"^[a-z_][-a-z0-9_.]*$"))]
        group: String,
        /// Its permissions.
        #[serde(default = "owner_only")]
        mode: FileMode,
    },
    /// The token by which nodes join: the file `k3s.tokenFile` on every node.
    K3sToken,
    /// The token by which agents alone join: the file `k3s.agentTokenFile` on every node.
    K3sAgentToken,
    /// A pre-auth key of the tailnet: `/run/agenix/NAME` on the nodes, for `services.tailscale.authKeyFile`.
    TailscaleAuthKey,
    /// The key of Headscale's Noise protocol: key `headscale.secrets.keys.noise` of its Secret.
    HeadscaleNoiseKey,
    /// The key of Headscale's DERP server: key `headscale.secrets.keys.derp` of its Secret.
    HeadscaleDerpKey,
    /// Headscale's password for PostgreSQL: key `headscale.secrets.keys.postgresPassword` of its Secret.
    HeadscalePostgresPassword,
    /// Headscale's client secret of OpenID Connect: key `headscale.secrets.keys.oidcClientSecret` of its Secret.
    HeadscaleOidcClientSecret,
    /// A Secret by which Argo CD reads a Git repository: a password or token for `https://`, a private key of SSH for `git@`.
    ArgocdRepository {
        /// The namespace of Argo CD.
        #[serde(default = "argocd")]
        namespace: DnsLabel,
        /// The Secret's name. By default that of the secret.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<DnsName>,
        /// The repository, as Applications write it.
        #[schemars(length(min = 1), extend("examples" = ["https://git.example.com/cluster.git", "git@git.example.com:cluster.git"]))]
        url: String,
        /// The user name that goes with a password or token.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(extend("examples" = ["argocd"]))]
        username: Option<String>,
    },
}

impl Destination {
    /// The config's word for it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Kubernetes { .. } => "kubernetes",
            Self::Tls { .. } => "tls",
            Self::File { .. } => "file",
            Self::K3sToken => "k3s-token",
            Self::K3sAgentToken => "k3s-agent-token",
            Self::TailscaleAuthKey => "tailscale-auth-key",
            Self::HeadscaleNoiseKey => "headscale-noise-key",
            Self::HeadscaleDerpKey => "headscale-derp-key",
            Self::HeadscalePostgresPassword => "headscale-postgres-password",
            Self::HeadscaleOidcClientSecret => "headscale-oidc-client-secret",
            Self::ArgocdRepository { .. } => "argocd-repository",
        }
    }

    /// Whether it is a Secret in the cluster. The others are files of nodes.
    #[must_use]
    pub const fn is_in_cluster(&self) -> bool {
        !matches!(self, Self::File { .. } | Self::K3sToken | Self::K3sAgentToken | Self::TailscaleAuthKey)
    }

    /// Whether every node uses it.
    #[must_use]
    pub const fn is_for_all_nodes(&self) -> bool {
        matches!(self, Self::K3sToken | Self::K3sAgentToken | Self::TailscaleAuthKey)
    }

    /// Whether Argo CD reads the repository with a private key of SSH.
    #[must_use]
    pub fn is_ssh_url(url: &str) -> bool {
        url.starts_with("ssh://") || (!url.contains("://") && url.contains('@') && url.contains(':'))
    }
}

/// A file that a node decrypts, as NixOS' `age.secrets` describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeFile {
    /// The secret's name.
    pub name: String,
    /// The encrypted file, relative to the cluster file.
    pub file: String,
    /// Where it is decrypted to.
    pub path: AbsolutePath,
    /// The user that owns it.
    pub owner: String,
    /// The group that owns it.
    pub group: String,
    /// Its permissions.
    pub mode: FileMode,
}

fn opaque() -> String {
    "Opaque".to_owned()
}

fn root() -> String {
    "root".to_owned()
}

fn owner_only() -> FileMode {
    "0400".into()
}

fn argocd() -> DnsLabel {
    "argocd".into()
}

/// Whether a text is a URL that HTTP clients take.
pub(super) fn is_http(url: &str) -> bool {
    HttpUrl::from(url).parts().is_some()
}
