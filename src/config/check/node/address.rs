//! Addresses of nodes: each is one node's alone, and lies outside of the cluster's own networks.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::node;
use crate::config::{Cluster, IpAddress, NodeEntry, Problems};
use crate::source::ConfigPath;

pub(super) fn check(cluster: &Cluster, problems: &mut Problems) {
    let mut first_users: BTreeMap<IpAddr, (usize, ConfigPath)> = BTreeMap::new();
    for (at, entry) in cluster.nodes.iter().enumerate() {
        families(cluster, at, entry, problems);
        for (path, text) in addresses(at, entry) {
            let Some(address) = text.address() else { continue };
            range(&path, address, problems);
            networks(cluster, &path, address, problems);
            let (first_at, first_path) = first_users.entry(address).or_insert_with(|| (at, path.clone())).clone();
            if first_at != at {
                let text = format!("`{address}` is the address of node `{}` already", cluster.nodes[first_at].name);
                problems.error(path, "config/duplicate-address", text, "every node needs an address of its own").involving(first_path);
            }
        }
    }
}

fn addresses(at: usize, entry: &NodeEntry) -> impl Iterator<Item = (ConfigPath, &IpAddress)> {
    let in_mesh = entry.mesh.as_ref().and_then(|mesh| mesh.address.as_ref());
    [
        (node(at).key("address"), entry.address.as_ref()),
        (node(at).key("ipv6Address"), entry.ipv6_address.as_ref()),
        (node(at).key("externalAddress"), entry.external_address.as_ref()),
        (node(at).key("mesh").key("address"), in_mesh),
    ]
    .into_iter()
    .filter_map(|(path, address)| Some((path, address?)))
}

/// k3s starts only when a node has addresses of the families that pods have (k3s' pkg/cli/server: "must share the same IP version").
fn families(cluster: &Cluster, at: usize, entry: &NodeEntry, problems: &mut Problems) {
    let networks = cluster.cluster.network.cidr.networks();
    let addresses: Vec<IpAddr> = entry.node_ips().into_iter().filter_map(IpAddress::address).collect();
    if networks.is_empty() || addresses.is_empty() {
        return;
    }
    let missing = [(true, "IPv4"), (false, "IPv6")].into_iter().find(|(v4, _)| {
        networks.iter().any(|network| network.addr().is_ipv4() == *v4) != addresses.iter().any(|address| address.is_ipv4() == *v4)
    });
    if let Some((v4, family)) = missing {
        let pods_have = networks.iter().any(|network| network.addr().is_ipv4() == v4);
        let text = if pods_have {
            format!("pods get {family} addresses, and node `{}` has none", entry.name)
        } else {
            format!("node `{}` has an {family} address, and pods get none", entry.name)
        };
        let hint = "a dual-stack node has `address` and `ipv6Address`, a dual-stack cluster two networks in `cluster.network.cidr`";
        problems.error(node(at), "config/node-address", text, hint).involving(ConfigPath::of(["cluster", "network", "cidr"]));
    }
}

/// Kubernetes refuses such a node address (k8s.io/kubernetes pkg/kubelet `validateNodeIP`).
fn range(path: &ConfigPath, address: IpAddr, problems: &mut Problems) {
    let link_local = match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    };
    let kind = match address {
        _ if address.is_loopback() => "a loopback address",
        _ if address.is_multicast() => "a multicast address",
        _ if address.is_unspecified() => "no address of a machine",
        _ if link_local => "a link-local address",
        _ => return,
    };
    let text = format!("`{address}` is {kind}, which other nodes cannot reach");
    problems.error(path.clone(), "config/node-address", text, "write an address of one of the node's network interfaces");
}

fn networks(cluster: &Cluster, path: &ConfigPath, address: IpAddr, problems: &mut Problems) {
    let network = &cluster.cluster.network;
    for (key, what, networks) in [("cidr", "pods", &network.cidr), ("serviceCidr", "Services", &network.service_cidr)] {
        if let Some(network) = networks.networks().into_iter().find(|network| network.contains(&address)) {
            let text = format!("`{address}` lies in the network of {what}, `{network}`");
            let hint = format!("give the node another address, or {what} another network with `cluster.network.{key}`");
            let network_path = ConfigPath::of(["cluster", "network", key]);
            problems.error(path.clone(), "config/node-address", text, hint).involving(network_path);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::testing::{cluster, said};
    use super::check;

    #[test]
    fn an_address_belongs_to_one_node() {
        let nodes = json!([
            {"name": "a", "role": "server", "address": "10.0.0.1", "externalAddress": "10.0.0.1", "mesh": {"type": "tailscale", "address": "fd7a::1"}},
            {"name": "b", "address": "10.0.0.1", "mesh": {"type": "tailscale", "address": "fd7a:0::1"}},
        ]);
        insta::assert_snapshot!(said(check, &cluster(json!({}), nodes)), @"
        error nodes[1].address config/duplicate-address: `10.0.0.1` is the address of node `a` already
        error nodes[1].mesh.address config/duplicate-address: `fd7a::1` is the address of node `a` already
        ");
    }

    #[test]
    fn nodes_have_the_families_that_pods_have() {
        let nodes = json!([{"name": "a", "address": "192.168.1.1", "ipv6Address": "fd00::1"}, {"name": "b", "address": "192.168.1.2"}, {"name": "c"}]);
        let mut cluster = cluster(json!({}), nodes);
        insta::assert_snapshot!(said(check, &cluster), @"error nodes[0] config/node-address: node `a` has an IPv6 address, and pods get none");
        cluster.cluster.network.cidr = "10.42.0.0/16,fd42::/56".into();
        insta::assert_snapshot!(said(check, &cluster), @"error nodes[1] config/node-address: pods get IPv6 addresses, and node `b` has none");
    }

    #[test]
    fn an_address_can_be_reached_and_is_no_pods() {
        let nodes = json!([
            {"name": "a", "address": "10.42.7.1", "externalAddress": "10.43.0.1"},
            {"name": "b", "address": "127.0.0.1"}, {"name": "c", "address": "fe80::1"}, {"name": "d", "address": "0.0.0.0"},
            {"name": "e", "address": "not an address"}, {"name": "f", "address": "224.0.0.1"},
        ]);
        insta::assert_snapshot!(said(check, &cluster(json!({}), nodes)), @"
        error nodes[0].address config/node-address: `10.42.7.1` lies in the network of pods, `10.42.0.0/16`
        error nodes[0].externalAddress config/node-address: `10.43.0.1` lies in the network of Services, `10.43.0.0/16`
        error nodes[1].address config/node-address: `127.0.0.1` is a loopback address, which other nodes cannot reach
        error nodes[2] config/node-address: pods get IPv4 addresses, and node `c` has none
        error nodes[2].address config/node-address: `fe80::1` is a link-local address, which other nodes cannot reach
        error nodes[3].address config/node-address: `0.0.0.0` is no address of a machine, which other nodes cannot reach
        error nodes[5].address config/node-address: `224.0.0.1` is a multicast address, which other nodes cannot reach
        ");
    }
}
