//! Which addresses a lab has. They lie in network namespaces of its own, so several labs have the same.

use std::net::{Ipv4Addr, SocketAddr};

use crate::diag::{Error, Result};

/// The ranges of a cluster, IPv4.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ranges {
    /// Addresses of pods, `10.42.0.0/16`; node `n` has the `n`th range of 256 of them.
    pub pods: ipnet::Ipv4Net,
    /// Addresses of Services, `10.43.0.0/16`.
    pub services: ipnet::Ipv4Net,
}

/// Candidates for the nodes' own network. Private ones, because Tailscale's clients join by plain `http://` only there.
const NODE_NETWORKS: [[u8; 4]; 3] = [[10, 77, 0, 0], [172, 31, 77, 0], [192, 168, 77, 0]];

/// What a lab with these ranges uses.
#[derive(Debug, Clone)]
pub(super) struct Addresses {
    ranges: Ranges,
    nodes: ipnet::Ipv4Net,
}

impl Addresses {
    pub(super) fn new(ranges: Ranges) -> Result<Self> {
        let overlaps = |net: &ipnet::Ipv4Net| [ranges.pods, ranges.services].iter().any(|range| range.contains(net) || net.contains(range));
        let candidates = NODE_NETWORKS.map(|octets| ipnet::Ipv4Net::new_assert(Ipv4Addr::from(octets), 24));
        let nodes = candidates.into_iter().find(|net| !overlaps(net));
        let small = ranges.pods.prefix_len() > 20 || ranges.services.prefix_len() > 24;
        match nodes {
            Some(nodes) if !small => Ok(Self { ranges, nodes }),
            _ => Err(Error::usage(format!("a lab cannot use `{}` for pods and `{}` for Services", ranges.pods, ranges.services)).hint(
                "pods need a range of /20 or larger, Services one of /24 or larger, and both together must leave private addresses over",
            )),
        }
    }

    pub(super) const fn services(&self) -> ipnet::Ipv4Net {
        self.ranges.services
    }

    pub(super) const fn pods(&self) -> ipnet::Ipv4Net {
        self.ranges.pods
    }

    /// The address of a node, the primer being 0.
    pub(super) fn node(&self, index: u8) -> Ipv4Addr {
        nth(self.nodes, 1 + u32::from(index))
    }

    /// With its prefix length, as `ip addr add` takes it.
    pub(super) fn node_in_network(&self, index: u8) -> String {
        format!("{}/{}", self.node(index), self.nodes.prefix_len())
    }

    /// The addresses of the pods of a node.
    pub(super) fn pods_of(&self, index: u8) -> ipnet::Ipv4Net {
        ipnet::Ipv4Net::new_assert(nth(self.ranges.pods, u32::from(index) * 256), 24)
    }

    /// The API server, as nodes see it.
    pub(super) fn api(&self) -> SocketAddr {
        (self.node(0), 6443).into()
    }

    /// The registry of the lab's images.
    pub(super) fn mirror(&self) -> SocketAddr {
        (self.node(0), 5000).into()
    }

    /// The Service `kubernetes`, which has the first address of the range.
    pub(super) fn api_service(&self) -> Ipv4Addr {
        nth(self.ranges.services, 1)
    }

    /// The Service of the cluster's DNS, by custom the tenth address.
    pub(super) fn dns(&self) -> Ipv4Addr {
        nth(self.ranges.services, 10)
    }
}

fn nth(net: ipnet::Ipv4Net, index: u32) -> Ipv4Addr {
    Ipv4Addr::from(u32::from(net.network()).wrapping_add(index))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranges(pods: &str, services: &str) -> Ranges {
        Ranges { pods: pods.parse().expect("a range"), services: services.parse().expect("a range") }
    }

    #[test]
    fn every_node_has_its_own() {
        let addresses = Addresses::new(ranges("10.42.0.0/16", "10.43.0.0/16")).expect("addresses");
        assert_eq!((addresses.node(0).to_string(), addresses.node_in_network(2)), ("10.77.0.1".to_owned(), "10.77.0.3/24".to_owned()));
        assert_eq!(addresses.pods_of(2).to_string(), "10.42.2.0/24");
        assert_eq!((addresses.api_service().to_string(), addresses.dns().to_string()), ("10.43.0.1".to_owned(), "10.43.0.10".to_owned()));
    }

    #[test]
    fn nodes_keep_out_of_the_way_of_pods() {
        let addresses = Addresses::new(ranges("10.64.0.0/10", "172.16.0.0/12")).expect("addresses");
        assert_eq!(addresses.node(0).to_string(), "192.168.77.1");
        assert!(Addresses::new(ranges("10.42.0.0/24", "10.43.0.0/16")).is_err());
        assert!(Addresses::new(ranges("0.0.0.0/0", "10.43.0.0/16")).is_err());
    }
}
