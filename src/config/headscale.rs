//! The `headscale` section: every key of the server's own config, and how it runs in the cluster.
//!
//! Names follow headscale's config file in camelCase, so that its documentation applies. Paths inside of the pod are ours and
//! have no key. Facts are read in `hscontrol/types/config.go` and `config-example.yaml` of headscale 0.28.0 and 0.29.0.

mod check;
mod database;
mod derp;
mod dns;
mod listen;
mod oidc;
mod policy;
mod secrets;
mod server_url;
mod settings;
mod version;
mod workload;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use check::{check, node_ports};
pub use database::{Database, DatabaseType, Gorm, Postgres, Sqlite, SslMode};
pub use derp::{Derp, DerpMap, DerpNode, DerpRegion, DerpServer};
pub use dns::{Dns, ExtraRecord, Nameservers, RecordType};
pub use listen::{ChallengeType, Grpc, LetsEncrypt, Listen, Metrics, Service, ServiceType, Tls};
pub use oidc::{Oidc, Pkce, PkceMethod};
pub use policy::{
    Acl, AclAction, Alias, AliasKind, AutoApprovers, Grant, NodeAttr, Policy, PolicyMode, PolicyTest, SshAction, SshRule, SshTest,
};
pub use secrets::{ConfigMapKey, SecretKey, SecretKeys, Secrets};
pub use server_url::ServerUrl;
pub(in crate::config) use settings::check_day_duration;
pub use settings::{
    Allocation, Cli, DayDuration, Ephemeral, HaRoutes, Log, LogFormat, LogLevel, NodeLifecycle, Prefixes, Routes, Toggle, Tuning,
    UnixSocket,
};
pub(in crate::config) use version::check_version;
pub use version::{HeadscaleVersion, Minor};
pub use workload::{Resources, Storage, StorageType, Toleration};

use super::{Cidr, DnsLabel, HttpUrl, Image, LabelKey, LabelValue, Port};

/// The coordination server of the mesh: Headscale in a pod of its own.
///
/// `headscale: {}` is a whole server that needs nothing from outside of the cluster: SQLite, the embedded DERP relay instead of
/// the public ones, and a NodePort. Keys that only one of the supported Headscale versions has are refused for the other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[schemars(example = serde_json::json!({}))]
pub struct Headscale {
    /// The Headscale version, `0.29.0`, or a minor like `0.28`. The config is written for this version.
    pub version: HeadscaleVersion,
    /// The container image; by default `docker.io/headscale/headscale` in this version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<Image>,
    /// The namespace that it runs in.
    pub namespace: DnsLabel,
    /// The URL that nodes of the mesh use, without a path. By default the address of the first server node and the NodePort.
    ///
    /// Tailscale clients join over plain `http://` only when the host is a private IPv4 address (RFC 1918), loopback or
    /// `localhost`; for any other host they go to port 443 (tailscale#15008), so use `https://` there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = "https://headscale.example.com")]
    pub server_url: Option<HttpUrl>,
    /// Where the server listens inside of its pod.
    pub listen: Listen,
    /// The remote-control API (gRPC).
    pub grpc: Grpc,
    /// Metrics for Prometheus.
    pub metrics: Metrics,
    /// Certificates of the server itself. Without, it speaks plain HTTP, as behind an ingress.
    pub tls: Tls,
    /// How the server is reached from outside of its pod.
    pub service: Service,
    /// Where its files are kept: the SQLite database, generated keys, Let's Encrypt's cache.
    pub storage: Storage,
    /// The database.
    pub database: Database,
    /// Relays for nodes that cannot reach each other directly.
    pub derp: Derp,
    /// Names inside of the mesh.
    pub dns: Dns,
    /// Who may reach whom. Without rules, every node reaches every other one.
    pub policy: Policy,
    /// Log-in of people through an OpenID Connect provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oidc: Option<Oidc>,
    /// Addresses of the mesh.
    pub prefixes: Prefixes,
    /// How long nodes stay.
    pub node: NodeLifecycle,
    /// Logs of the server.
    pub log: Log,
    /// Whether clients send their logs to Tailscale Inc. Off by default.
    pub logtail: Toggle,
    /// Whether nodes may send files to each other. On by default.
    pub taildrop: Toggle,
    /// Whether clients update themselves unless they decided otherwise. Headscale 0.29 and later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_update: Option<Toggle>,
    /// Proxies whose `X-Forwarded-For`, `X-Real-IP` and `True-Client-IP` headers are believed. Headscale 0.29 and later.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub trusted_proxies: Vec<Cidr>,
    /// Whether the server stops asking GitHub for newer versions. On by default, for clusters without internet.
    pub disable_check_updates: bool,
    /// Whether clients use a random port for WireGuard instead of 41641. Headscale 0.28 only: later it is
    /// `policy.randomizeClientPort`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub randomize_client_port: Option<bool>,
    /// The socket that the command line inside of the pod uses.
    pub unix_socket: UnixSocket,
    /// Settings for `headscale` commands run inside of the pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cli: Option<Cli>,
    /// Sizes and intervals that rarely need a change.
    pub tuning: Tuning,
    /// Whether keys and passwords come from the Secret in `secrets`, which agenix (or anything else) delivers. Without, Headscale
    /// generates its keys into its storage.
    pub use_agenix_secrets: bool,
    /// The Secret that keys and passwords come from, and its keys.
    pub secrets: Secrets,
    /// CPU and memory of the container.
    pub resources: Resources,
    /// Labels that the pod's node must have.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("propertyNames" = {"format": "label-key"}))]
    pub node_selector: BTreeMap<LabelKey, LabelValue>,
    /// Taints that the pod tolerates, besides those of control-plane nodes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tolerations: Vec<Toleration>,
}

