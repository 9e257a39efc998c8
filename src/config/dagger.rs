//! The `dagger` section: a Dagger engine for builds, and how CI systems reach it.
//!
//! Facts are read in dagger v0.19.0 to v0.21.8: `engine/config/config.go` (`engine.json`), `cmd/engine/main.go` (flags, the lock of the
//! cache), `engine/client/drivers` (URLs of runners) and `helm/dagger` (the pod).

mod check;
mod engine;
mod service;
mod storage;
mod tls;
mod version;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use check::{check, node_ports};
pub use engine::{DiskSpace, Engine, EngineSecurity, Gc, GcPolicy, LogLevel, Registry};
pub use service::{DaggerAccess, DaggerService};
pub use storage::{CacheStorage, CacheStorageType, NfsShare};
pub use tls::{DaggerTls, IssuerKind, IssuerRef};
pub use version::DaggerVersion;
pub(in crate::config) use version::check_version;

use super::argocd::Resources;
use super::headscale::{ServiceType, Toleration};
use super::{Cluster, DnsLabel, DnsName, Image, LabelKey, LabelValue, NodeRole, Port};

/// A Dagger engine: runs builds for CI systems and people, inside of the cluster or not.
///
/// `dagger: {}` is one engine with a volume of its own, that pods of its own namespace may use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[schemars(example = serde_json::json!({}))]
pub struct Dagger {
    /// The engine's version, `0.21.8`. The `dagger` command line of whoever uses it must be of the same version.
    pub version: DaggerVersion,
    /// The container image; by default `registry.dagger.io/engine` in this version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<Image>,
    /// The namespace that it runs in. The engine needs the PodSecurity level `privileged`, so nothing else should live there.
    pub namespace: DnsLabel,
    /// What runs the pods.
    pub kind: WorkloadKind,
    /// How many engines. Each has a cache of its own, so that a build is fast where it ran before.
    #[schemars(range(min = 1, max = 100))]
    pub replicas: u16,
    /// How clients find the engine.
    pub service: DaggerService,
    /// Who may connect. Whoever can is root on the node.
    pub access: DaggerAccess,
    /// Encrypted connections, with clients that show a certificate. Dagger 0.20.1 and later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<DaggerTls>,
    /// The volume of the cache, `/var/lib/dagger`.
    pub storage: CacheStorage,
    /// The engine's own config, `engine.json`.
    pub engine: Engine,
    /// A ConfigMap in the same namespace with certificates of authorities (`*.crt`) that the engine and its builds trust.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_config_map: Option<DnsName>,
    /// CPU and memory of an engine; none by default, as upstream.
    pub resources: Resources,
    /// Labels that the pods' nodes must have.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("propertyNames" = {"format": "label-key"}))]
    pub node_selector: BTreeMap<LabelKey, LabelValue>,
    /// Taints that the pods tolerate.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tolerations: Vec<Toleration>,
    /// Seconds that an engine has to end what it runs before it is killed.
    pub termination_grace_period_seconds: u32,
}

impl Default for Dagger {
    fn default() -> Self {
        Self {
            version: DaggerVersion::default(),
            image: None,
            namespace: "dagger".into(),
            kind: WorkloadKind::StatefulSet,
            replicas: 1,
            service: DaggerService::default(),
            access: DaggerAccess::default(),
            tls: None,
            storage: CacheStorage::default(),
            engine: Engine::default(),
            ca_config_map: None,
            resources: Resources::default(),
            node_selector: BTreeMap::new(),
            tolerations: Vec::new(),
            // helm/dagger/values.yaml
            termination_grace_period_seconds: 300,
        }
    }
}

/// What runs the pods.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum WorkloadKind {
    /// A volume for each replica.
    #[default]
    StatefulSet,
    /// One replica and one volume.
    Deployment,
}

impl Dagger {
    /// The image that runs.
    #[must_use]
    pub fn image(&self) -> Image {
        self.image.clone().unwrap_or_else(|| format!("registry.dagger.io/engine:v{}", self.version).into())
    }

    /// The port of metrics: Prometheus' own usual one, or the next where clients come to that.
    #[must_use]
    pub const fn metrics_port(&self) -> Port {
        Port(if self.service.port.0 == 9090 { 9091 } else { 9090 })
    }

    /// The name of the Service as pods of the cluster look it up.
    #[must_use]
    pub fn service_host(&self, cluster: &Cluster) -> String {
        format!("{}.{}.svc.{}", self.service.name, self.namespace, cluster.cluster.network.domain)
    }

    /// Where clients outside of the cluster reach the engine: host and port; none while it is inside only, or while nobody knows the host.
    #[must_use]
    pub fn outside<'a>(&'a self, cluster: &'a Cluster) -> Option<(&'a str, u16)> {
        let named = self.service.external_host.as_ref().map(super::Host::as_str);
        match self.service.r#type {
            ServiceType::NodePort => Some((named.or_else(|| first_server_address(cluster))?, self.service.node_port.0)),
            ServiceType::LoadBalancer => Some((named?, self.service.port.0)),
            // Such as a TCP route of an ingress controller.
            ServiceType::ClusterIP => Some((named?, self.service.external_port.unwrap_or(self.service.port).0)),
        }
    }
}

fn first_server_address(cluster: &Cluster) -> Option<&str> {
    let server = cluster.nodes.iter().find(|node| node.role == NodeRole::Server)?;
    server.address.as_ref().map(super::IpAddress::as_str)
}
