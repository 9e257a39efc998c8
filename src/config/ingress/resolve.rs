//! Routes with everything filled in that follows from other places of the config.

use std::collections::BTreeMap;

use super::{HealthCheck, Ingress, Protocol, Route, RouteTls, well_known};
use crate::config::Cluster;
use crate::source::ConfigPath;

/// A Service that gets requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backend {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its port.
    pub port: u16,
}

/// Who ends TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TlsMode {
    /// Nobody: plain HTTP, or whatever TCP carries.
    Plain,
    /// The controller.
    Terminate {
        /// The Secret with the certificate, in the route's namespace.
        secret: String,
        /// The issuer that makes it; none when something else delivers it.
        issuer: Option<String>,
        /// Whether plain HTTP is sent to HTTPS.
        redirect: bool,
    },
    /// The Service.
    Passthrough,
}

/// A route with everything filled in.
#[derive(Debug, Clone, PartialEq)]
pub struct ResolvedRoute {
    /// The entry that asks for it.
    pub origin: ConfigPath,
    /// Its name.
    pub name: String,
    /// The namespace of its objects and its TLS Secret.
    pub namespace: String,
    /// The host; none for every one.
    pub host: Option<String>,
    /// The prefix, without a `/` at its end but for the root.
    pub path: String,
    /// Whether the Service sees requests without the prefix.
    pub strip_prefix: bool,
    /// A port of its own.
    pub listen_port: Option<u16>,
    /// What is spoken at that port.
    pub protocol: Protocol,
    /// Who gets the requests.
    pub service: Backend,
    /// Who ends TLS.
    pub tls: TlsMode,
    /// Whether gRPC is told apart.
    pub grpc: bool,
    /// Names of middlewares.
    pub middlewares: Vec<String>,
    /// How often a request is sent again.
    pub retries: Option<u8>,
    /// When pods are left out.
    pub health_check: Option<HealthCheck>,
    /// Annotations of its objects.
    pub annotations: BTreeMap<String, String>,
}

impl ResolvedRoute {
    /// Whether the controller ends TLS.
    #[must_use]
    pub const fn is_terminated(&self) -> bool {
        matches!(self.tls, TlsMode::Terminate { .. })
    }

    /// Whether plain HTTP is sent to HTTPS.
    #[must_use]
    pub const fn redirects(&self) -> bool {
        matches!(self.tls, TlsMode::Terminate { redirect: true, .. }) && self.listen_port.is_none()
    }

    /// Whether every connection goes to the Service as it is.
    #[must_use]
    pub fn is_raw(&self) -> bool {
        self.protocol == Protocol::Tcp || self.tls == TlsMode::Passthrough
    }
}

/// The routes of a config: its own, then those of components that are on and have none. A route whose Service is not known is left out; a
/// check has said so.
#[must_use]
pub fn routes(cluster: &Cluster) -> Vec<ResolvedRoute> {
    let Some(ingress) = &cluster.ingress else { return Vec::new() };
    let own = ingress.routes.iter().enumerate();
    let own = own.filter_map(|(at, route)| resolve(cluster, ingress, route, ConfigPath::of(["ingress", "routes"]).index(at)));
    let automatic = automatic(ingress);
    let automatic = automatic.iter().filter_map(|route| resolve(cluster, ingress, route, ConfigPath::of(["ingress", "domain"])));
    own.chain(automatic).collect()
}

/// Routes for components that have none, where there is a domain to give them hosts.
fn automatic(ingress: &Ingress) -> Vec<Route> {
    if ingress.domain.is_none() {
        return Vec::new();
    }
    let has_none = |known: &&well_known::WellKnown| known.automatic && ingress.routes.iter().all(|route| route.name.as_str() != known.name);
    well_known::ALL.iter().filter(has_none).map(|known| empty(known.name)).collect()
}

fn empty(name: &str) -> Route {
    Route {
        name: name.into(),
        namespace: None,
        host: None,
        path: None,
        strip_prefix: false,
        listen_port: None,
        protocol: Protocol::Http,
        service: None,
        tls: None,
        grpc: None,
        middlewares: Vec::new(),
        retries: None,
        health_check: None,
        annotations: BTreeMap::new(),
    }
}

fn resolve(cluster: &Cluster, ingress: &Ingress, route: &Route, origin: ConfigPath) -> Option<ResolvedRoute> {
    let known = well_known::of(route.name.as_str()).filter(|_| route.service.is_none());
    let service = match (&route.service, known) {
        (Some(service), _) => Backend {
            namespace: service.namespace.as_ref().map_or_else(|| "default".to_owned(), ToString::to_string),
            name: service.name.to_string(),
            port: service.port.0,
        },
        (None, Some(known)) => (known.service)(cluster)?,
        (None, None) => return None,
    };
    let host = host(ingress, route, known.is_some());
    let tls = tls(ingress, route, host.as_deref());
    let is_argocd = known.is_some_and(|known| known.name == "argocd");
    let grpc = route.grpc.unwrap_or(is_argocd && ingress.carries(super::Feature::Grpc, cluster));
    let service = if is_argocd && tls == TlsMode::Passthrough { Backend { port: 443, ..service } } else { service };
    Some(ResolvedRoute {
        origin,
        name: route.name.to_string(),
        namespace: route.namespace.as_ref().map_or_else(|| service.namespace.clone(), ToString::to_string),
        host,
        path: route.path.as_ref().map_or("/", |path| path.prefix()).to_owned(),
        strip_prefix: route.strip_prefix,
        listen_port: route.listen_port.map(|port| port.0),
        protocol: route.protocol,
        grpc: grpc && tls != TlsMode::Passthrough && route.protocol == Protocol::Http,
        service,
        tls,
        middlewares: route.middlewares.iter().map(ToString::to_string).collect(),
        retries: route.retries,
        health_check: route.health_check.clone(),
        annotations: route.annotations.iter().map(|(key, value)| (key.to_string(), value.clone())).collect(),
    })
}

/// As written; for a component that says nothing about where it is, its name in the domain.
fn host(ingress: &Ingress, route: &Route, known: bool) -> Option<String> {
    if let Some(host) = &route.host {
        return Some(host.to_string());
    }
    let domain = ingress.domain.as_ref().filter(|_| known && route.path.is_none() && route.listen_port.is_none())?;
    Some(format!("{}.{domain}", route.name))
}

fn tls(ingress: &Ingress, route: &Route, host: Option<&str>) -> TlsMode {
    let inherited = ingress.tls.as_ref().filter(|_| host.is_some() && route.protocol == Protocol::Http && route.listen_port.is_none());
    let Some(tls) = route.tls.as_ref().or(inherited).filter(|tls| tls.enabled) else { return TlsMode::Plain };
    if tls.passthrough {
        return TlsMode::Passthrough;
    }
    TlsMode::Terminate {
        secret: secret(tls, route, host),
        issuer: tls.issuer.as_ref().map(ToString::to_string),
        redirect: tls.redirect.unwrap_or(true),
    }
}

fn secret(tls: &RouteTls, route: &Route, host: Option<&str>) -> String {
    match (&tls.secret_name, host) {
        (Some(name), _) => name.to_string(),
        (None, Some(host)) => format!("{host}-tls"),
        (None, None) => format!("{}-tls", route.name),
    }
}
