//! The `dashboard` section: a page with links to what runs in the cluster (Homepage), and a view of its objects (Headlamp).
//!
//! Facts are read in homepage v1.12.3 (`src/middleware.js`, `src/utils/config`, `src/utils/kubernetes`, `docs/`) and headlamp v0.45.0
//! (`charts/headlamp`, `Dockerfile`).

mod check;
mod headlamp;
mod look;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use check::{check, node_ports};
pub use headlamp::{HEADLAMP_PORT, Headlamp};
pub use look::{Branding, Customizations, Link, Metrics, MetricsSource, PrometheusQuery};

use super::argocd::Resources;
use super::headscale::ServiceType;
use super::{Cluster, DnsLabel, Image, NodeRole, Port, Quantity};

/// A page with links to everything that runs in the cluster: Homepage.
///
/// It has no log-in of its own: whoever reaches it sees its links, and never more. What changes the cluster (restart, sync, logs) is a link
/// to where people log in: Argo CD, Headlamp.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[schemars(example = serde_json::json!({}))]
pub struct Dashboard {
    /// The name of its objects.
    pub name: DnsLabel,
    /// The namespace that it runs in.
    pub namespace: DnsLabel,
    /// The TCP port of its pod and of its Service.
    pub port: Port,
    /// The container image; by default Homepage 1.12.3.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_image: Option<Image>,
    /// How it is reached.
    pub service: DashboardService,
    /// The hosts that it is reached under, `dashboard.example.com` or `10.0.0.5:8080`: Homepage shows nothing under any other. Its Service's
    /// names are among them anyway, and with a NodePort the address of the first server node.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [["dashboard.example.com"]]))]
    pub allowed_hosts: Vec<String>,
    /// How it looks, and what it shows.
    pub customizations: Customizations,
    /// Finds what is routed in the cluster.
    pub service_discovery: ServiceDiscovery,
    /// A view of the cluster's objects, for people who log in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headlamp: Option<Headlamp>,
    /// CPU and memory of the container.
    pub resources: Resources,
}

impl Default for Dashboard {
    fn default() -> Self {
        let of = |pairs: &[(&str, &str)]| pairs.iter().map(|(name, amount)| ((*name).to_owned(), Quantity::from(*amount))).collect();
        Self {
            name: "dashboard".into(),
            namespace: "dashboard".into(),
            port: Port(8080),
            base_image: None,
            service: DashboardService::default(),
            allowed_hosts: Vec::new(),
            customizations: Customizations::default(),
            service_discovery: ServiceDiscovery::default(),
            headlamp: None,
            resources: Resources { requests: of(&[("cpu", "50m"), ("memory", "128Mi")]), limits: of(&[("memory", "512Mi")]) },
        }
    }
}

/// How a page is reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct DashboardService {
    /// The type of the Service: inside of the cluster and through an ingress controller (`ClusterIP`), or by a port of its own as well.
    pub r#type: ServiceType,
    /// The port on every node, where the type is `NodePort`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_port: Option<Port>,
}

impl Default for DashboardService {
    fn default() -> Self {
        Self { r#type: ServiceType::ClusterIP, node_port: None }
    }
}

/// Finds what is routed in the cluster, by annotations `gethomepage.dev/…` of routes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ServiceDiscovery {
    /// Whether it looks. Without, the page shows what the release itself knows, and asks the API server nothing.
    pub enabled: bool,
    /// The namespaces whose routes are shown; none for all. Those of the release get the annotations only there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub namespaces: Vec<DnsLabel>,
    /// The kinds of routes that it looks for.
    pub routes: Vec<RouteKind>,
}

impl Default for ServiceDiscovery {
    fn default() -> Self {
        Self { enabled: true, namespaces: Vec::new(), routes: vec![RouteKind::Ingress, RouteKind::Traefik] }
    }
}

/// A kind of routes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RouteKind {
    /// Kubernetes' `Ingress`.
    Ingress,
    /// Traefik's `IngressRoute`.
    Traefik,
    /// Gateway API's `HTTPRoute`. The cluster must have its definitions.
    Gateway,
}

impl Dashboard {
    /// The image that runs.
    #[must_use]
    pub fn image(&self) -> Image {
        self.base_image.clone().unwrap_or_else(|| format!("ghcr.io/gethomepage/homepage:v{}", crate::versions::HOMEPAGE).into())
    }

    /// The name of Headlamp's objects.
    #[must_use]
    pub fn headlamp_name(&self) -> String {
        format!("{}-headlamp", self.name)
    }

    /// Every `host` or `host:port` that the page answers to.
    #[must_use]
    pub fn hosts(&self, cluster: &Cluster) -> Vec<String> {
        let service = format!("{}.{}", self.name, self.namespace);
        let domain = &cluster.cluster.network.domain;
        let inside = [service.clone(), format!("{service}.svc"), format!("{service}.svc.{domain}")];
        let mut hosts = self.allowed_hosts.clone();
        hosts.extend(inside.into_iter().map(|name| format!("{name}:{}", self.port)));
        let server = cluster.nodes.iter().find(|node| node.role == NodeRole::Server).and_then(|node| node.address.as_ref());
        if let (ServiceType::NodePort, Some(port), Some(address)) = (self.service.r#type, self.service.node_port, server) {
            let bracketed = address.address().is_some_and(|address| address.is_ipv6());
            hosts.push(if bracketed { format!("[{address}]:{port}") } else { format!("{address}:{port}") });
        }
        let mut seen = std::collections::BTreeSet::new();
        hosts.retain(|host| seen.insert(host.clone()));
        hosts
    }
}
