//! Whether pods of different nodes can talk to each other, and whether k3s can start at all before a mesh is up.

use super::{k3s, node};
use crate::config::{Cluster, FlannelBackend, MeshType, NodeEntry, NodeMesh, Problems, Underlay};
use crate::source::ConfigPath;

const RULE: &str = "config/flannel";

pub(super) fn check(cluster: &Cluster, problems: &mut Problems) {
    external_addresses(cluster, problems);
    networks(cluster, problems);
    routes(cluster, problems);
    joining(cluster, problems);
    bootstrap(cluster, problems);
    interfaces(cluster, problems);
    let k3s_section = &cluster.k3s;
    if k3s_section.disable_network_policy
        && cluster.cluster.security.network_policies
        && k3s_section.flannel_backend != FlannelBackend::None
    {
        let text = "NetworkPolicies are rendered, and nothing enforces them: flannel does not, and k3s' controller is off";
        let hint = "remove it, or set `cluster.security.networkPolicies: false`";
        let involved = ConfigPath::of(["cluster", "security", "networkPolicies"]);
        problems.warning(k3s("disableNetworkPolicy"), RULE, text, hint).involving(involved);
    }
}

fn external_addresses(cluster: &Cluster, problems: &mut Problems) {
    let section = &cluster.k3s;
    let without: Vec<(usize, &NodeEntry)> =
        cluster.nodes.iter().enumerate().filter(|(_, entry)| entry.external_ip(section).is_none()).collect();
    if section.flannel_external_ip {
        for (at, entry) in without {
            let text = format!("flannel sends to external addresses, and node `{}` has none", entry.name);
            let hint = "give it `externalAddress` or `mesh.address`, or remove `k3s.flannelExternalIp`";
            problems.error(node(at), RULE, text, hint).involving(k3s("flannelExternalIp"));
        }
        if section.flannel_backend == FlannelBackend::Vxlan {
            let text = "VXLAN packets carry the local interface's address, which the external network or the mesh drops";
            problems
                .warning(k3s("flannelExternalIp"), RULE, text, "set `k3s.flannelBackend: wireguard-native`")
                .involving(k3s("flannelBackend"));
        }
    } else if section.flannel_backend == FlannelBackend::WireguardNative
        && cluster.nodes.iter().any(|entry| entry.external_address.is_some())
    {
        let text = "some nodes have external addresses, and flannel's WireGuard sends to internal ones";
        let hint = "set `k3s.flannelExternalIp: true` for nodes that share no local network";
        problems.warning(k3s("flannelBackend"), RULE, text, hint);
    }
}

/// Nodes whose pods talk over different networks do not reach each other's pods.
fn networks(cluster: &Cluster, problems: &mut Problems) {
    let mut seen: Vec<(Underlay, &NodeEntry)> = Vec::new();
    for (at, entry) in cluster.nodes.iter().enumerate() {
        let Some(underlay) = entry.underlay(&cluster.k3s) else { continue };
        if cluster.k3s.flannel_backend == FlannelBackend::HostGw && matches!(underlay, Underlay::Mesh(_)) {
            let text =
                format!("`host-gw` needs all nodes in one layer 2 network, and node `{}` talks over {}", entry.name, underlay.as_str());
            let hint = "set `k3s.flannelBackend` to `vxlan` or `wireguard-native`";
            problems.error(node(at).key("mesh"), RULE, text, hint).involving(k3s("flannelBackend"));
        }
        let Some((other, first)) = seen.iter().find(|(other, _)| !meet(*other, underlay)) else {
            seen.push((underlay, entry));
            continue;
        };
        let text = format!(
            "pods of node `{}` talk over {}, pods of node `{}` over {}: they reach each other only if you route between the two",
            first.name,
            other.as_str(),
            entry.name,
            underlay.as_str(),
        );
        let lan = if matches!(underlay, Underlay::Mesh(_)) { first } else { entry };
        let hint = format!(
            "route the address of node `{}` into the mesh and set its `mesh.advertiseRoute: true`, or set `k3s.flannelBackend: wireguard-native` \
             and `k3s.flannelExternalIp: true`",
            lan.name
        );
        problems.warning(node(at), RULE, text, hint);
        return;
    }
}

/// Whether packets get from one of the networks to the other.
fn meet(one: Underlay, other: Underlay) -> bool {
    match (one, other) {
        (Underlay::Routed(_), Underlay::Lan | Underlay::Routed(_)) | (Underlay::Lan, Underlay::Routed(_)) => true,
        (Underlay::Routed(route), Underlay::Mesh(mesh)) | (Underlay::Mesh(mesh), Underlay::Routed(route)) => route == mesh,
        _ => one == other,
    }
}