impl Default for Headscale {
    fn default() -> Self {
        Self {
            version: HeadscaleVersion::default(),
            image: None,
            namespace: "headscale".into(),
            server_url: None,
            listen: Listen::default(),
            grpc: Grpc::default(),
            metrics: Metrics::default(),
            tls: Tls::default(),
            service: Service::default(),
            storage: Storage::default(),
            database: Database::default(),
            derp: Derp::default(),
            dns: Dns::default(),
            policy: Policy::default(),
            oidc: None,
            prefixes: Prefixes::default(),
            node: NodeLifecycle::default(),
            log: Log::default(),
            logtail: Toggle { enabled: false },
            taildrop: Toggle { enabled: true },
            auto_update: None,
            trusted_proxies: Vec::new(),
            disable_check_updates: true,
            randomize_client_port: None,
            unix_socket: UnixSocket::default(),
            cli: None,
            tuning: Tuning::default(),
            use_agenix_secrets: false,
            secrets: Secrets::default(),
            resources: Resources::default(),
            node_selector: BTreeMap::new(),
            tolerations: Vec::new(),
        }
    }
}

impl Headscale {
    /// The image that runs.
    #[must_use]
    pub fn image(&self) -> Image {
        self.image.clone().unwrap_or_else(|| format!("docker.io/headscale/headscale:{}", self.version).into())
    }

    /// The UDP port that STUN is served on, inside and outside of the pod.
    ///
    /// Headscale tells clients the port that it listens on itself, so behind a NodePort it has to listen on that very number.
    #[must_use]
    pub fn stun_port(&self) -> Port {
        let derived = if self.service.r#type == ServiceType::NodePort { self.service.stun_node_port.0 } else { 3478 };
        self.derp.server.stun_port.unwrap_or(Port(derived))
    }

    /// Whether the server itself speaks TLS.
    #[must_use]
    pub const fn serves_tls(&self) -> bool {
        self.tls.secret_name.is_some() || self.tls.lets_encrypt.is_some()
    }

    /// Whether gRPC is served over the network: upstream does so only with TLS or when told that plain text is fine.
    #[must_use]
    pub const fn serves_grpc(&self) -> bool {
        self.serves_tls() || self.grpc.allow_insecure
    }
}
