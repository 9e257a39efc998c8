//! Which requests go where.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::RoutePath;
use crate::config::{DnsLabel, DnsName, GoDuration, LabelKey, Port};

/// Which requests go to which Service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Route {
    /// Its name, which its objects have. `argocd`, `grafana` and `headscale` stand for these components.
    pub name: DnsLabel,
    /// The namespace of its objects and of its TLS Secret; by default that of the Service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<DnsLabel>,
    /// The host of the requests; none takes every host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["argocd.cluster.internal"]))]
    pub host: Option<DnsName>,
    /// The path that requests begin with, by whole path elements; by default `/`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<RoutePath>,
    /// Whether the Service sees requests without that path.
    #[serde(default)]
    pub strip_prefix: bool,
    /// A port of the controller for this route, instead of those of HTTP and HTTPS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = [2555]))]
    pub listen_port: Option<Port>,
    /// What is spoken at `listenPort`.
    #[serde(default)]
    pub protocol: Protocol,
    /// The Service that gets the requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<RouteService>,
    /// TLS of the route; by default that of `ingress.tls`, for routes with a host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<RouteTls>,
    /// Whether requests with the content type of gRPC are spoken to the Service in HTTP/2 without TLS. On for `argocd`, where the form can
    /// tell them apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grpc: Option<bool>,
    /// What Traefik does with the requests, in this order: names of `ingress.middlewares`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [["only-from-home"]]))]
    pub middlewares: Vec<DnsLabel>,
    /// How often a request is sent again when the pod that should answer cannot be reached; Traefik then takes another pod.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10))]
    pub retries: Option<u8>,
    /// When a pod that fails is left out for a while, besides the readiness that Kubernetes looks after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health_check: Option<HealthCheck>,
    /// Annotations of its objects.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("propertyNames" = {"format": "label-key"}))]
    pub annotations: BTreeMap<LabelKey, String>,
}

/// A Service of this cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RouteService {
    /// Its name.
    pub name: DnsLabel,
    /// Its namespace; by default `default`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<DnsLabel>,
    /// Its port, which is not that of the container.
    pub port: Port,
}

/// TLS of a route.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct RouteTls {
    /// Whether the route is served over TLS.
    pub enabled: bool,
    /// The Secret of type `kubernetes.io/tls` with the certificate, in the route's namespace. Without an issuer, something else delivers it;
    /// with one, cert-manager makes it, by default as `HOST-tls`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_name: Option<DnsName>,
    /// The issuer of cert-manager that makes the certificate: one of `certManager.issuers`, or a ClusterIssuer that is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<DnsName>,
    /// Whether the connection goes to the Service as it is, which has the certificate itself. Only the host is looked at.
    pub passthrough: bool,
    /// Whether plain HTTP is answered with a redirect to HTTPS; by default it is. Off, plain HTTP is not answered at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirect: Option<bool>,
}

/// What is spoken at a port.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// HTTP; host and path count.
    #[default]
    Http,
    /// Anything over TCP: every connection goes to the Service.
    Tcp,
}

/// When a pod that fails is left out for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HealthCheck {
    /// The time in which failures are counted, and in which the pod is then left out.
    #[serde(default = "window")]
    pub failure_window: GoDuration,
    /// How many failures are one too many.
    #[serde(default = "attempts")]
    #[schemars(range(min = 1, max = 1000))]
    pub max_failed_attempts: u16,
}

fn window() -> GoDuration {
    "10s".into()
}

const fn attempts() -> u16 {
    1
}
