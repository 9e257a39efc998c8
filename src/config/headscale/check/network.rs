//! Ports, ranges and proxies.

use ipnet::IpNet;

use super::{Check, at};
use crate::config::headscale::{Headscale, ServiceType};
use crate::source::ConfigPath;

const PORTS: &str = "config/headscale-ports";
const PREFIXES: &str = "config/headscale-prefixes";

pub(super) fn check(check: &mut Check<'_>) {
    unique(check, listeners(check), "the server would listen twice on port");
    stun(check);
    prefixes(check);
    proxies(check);
}

fn listeners(check: &Check<'_>) -> Vec<(ConfigPath, u16)> {
    let headscale = check.headscale;
    let acme = headscale.tls.lets_encrypt.as_ref();
    let rows = [
        (true, at(["listen", "port"]), headscale.listen.port.0),
        (headscale.metrics.enabled, at(["metrics", "port"]), headscale.metrics.port.0),
        (headscale.serves_grpc(), at(["grpc", "port"]), headscale.grpc.port.0),
        (acme.is_some(), at(["tls", "letsEncrypt", "challengePort"]), acme.map_or(0, |acme| acme.challenge_port.0)),
    ];
    rows.into_iter().filter(|(used, ..)| *used).map(|(_, path, port)| (path, port)).collect()
}

/// The TCP NodePorts that its Services use, with the keys that set them.
fn tcp_node_ports(headscale: &Headscale) -> Vec<(ConfigPath, u16)> {
    let node_port = headscale.service.r#type == ServiceType::NodePort;
    let rows = [
        (node_port, at(["service", "nodePort"]), Some(headscale.service.node_port)),
        (node_port && headscale.serves_grpc(), at(["grpc", "nodePort"]), headscale.grpc.node_port),
        (headscale.metrics.enabled, at(["metrics", "nodePort"]), headscale.metrics.node_port),
        (
            node_port,
            at(["tls", "letsEncrypt", "challengeNodePort"]),
            headscale.tls.lets_encrypt.as_ref().map(|acme| acme.challenge_node_port),
        ),
    ];
    rows.into_iter().filter(|(used, ..)| *used).filter_map(|(_, path, port)| Some((path, port?.0))).collect()
}

/// All NodePorts of its Services, with the keys that set them and their protocols.
#[must_use]
pub fn claims(headscale: &Headscale) -> Vec<(ConfigPath, &'static str, u16)> {
    let tcp = tcp_node_ports(headscale).into_iter().map(|(path, port)| (path, "TCP", port));
    let stun = headscale.derp.server.enabled && headscale.service.r#type == ServiceType::NodePort;
    let stun = stun.then(|| (at(["service", "stunNodePort"]), "UDP", headscale.service.stun_node_port.0));
    tcp.chain(stun).collect()
}

fn unique(check: &mut Check<'_>, ports: Vec<(ConfigPath, u16)>, what: &str) {
    let mut seen: Vec<(ConfigPath, u16)> = Vec::new();
    for (path, port) in ports {
        if let Some((first, _)) = seen.iter().find(|(_, other)| *other == port) {
            let message = format!("{what} {port}: `{first}` has it already");
            let first = first.clone();
            check.error(path, PORTS, message, "choose another port").involving(first);
        } else {
            seen.push((path, port));
        }
    }
}

/// Headscale tells clients the port that it listens on; behind another NodePort they knock at a closed one.
fn stun(check: &mut Check<'_>) {
    let headscale = check.headscale;
    let (service, listens) = (&headscale.service, headscale.stun_port());
    if headscale.derp.server.enabled && service.r#type == ServiceType::NodePort && service.stun_node_port.0 != listens.0 {
        check
            .warning(
                at(["derp", "server", "stunPort"]),
                PORTS,
                format!("clients are told that STUN is at port {listens}, but from outside it is at {}", service.stun_node_port),
                "remove `stunPort`, or use one number for both",
            )
            .involving(at(["service", "stunNodePort"]));
    }
}

fn prefixes(check: &mut Check<'_>) {
    if inside(check) {
        overlap(check);
    }
}

/// Clients have the two ranges built in; Headscale starts with others and breaks later.
fn inside(check: &mut Check<'_>) -> bool {
    let prefixes = &check.headscale.prefixes;
    let mut all_inside = true;
    for (key, value, whole) in [("v4", &prefixes.v4, "100.64.0.0/10"), ("v6", &prefixes.v6, "fd7a:115c:a1e0::/48")] {
        let (Some(value), Ok(whole)) = (value, whole.parse::<IpNet>()) else { continue };
        if value.network().is_some_and(|range| !whole.contains(&range)) {
            let message = format!("`{value}` is not inside of `{whole}`, and Tailscale clients know no other range");
            check.error(at(["prefixes", key]), PREFIXES, message, format!("use `{whole}` or a part of it"));
            all_inside = false;
        }
    }
    all_inside
}

/// A node would send what is meant for pods or Services into the mesh, or the other way round.
fn overlap(check: &mut Check<'_>) {
    let network = &check.cluster.cluster.network;
    let (v4, v6) = check.headscale.prefixes.ranges();
    let ranges: Vec<IpNet> = [v4, v6].into_iter().flatten().filter_map(|range| range.network()).collect();
    for (key, networks) in [("cidr", &network.cidr), ("serviceCidr", &network.service_cidr)] {
        for network in networks.networks() {
            let Some(range) = ranges.iter().find(|range| range.contains(&network) || network.contains(*range)) else { continue };
            let message = format!("`cluster.network.{key}` {network} overlaps the mesh's addresses {range}");
            let involved = ConfigPath::of(["cluster", "network", key]);
            check.error(at(["prefixes"]), PREFIXES, message, "choose ranges that do not overlap").involving(involved);
        }
    }
}

fn proxies(check: &mut Check<'_>) {
    for (place, proxy) in check.headscale.trusted_proxies.iter().enumerate() {
        if proxy.as_str().ends_with("/0") {
            check.error(
                at(["trustedProxies"]).index(place),
                "config/headscale-proxies",
                format!("`{proxy}` would believe the headers of anybody, and Headscale does not start with it"),
                "name the addresses of your proxies, such as `cluster.network.cidr` for an ingress in this cluster",
            );
        }
    }
}
