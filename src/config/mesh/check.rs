//! What a schema cannot say about the mesh.

use std::net::IpAddr;

use ipnet::IpNet;

use super::{Mesh, parse_endpoint};
use crate::config::{Cluster, FlannelBackend, IpAddress, Make, MeshType, NodeEntry, NodeMesh, Problems};
use crate::source::ConfigPath;

const RULE: &str = "config/mesh";

/// Checks the section, where there is one, and what nodes say for it.
pub(in crate::config) fn check(cluster: &Cluster, problems: &mut Problems) {
    other_kind(cluster, problems);
    endpoints(cluster, problems);
    keys(cluster, problems);
    let Some(mesh) = &cluster.mesh else { return };
    if cluster.mesh_nodes().next().is_none() {
        let hint = "give nodes `mesh: {type: wireguard}`, or remove the section";
        problems.warning(ConfigPath::of(["mesh"]), RULE, "no node is in the mesh", hint);
    }
    ports(cluster, mesh, problems);
    if mesh.discovery.is_some() {
        discovery(cluster, mesh, problems);
    } else {
        callers(cluster, mesh, problems);
    }
    let Some(range) = mesh.cidr.network() else { return };
    networks(cluster, range, problems);
    addresses(cluster, range, problems);
    if range.addr().is_ipv6() && mesh.mtu < 1280 {
        let message = format!("an MTU of {} is too small for IPv6", mesh.mtu);
        problems.error(at("mtu"), RULE, message, "IPv6 needs 1280 or more").involving(at("cidr"));
    }
}

fn at(key: &str) -> ConfigPath {
    ConfigPath::of(["mesh", key])
}

fn of_node(number: usize, key: &str) -> ConfigPath {
    ConfigPath::of(["nodes"]).index(number).key("mesh").key(key)
}