/// A route needs an address to lead to, and someone but k3s to advertise it.
fn routes(cluster: &Cluster, problems: &mut Problems) {
    for (at, entry) in cluster.nodes.iter().enumerate() {
        let Some(mesh) = entry.mesh.as_ref().filter(|mesh| mesh.advertise_route) else { continue };
        let path = node(at).key("mesh").key("advertiseRoute");
        if entry.address.is_none() && entry.ipv6_address.is_none() {
            let text = format!("node `{}` has no `address` that could be routed into the mesh", entry.name);
            problems.error(path.clone(), "config/node-mesh", text, "add `address`, or remove `advertiseRoute`");
        }
        if mesh.vpn_auth_file.is_some() {
            let text = "k3s logs in to the mesh itself and advertises the pods' network only";
            problems.error(path, "config/node-mesh", text, "remove `advertiseRoute` or `vpnAuthFile`");
        }
    }
}

fn joining(cluster: &Cluster, problems: &mut Problems) {
    let Some((primer_at, primer)) = cluster.primer() else { return };
    if cluster.k3s.registration_address.is_some() {
        return;
    }
    for (at, entry) in cluster.nodes.iter().enumerate().filter(|(at, _)| *at != primer_at) {
        let Some(mesh) = &entry.mesh else { continue };
        let is_there = |of_primer: &NodeMesh| of_primer.advertise_route || of_primer.host().is_some();
        let reachable = primer.mesh.as_ref().is_some_and(|of_primer| of_primer.r#type == mesh.r#type && is_there(of_primer));
        if !reachable {
            let text = format!(
                "node `{}` is in the mesh, and the first server, `{}`, has neither name nor address there",
                entry.name, primer.name
            );
            let hint = format!("add `mesh.name`, `mesh.address` or `mesh.advertiseRoute` to node `{}`", primer.name);
            problems.warning(node(at).key("mesh"), "config/node-mesh", text, hint).involving(node(primer_at).key("mesh"));
        }
    }
}

/// A primer that runs Headscale cannot wait for the mesh that Headscale makes: neither for its interface nor for its address.
fn bootstrap(cluster: &Cluster, problems: &mut Problems) {
    let (Some((at, primer)), true) = (cluster.primer(), cluster.headscale.is_some()) else { return };
    let interface = primer.mesh.as_ref().filter(|mesh| mesh.r#type == MeshType::Tailscale).map(NodeMesh::interface);
    let by_interface = interface.is_some() && primer.flannel_iface(&cluster.k3s).as_deref() == interface;
    // The kubelet refuses a `node-ip` that no interface has.
    let by_address = interface.is_some() && primer.address.is_none() && primer.ipv6_address.is_none() && !primer.node_ips().is_empty();
    let waits = primer.uses_vpn() || by_interface || by_address;
    if waits {
        let text =
            format!("k3s on `{}` waits for the mesh, and the mesh for Headscale, which runs in that k3s: neither ever starts", primer.name);
        let hint = "set `mesh.advertiseRoute: true` and route the node's `address` into the mesh, so that k3s starts without the mesh";
        problems.error(node(at).key("mesh"), "config/node-mesh", text, hint).involving(ConfigPath::of(["headscale"]));
    }
}

/// Linux takes 15 bytes, without `/` and blanks (kernel `dev_valid_name`).
fn interfaces(cluster: &Cluster, problems: &mut Problems) {
    let of_meshes = cluster
        .nodes
        .iter()
        .enumerate()
        .filter_map(|(at, entry)| Some((node(at).key("mesh").key("interface"), entry.mesh.as_ref()?.interface.as_deref()?)));
    let of_settings =
        super::settings(cluster).filter_map(|(path, settings)| Some((path.key("flannelIface"), settings.flannel_iface.as_deref()?)));
    for (path, name) in of_meshes.chain(of_settings) {
        let wrong = name.is_empty()
            || name.len() > 15
            || matches!(name, "." | "..")
            || name.chars().any(|c| c.is_whitespace() || matches!(c, '/' | ':'));
        if wrong {
            let text = format!("`{name}` is no name of a network interface");
            problems.error(path, "config/value", text, "Linux takes at most 15 characters, without blanks, `/` and `:`");
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::testing::{cluster, said};
    use super::check;

    fn primer_and_worker(k3s: Value) -> crate::config::Cluster {
        cluster(
            k3s,
            json!([
                {"name": "primer", "role": "server", "address": "192.168.1.10", "mesh": {"type": "tailscale", "address": "100.64.0.1"}},
                {"name": "near", "address": "192.168.1.11"},
            ]),
        )
    }

    #[test]
    fn nodes_share_a_network_for_pods() {
        insta::assert_snapshot!(said(check, &primer_and_worker(json!({}))), @"warning nodes[1] config/flannel: pods of node `primer` talk over Tailscale, pods of node `near` over the local network: they reach each other only if you route between the two");
        insta::assert_snapshot!(said(check, &primer_and_worker(json!({"flannelBackend": "host-gw"}))), @"
        error nodes[0].mesh config/flannel: `host-gw` needs all nodes in one layer 2 network, and node `primer` talks over Tailscale
        warning nodes[1] config/flannel: pods of node `primer` talk over Tailscale, pods of node `near` over the local network: they reach each other only if you route between the two
        ");
        assert_eq!(said(check, &primer_and_worker(json!({"defaults": {"flannelIface": "eth0"}}))), "");
        assert_eq!(said(check, &primer_and_worker(json!({"flannelBackend": "none"}))), "");
    }

    #[test]
    fn flannels_wireguard_needs_an_external_address_of_every_node() {
        insta::assert_snapshot!(said(check, &primer_and_worker(json!({"flannelBackend": "wireguard-native", "flannelExternalIp": true}))), @"error nodes[1] config/flannel: flannel sends to external addresses, and node `near` has none");
        insta::assert_snapshot!(said(check, &primer_and_worker(json!({"flannelExternalIp": true}))), @"
        error nodes[1] config/flannel: flannel sends to external addresses, and node `near` has none
        warning k3s.flannelExternalIp config/flannel: VXLAN packets carry the local interface's address, which the external network or the mesh drops
        ");
        let nodes = json!([{"name": "a", "role": "server", "externalAddress": "203.0.113.1"}]);
        insta::assert_snapshot!(said(check, &cluster(json!({"flannelBackend": "wireguard-native"}), nodes)), @"warning k3s.flannelBackend config/flannel: some nodes have external addresses, and flannel's WireGuard sends to internal ones");
    }

    #[test]
    fn a_primer_does_not_wait_for_the_mesh_that_it_makes() {
        let mut cluster = primer_and_worker(json!({}));
        cluster.nodes.truncate(1);
        assert_eq!(said(check, &cluster), "");
        cluster.headscale = Some(serde_json::from_value(json!({})).expect("headscale"));
        insta::assert_snapshot!(said(check, &cluster), @"error nodes[0].mesh config/node-mesh: k3s on `primer` waits for the mesh, and the mesh for Headscale, which runs in that k3s: neither ever starts");
        let mesh = cluster.nodes[0].mesh.as_mut().expect("a mesh");
        mesh.advertise_route = true;
        assert_eq!(said(check, &cluster), "");
        cluster.nodes[0].mesh.as_mut().expect("a mesh").advertise_route = false;
        cluster.k3s.flannel_external_ip = true;
        cluster.k3s.flannel_backend = crate::config::FlannelBackend::WireguardNative;
        assert_eq!(said(check, &cluster), "");
    }

    #[test]
    fn a_routed_address_is_met_by_the_mesh_and_by_the_local_network_but_these_do_not_meet() {
        let mesh = json!({"type": "tailscale"});
        let primer =
            json!({"name": "primer", "role": "server", "address": "192.168.1.10", "mesh": {"type": "tailscale", "advertiseRoute": true}});
        let (far, near) = (json!({"name": "far", "mesh": mesh}), json!({"name": "near", "address": "192.168.1.11"}));
        assert_eq!(said(check, &cluster(json!({}), json!([primer, far]))), "");
        assert_eq!(said(check, &cluster(json!({}), json!([primer, near]))), "");
        insta::assert_snapshot!(said(check, &cluster(json!({}), json!([primer, far, near]))), @"warning nodes[2] config/flannel: pods of node `far` talk over Tailscale, pods of node `near` over the local network: they reach each other only if you route between the two");
        let nowhere =
            json!([{"name": "primer", "role": "server", "mesh": {"type": "tailscale", "advertiseRoute": true, "vpnAuthFile": "/vpn"}}]);
        insta::assert_snapshot!(said(check, &cluster(json!({}), nowhere)), @"
        error nodes[0].mesh.advertiseRoute config/node-mesh: node `primer` has no `address` that could be routed into the mesh
        error nodes[0].mesh.advertiseRoute config/node-mesh: k3s logs in to the mesh itself and advertises the pods' network only
        ");
    }

    #[test]
    fn a_worker_in_the_mesh_finds_the_primer_there() {
        let nodes = json!([{"name": "primer", "role": "server", "k3s": {"flannelIface": "tailscale0"}}, {"name": "far", "mesh": {"type": "wireguard", "interface": "a b"}}]);
        insta::assert_snapshot!(said(check, &cluster(json!({}), nodes)), @"
        warning nodes[1] config/flannel: pods of node `primer` talk over the local network, pods of node `far` over WireGuard: they reach each other only if you route between the two
        warning nodes[1].mesh config/node-mesh: node `far` is in the mesh, and the first server, `primer`, has neither name nor address there
        error nodes[1].mesh.interface config/value: `a b` is no name of a network interface
        ");
    }
}
