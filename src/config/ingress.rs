//! The `ingress` section: who answers requests from outside, and which Service gets them.
//!
//! A route has one meaning, whatever objects carry it: a path is a prefix by path elements (`/argocd` is `/argocd`, `/argocd/` and
//! `/argocd/x`, never `/argocdx`), the longest prefix wins, and a route for a host comes before one for every host. docs/INGRESS.md says
//! what each form can carry.

mod check;
mod controller;
mod form;
mod middleware;
mod path;
mod resolve;
mod route;
mod settle;
mod well_known;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use check::{check, node_ports};
pub use controller::{Controller, ControllerService, ControllerType, LogLevel, TraefikForm};
pub use form::{Feature, Form};
pub use middleware::Middleware;
pub use path::RoutePath;
pub(in crate::config) use path::check_path;
pub use resolve::{Backend, ResolvedRoute, TlsMode, routes};
pub use route::{HealthCheck, Protocol, Route, RouteService, RouteTls};
pub(in crate::config) use settle::settle;

use super::{Cluster, DnsName};

/// Where requests from outside of the cluster go.
///
/// `ingress: {}` is a Traefik of our own without routes; `domain` gives routes to the components that are on.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[schemars(example = serde_json::json!({"domain": "cluster.internal"}))]
pub struct Ingress {
    /// The program that answers, and the objects that it reads.
    pub controller: Controller,
    /// The DNS domain of the cluster's pages. With it, Argo CD, the dashboard and Headlamp get
    /// the routes `argocd.DOMAIN`, `dashboard.DOMAIN` and `headlamp.DOMAIN` unless they have one, and a route that is named
    /// for a component and has neither host nor path gets `NAME.DOMAIN`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<DnsName>,
    /// TLS of routes with a host that say nothing about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<RouteTls>,
    /// Which requests go where. A route named `argocd`, `dashboard`, `grafana`, `headlamp` or `headscale` knows its Service by itself.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-merge-key" = "name"))]
    pub routes: Vec<Route>,
    /// The Service that gets plain HTTP requests that no route takes; without one they are answered with 404.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_backend: Option<RouteService>,
    /// What Traefik does with a request on its way, for routes to name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-merge-key" = "name"))]
    pub middlewares: Vec<Middleware>,
}

impl Ingress {
    /// The objects that routes become.
    #[must_use]
    pub const fn form(&self) -> Form {
        Form::of(&self.controller)
    }

    /// Whether Traefik answers: as the controller of its own kinds, or behind the Gateway API.
    #[must_use]
    pub fn is_traefik(&self) -> bool {
        match self.controller.r#type {
            ControllerType::Traefik => true,
            ControllerType::Nginx => false,
            ControllerType::Gateway => self.controller.class().as_str() == "traefik",
        }
    }

    /// Whether Traefik is ours to install and k3s does not bring it.
    #[must_use]
    pub fn installs_traefik(&self, cluster: &Cluster) -> bool {
        self.is_traefik() && self.controller.install && !cluster.k3s.bundled_traefik
    }

    /// Whether the Traefik that k3s brings is used, by way of its chart.
    #[must_use]
    pub fn uses_bundled_traefik(&self, cluster: &Cluster) -> bool {
        self.is_traefik() && self.controller.install && cluster.k3s.bundled_traefik
    }

    /// The namespace of the controller: as configured, else `kube-system` for what k3s brings, `istio-ingress` and `nginx` as their
    /// charts' documentation has it, and `traefik` for our own.
    #[must_use]
    pub fn namespace(&self, cluster: &Cluster) -> String {
        if let Some(namespace) = &self.controller.namespace {
            return namespace.to_string();
        }
        let own = match self.controller.r#type {
            _ if self.is_traefik() && cluster.k3s.bundled_traefik => "kube-system",
            ControllerType::Nginx => "nginx-ingress",
            ControllerType::Gateway if !self.is_traefik() => "gateway",
            ControllerType::Traefik | ControllerType::Gateway => "traefik",
        };
        own.to_owned()
    }

    /// The TCP ports that routes have for themselves, in order.
    #[must_use]
    pub fn listen_ports(&self) -> Vec<u16> {
        let mut ports: Vec<u16> = self.routes.iter().filter_map(|route| route.listen_port).map(|port| port.0).collect();
        ports.sort_unstable();
        ports.dedup();
        ports
    }
}

/// The port inside of the pod for a port outside of it.
///
/// Traefik runs without the right to low ports, and `8000`, `8443`, `8080` and `9100` are taken: by plain HTTP, by TLS, and by the
/// health checks and metrics of k3s' chart and of our own install.
#[must_use]
pub const fn inner_port(outer: u16) -> u16 {
    match outer {
        0..1024 | 8000 | 8080 | 8443 | 9100 => outer + 20_000,
        _ => outer,
    }
}

/// The name of the entry point of a port.
#[must_use]
pub fn entry_point(port: u16) -> String {
    format!("port-{port}")
}
