//! The URL under which nodes of the mesh find the server.

use std::net::IpAddr;

use super::{Headscale, ServiceType};
use crate::config::{Cluster, HttpUrl, IpAddress, NodeRole};

fn first_server_address(cluster: &Cluster) -> Option<&IpAddress> {
    cluster.nodes.iter().find(|node| node.role == NodeRole::Server).and_then(|node| node.address.as_ref())
}

/// Where a [`ServerUrl`] comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Config,
    Node,
    InCluster,
}

/// The URL under which nodes of the mesh find the server, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerUrl {
    https: bool,
    host: String,
    port: u16,
    path: String,
    source: Source,
}

impl ServerUrl {
    /// The URL of this cluster's server: as configured; or the first server node's address and the NodePort; or, where neither is
    /// there, the Service's name, which only pods of this cluster can reach. None when the configured one is no HTTP URL.
    #[must_use]
    pub fn of(cluster: &Cluster, headscale: &Headscale) -> Option<Self> {
        if let Some(url) = &headscale.server_url {
            return Self::parse(url);
        }
        let https = headscale.serves_tls();
        let derived = |host, port, source| Self { https, host, port, path: String::new(), source };
        let node = (headscale.service.r#type == ServiceType::NodePort).then(|| first_server_address(cluster)).flatten();
        Some(match node {
            Some(address) => derived(address.to_string(), headscale.service.node_port.0, Source::Node),
            None => derived(
                format!("headscale.{}.svc.{}", headscale.namespace, cluster.cluster.network.domain),
                headscale.service.port.0,
                Source::InCluster,
            ),
        })
    }

    fn parse(url: &HttpUrl) -> Option<Self> {
        let (scheme, host, port) = url.parts()?;
        let (_, rest) = url.as_str().split_once("://")?;
        let path = rest.find(['/', '?', '#']).map_or("", |at| &rest[at..]).trim_end_matches('/').to_owned();
        Some(Self { https: scheme == "https", host: host.to_ascii_lowercase(), port, path, source: Source::Config })
    }

    /// The host without brackets and port, in lower case.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port that clients connect to.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Whether it begins with `https://`.
    #[must_use]
    pub const fn is_https(&self) -> bool {
        self.https
    }

    /// What follows the host and port, without a trailing `/`.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether only pods of this cluster can reach it.
    #[must_use]
    pub fn is_in_cluster(&self) -> bool {
        self.source == Source::InCluster
    }

    /// Whether Tailscale clients join over plain HTTP at this host: a private IPv4 address, loopback or `localhost` (tailscale#15008).
    #[must_use]
    pub fn joins_over_http(&self) -> bool {
        match self.host.parse() {
            Ok(IpAddr::V4(address)) => address.is_private() || address.is_loopback(),
            Ok(IpAddr::V6(address)) => address.is_loopback(),
            Err(_) => self.host == "localhost",
        }
    }
}

impl std::fmt::Display for ServerUrl {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (scheme, default_port) = if self.https { ("https", 443) } else { ("http", 80) };
        if self.host.contains(':') {
            write!(out, "{scheme}://[{}]", self.host)?;
        } else {
            write!(out, "{scheme}://{}", self.host)?;
        }
        if self.port != default_port {
            write!(out, ":{}", self.port)?;
        }
        out.write_str(&self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_taken_apart() {
        for (text, host, port, back) in [
            ("https://hs.example.com", "hs.example.com", 443, "https://hs.example.com"),
            ("http://HS.example.com:30080/", "hs.example.com", 30080, "http://hs.example.com:30080"),
            ("http://[fd00::1]:8080", "fd00::1", 8080, "http://[fd00::1]:8080"),
            ("https://a.example/b/", "a.example", 443, "https://a.example/b"),
        ] {
            let url = ServerUrl::parse(&text.into()).expect("a URL");
            assert_eq!((url.host(), url.port(), url.to_string().as_str()), (host, port, back));
        }
        for text in ["ftp://a", "hs.example.com", "http://", "http://a:b", "https://[::1"] {
            assert_eq!(ServerUrl::parse(&text.into()), None, "{text}");
        }
    }

    #[test]
    fn plain_http_is_for_private_hosts() {
        let joins = |text: &str| ServerUrl::parse(&text.into()).expect("a URL").joins_over_http();
        for good in ["http://10.0.0.1:30080", "http://192.168.7.9", "http://172.31.0.1", "http://127.0.0.1", "http://localhost:8080"] {
            assert!(joins(good), "{good}");
        }
        for bad in ["http://100.64.0.1", "http://203.0.113.9", "http://primer", "http://hs.example.com", "http://[fd00::1]"] {
            assert!(!joins(bad), "{bad}");
        }
    }
}