/// Settings of WireGuard on a node that is in another mesh.
fn other_kind(cluster: &Cluster, problems: &mut Problems) {
    for (number, node) in cluster.nodes.iter().enumerate() {
        let Some(mesh) = node.mesh.as_ref().filter(|mesh| mesh.r#type != MeshType::Wireguard) else { continue };
        let set = [
            ("endpoint", mesh.endpoint.is_some()),
            ("behindNat", mesh.behind_nat),
            ("port", mesh.port.is_some()),
            ("secret", mesh.secret.is_some()),
            ("publicKey", mesh.public_key.is_some()),
            ("privateKeyFile", mesh.private_key_file.is_some()),
        ];
        for (key, _) in set.into_iter().filter(|(_, is_set)| *is_set) {
            let message = format!("`{key}` is for `type: wireguard`, and node `{}` is in a mesh of Tailscale", node.name);
            problems.error(of_node(number, key), RULE, message, "remove it").involving(of_node(number, "type"));
        }
    }
}

fn endpoints(cluster: &Cluster, problems: &mut Problems) {
    for (number, _, mesh) in cluster.mesh_nodes() {
        if let Some(text) = mesh.endpoint.as_ref().filter(|text| parse_endpoint(text, 1).is_none()) {
            let message = format!("`{text}` is no host that can be called");
            let hint = "write `HOST` or `HOST:PORT`, and an IPv6 address in brackets: `[2001:db8::1]:51820`";
            problems.error(of_node(number, "endpoint"), RULE, message, hint);
        }
    }
}

/// The secret of a node's key is one, and the node can read it.
fn keys(cluster: &Cluster, problems: &mut Problems) {
    for (number, node, mesh) in cluster.mesh_nodes() {
        let name = cluster.mesh_secret_name(node);
        let Some(secret) = cluster.mesh_secret(node) else {
            if mesh.secret.is_some() {
                let hint = format!("add `{{name: {name}, make: {{type: wireguard-key}}, nodes: [{}]}}` to `secrets`", node.name);
                problems.error(of_node(number, "secret"), RULE, format!("there is no secret `{name}`"), hint);
            }
            continue;
        };
        let path = cluster.secrets.iter().position(|other| other.name == secret.name).map(|at| ConfigPath::of(["secrets"]).index(at));
        let path = path.unwrap_or_else(|| of_node(number, "secret"));
        if !matches!(secret.make, Make::WireguardKey | Make::Given) {
            let message = format!("`{name}` holds the key of node `{}`, and is made as `{}`", node.name, secret.make.name());
            problems.error(path.clone(), RULE, message, "write `make: {type: wireguard-key}`");
        }
        if mesh.private_key_file.is_none() && !cluster.nodes_of_secret(secret).iter().any(|reader| reader.name == node.name) {
            let message = format!("`{name}` holds the key of node `{}`, which does not decrypt it", node.name);
            problems.error(path, RULE, message, format!("write `nodes: [{}]`", node.name));
        }
    }
}

/// Flannel's own WireGuard listens on 51820, and on 51821 for IPv6 (flannel's pkg/backend/wireguard).
fn ports(cluster: &Cluster, mesh: &Mesh, problems: &mut Problems) {
    if cluster.k3s.flannel_backend != FlannelBackend::WireguardNative {
        return;
    }
    for (number, node, of_this) in cluster.mesh_nodes() {
        let port = mesh.port_of(of_this);
        if matches!(port, 51820 | 51821) {
            let path = if of_this.port.is_some() { of_node(number, "port") } else { at("port") };
            let message = format!("node `{}` listens for the mesh on {port}, and so does flannel's WireGuard", node.name);
            problems
                .error(path, RULE, message, "give the mesh another port, such as 51830")
                .involving(ConfigPath::of(["k3s", "flannelBackend"]));
            return;
        }
    }
}

/// Of any two nodes one has to be able to call the other.
fn callers(cluster: &Cluster, mesh: &Mesh, problems: &mut Problems) {
    let mut silent = cluster.mesh_nodes().filter(|(_, node, of_this)| of_this.endpoint.is_none() && mesh.endpoint_of(node).is_none());
    let Some((first_at, first, _)) = silent.next() else { return };
    for (number, node, of_this) in silent {
        let path = ConfigPath::of(["nodes"]).index(number).key("mesh");
        let message = format!("neither `{}` nor `{}` can be called, so they never reach each other", first.name, node.name);
        let hint = if of_this.behind_nat {
            "forward a UDP port to one of the two and write it as `mesh.endpoint: HOST:PORT`"
        } else {
            "give one of the two an `address`, `externalAddress` or `mesh.endpoint`"
        };
        problems.error(path, RULE, message, hint).involving(ConfigPath::of(["nodes"]).index(first_at).key("mesh"));
    }
}

/// With discovery it is enough that there is one whom all can call. Two behind NATs may find each other, or not.
fn discovery(cluster: &Cluster, mesh: &Mesh, problems: &mut Problems) {
    let members: Vec<(usize, &NodeEntry, &NodeMesh)> = cluster.mesh_nodes().collect();
    if let Some((_, node, of_this)) = members.iter().find(|(_, _, of_this)| Some(mesh.port_of(of_this)) == mesh.discovery_port()) {
        let message = format!("node `{}` listens on {} for WireGuard and for discovery", node.name, mesh.port_of(of_this));
        problems.error(ConfigPath::of(["mesh", "discovery", "port"]), RULE, message, "give discovery another port");
    }
    let is_called = |node: &NodeEntry, of_this: &NodeMesh| of_this.endpoint.is_some() || mesh.endpoint_of(node).is_some();
    let silent: Vec<_> = members.iter().filter(|(_, node, of_this)| !is_called(node, of_this)).collect();
    if members.len() > 1 && silent.len() == members.len() {
        let hint = "give one of them an `address`, `externalAddress` or `mesh.endpoint`: from it all others learn of each other";
        problems.error(at("discovery"), RULE, "no node of the mesh can be called, so nobody finds anybody", hint);
    }
    let mut hidden = silent.iter().filter(|(_, _, of_this)| of_this.behind_nat);
    if let (Some((first_at, first, _)), Some((number, second, _))) = (hidden.next(), hidden.next()) {
        let message = format!("`{}` and `{}` find each other only where both NATs let in who was called", first.name, second.name);
        let hint = "where they do not, forward a UDP port to one of the two and write it as `mesh.endpoint: HOST:PORT`";
        problems.warning(of_node(*number, "behindNat"), RULE, message, hint).involving(of_node(*first_at, "behindNat"));
    }
}

fn networks(cluster: &Cluster, range: IpNet, problems: &mut Problems) {
    let network = &cluster.cluster.network;
    for (key, what, networks) in [("cidr", "pods", &network.cidr), ("serviceCidr", "Services", &network.service_cidr)] {
        if let Some(other) = networks.networks().into_iter().find(|other| other.contains(&range) || range.contains(other)) {
            let message = format!("the mesh, `{range}`, overlaps the network of {what}, `{other}`");
            problems
                .error(at("cidr"), RULE, message, "choose a network outside of it")
                .involving(ConfigPath::of(["cluster", "network", key]));
        }
    }
    for (number, node) in cluster.nodes.iter().enumerate() {
        for (key, address) in [("address", &node.address), ("ipv6Address", &node.ipv6_address), ("externalAddress", &node.external_address)]
        {
            if let Some(address) = address.as_ref().and_then(IpAddress::address).filter(|address| range.contains(address)) {
                let message = format!("`{address}`, outside of the mesh, lies in the mesh's range `{range}`");
                let hint = "give the mesh another range: packets to that address would go into the mesh that they carry";
                problems.error(ConfigPath::of(["nodes"]).index(number).key(key), RULE, message, hint).involving(at("cidr"));
            }
        }
    }
}

fn addresses(cluster: &Cluster, range: IpNet, problems: &mut Problems) {
    for (number, _, mesh) in cluster.mesh_nodes() {
        let Some(address) = mesh.address.as_ref().and_then(IpAddress::address) else { continue };
        if let Some(why) = not_for_a_node(range, address) {
            let hint = "`manifestgen mesh allocate` writes an address where there is none";
            problems.error(of_node(number, "address"), RULE, format!("`{address}` {why}"), hint).involving(at("cidr"));
        }
    }
}

/// Why an address of a range cannot be a node's.
fn not_for_a_node(range: IpNet, address: IpAddr) -> Option<String> {
    if !range.contains(&address) {
        return Some(format!("is not in the mesh's range `{range}`"));
    }
    let plain = range.max_prefix_len() - range.prefix_len() > 1;
    if plain && address == range.network() {
        return Some("is the range itself".to_owned());
    }
    if plain && address.is_ipv4() && address == range.broadcast() {
        return Some(format!("is the broadcast address of `{range}`"));
    }
    None
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::check;
    use crate::config::check::testing::{cluster, said};

    const SSH: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsKLqeplhpW+uObz5dvMgjz1OxfM/XXUB+VHtZ6isGN";

    fn of(mesh: Value, nodes: Value, more: Value) -> String {
        let mut config = json!({"cluster": {"name": "c"}, "mesh": mesh, "nodes": nodes});
        for (key, value) in more.as_object().expect("a mapping") {
            config[key] = value.clone();
        }
        said(check, &cluster(config))
    }

    #[test]
    fn a_good_mesh_is_left_alone() {
        let nodes = json!([
            {"name": "a", "role": "server", "externalAddress": "203.0.113.1", "mesh": {"type": "wireguard", "address": "10.250.0.1"}},
            {"name": "b", "address": "192.168.1.2", "mesh": {"type": "wireguard", "behindNat": true}, "hostKeys": [SSH]},
        ]);
        let secrets = json!([{"name": "wireguard-b", "make": {"type": "wireguard-key"}, "nodes": ["b"]}]);
        assert_eq!(of(json!({"cidr": "10.250.0.0/24"}), nodes.clone(), json!({"secrets": secrets})), "");
        assert_eq!(of(Value::Null, nodes, json!({})), "");
    }

    #[test]
    fn ranges_and_addresses_fit() {
        let nodes = json!([
            {"name": "a", "address": "10.42.0.7", "mesh": {"type": "wireguard", "address": "10.41.0.1"}},
            {"name": "b", "address": "10.0.0.2", "mesh": {"type": "wireguard", "address": "10.42.0.0"}},
            {"name": "c", "address": "10.0.0.3", "mesh": {"type": "wireguard", "address": "10.42.3.255"}},
        ]);
        insta::assert_snapshot!(of(json!({"cidr": "10.42.0.0/22"}), nodes, json!({})), @"
        error mesh.cidr config/mesh: the mesh, `10.42.0.0/22`, overlaps the network of pods, `10.42.0.0/16`
        error nodes[0].address config/mesh: `10.42.0.7`, outside of the mesh, lies in the mesh's range `10.42.0.0/22`
        error nodes[0].mesh.address config/mesh: `10.41.0.1` is not in the mesh's range `10.42.0.0/22`
        error nodes[1].mesh.address config/mesh: `10.42.0.0` is the range itself
        error nodes[2].mesh.address config/mesh: `10.42.3.255` is the broadcast address of `10.42.0.0/22`
        ");
        let v6 = json!([{"name": "a", "address": "10.0.0.3", "mesh": {"type": "wireguard", "address": "fd00::1"}}]);
        insta::assert_snapshot!(of(json!({"cidr": "fd00::/64", "mtu": 1200}), v6, json!({})), @"error mesh.mtu config/mesh: an MTU of 1200 is too small for IPv6");
    }

    #[test]
    fn two_that_cannot_be_called_never_meet() {
        let nodes = json!([
            {"name": "a", "mesh": {"type": "wireguard"}},
            {"name": "b", "address": "192.168.1.2", "mesh": {"type": "wireguard", "behindNat": true}},
            {"name": "c", "mesh": {"type": "wireguard", "behindNat": true, "endpoint": "home.example.com:7"}},
            {"name": "d", "address": "192.168.1.4", "mesh": {"type": "wireguard", "endpoint": "a b"}},
        ]);
        insta::assert_snapshot!(of(json!({"cidr": "10.250.0.0/24"}), nodes, json!({})), @"
        error nodes[3].mesh.endpoint config/mesh: `a b` is no host that can be called
        error nodes[1].mesh config/mesh: neither `a` nor `b` can be called, so they never reach each other
        ");
        insta::assert_snapshot!(of(json!({"cidr": "10.250.0.0/24"}), json!([]), json!({})), @"warning mesh config/mesh: no node is in the mesh");
    }

    #[test]
    fn with_discovery_one_that_can_be_called_is_enough() {
        let with = |nodes: Value| of(json!({"cidr": "10.250.0.0/24", "discovery": {}}), nodes, json!({}));
        let seed = json!({"name": "a", "address": "192.168.1.1", "mesh": {"type": "wireguard"}});
        let (one, other) = (json!({"name": "b", "mesh": {"type": "wireguard"}}), json!({"name": "c", "mesh": {"type": "wireguard"}}));
        assert_eq!(with(json!([seed, one, other])), "");
        insta::assert_snapshot!(with(json!([one, other])), @"error mesh.discovery config/mesh: no node of the mesh can be called, so nobody finds anybody");
        let hidden = |name: &str| json!({"name": name, "mesh": {"type": "wireguard", "behindNat": true}});
        insta::assert_snapshot!(with(json!([seed, hidden("d"), hidden("e")])), @"warning nodes[2].mesh.behindNat config/mesh: `d` and `e` find each other only where both NATs let in who was called");
        let clash = json!([{"name": "a", "address": "192.168.1.1", "mesh": {"type": "wireguard", "port": 51822}}]);
        insta::assert_snapshot!(with(clash), @"error mesh.discovery.port config/mesh: node `a` listens on 51822 for WireGuard and for discovery");
    }

    #[test]
    fn keys_are_read_where_they_are_used() {
        let nodes = json!([
            {"name": "a", "role": "server", "address": "192.168.1.1", "mesh": {"type": "wireguard"}},
            {"name": "b", "address": "192.168.1.2", "mesh": {"type": "wireguard", "secret": "b"}},
            {"name": "c", "address": "192.168.1.3", "mesh": {"type": "tailscale", "secret": "b", "port": 1, "behindNat": true}},
        ]);
        let more = json!({
            "secrets": [{"name": "wireguard-a", "make": {"type": "random"}, "nodes": ["b"]}],
            "k3s": {"flannelBackend": "wireguard-native"},
        });
        insta::assert_snapshot!(of(json!({"cidr": "10.250.0.0/24"}), nodes, more), @"
        error nodes[2].mesh.behindNat config/mesh: `behindNat` is for `type: wireguard`, and node `c` is in a mesh of Tailscale
        error nodes[2].mesh.port config/mesh: `port` is for `type: wireguard`, and node `c` is in a mesh of Tailscale
        error nodes[2].mesh.secret config/mesh: `secret` is for `type: wireguard`, and node `c` is in a mesh of Tailscale
        error secrets[0] config/mesh: `wireguard-a` holds the key of node `a`, and is made as `random`
        error secrets[0] config/mesh: `wireguard-a` holds the key of node `a`, which does not decrypt it
        error nodes[1].mesh.secret config/mesh: there is no secret `b`
        error mesh.port config/mesh: node `a` listens for the mesh on 51820, and so does flannel's WireGuard
        ");
    }
}
