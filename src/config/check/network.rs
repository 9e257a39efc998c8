//! The networks of pods and Services.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::config::{Cidrs, Cluster, MeshType, Problems};
use crate::source::ConfigPath;

const RULE: &str = "config/network";

/// The range that Tailscale takes its addresses from (RFC 6598, carrier-grade NAT).
const MESH: &str = "100.64.0.0/10";

pub(super) fn check(cluster: &Cluster, problems: &mut Problems) {
    let network = &cluster.cluster.network;
    overlap(&network.cidr, &network.service_cidr, problems);
    families(&network.cidr, &network.service_cidr, problems);
    service_sizes(&network.service_cidr, cluster, problems);
    pod_sizes(&network.cidr, cluster, problems);
    dns(cluster, problems);
    mesh(cluster, problems);
}

fn at(key: &str) -> ConfigPath {
    ConfigPath::of(["cluster", "network", key])
}

fn overlap(pods: &Cidrs, services: &Cidrs, problems: &mut Problems) {
    for service in services.networks() {
        if let Some(pod) = pods.networks().iter().find(|pod| overlaps(pod, &service)) {
            let text = format!("the network of Services, `{service}`, overlaps that of pods, `{pod}`");
            problems.error(at("serviceCidr"), RULE, text, "choose networks that do not overlap").involving(at("cidr"));
        }
    }
}

fn overlaps(a: &IpNet, b: &IpNet) -> bool {
    a.contains(b) || b.contains(a)
}

/// k3s refuses to start when the two are not both IPv4, both IPv6 or both dual-stack (k3s pkg/cli/server); the first network decides which
/// family a Service gets, so the order has to be the same, too.
fn families(pods: &Cidrs, services: &Cidrs, problems: &mut Problems) {
    let families = |networks: &Cidrs| -> Vec<&str> {
        networks.networks().iter().map(|network| if network.addr().is_ipv4() { "IPv4" } else { "IPv6" }).collect()
    };
    let (of_pods, of_services) = (families(pods), families(services));
    if of_pods.is_empty() || of_services.is_empty() || of_pods == of_services {
        return;
    }
    let text = format!("Services have {}, and pods have {}", of_services.join(" and "), of_pods.join(" and "));
    problems.error(at("serviceCidr"), RULE, text, "give both the same families in the same order").involving(at("cidr"));
}

/// kube-apiserver wants at least 8 addresses (pkg/controlplane/apiserver/options), and before 1.34 at most 2^20
/// (cmd/kube-apiserver/app/options, `validateMaxCIDRRange`).
fn service_sizes(services: &Cidrs, cluster: &Cluster, problems: &mut Problems) {
    for network in services.networks() {
        let bits = network.max_prefix_len() - network.prefix_len();
        if bits < 3 {
            let hint = format!("the prefix length is at most {}", network.max_prefix_len() - 3);
            problems.error(at("serviceCidr"), RULE, format!("`{network}` has fewer than 8 addresses for Services"), hint);
        } else if bits > 20 && cluster.cluster.version.minor() == "1.33" {
            let hint = format!("the prefix length is at least {}", network.max_prefix_len() - 20);
            problems
                .error(at("serviceCidr"), RULE, format!("`{network}` is larger than Kubernetes 1.33 allows for Services"), hint)
                .involving(ConfigPath::of(["cluster", "version"]));
        }
    }
}

/// Every node gets a part of the pods' network: a /24 of IPv4, a /64 of IPv6; and at most 2^16 parts of IPv6 are possible
/// (kube-controller-manager, pkg/controller/nodeipam). Other sizes can be set with arguments of that program.
fn pod_sizes(pods: &Cidrs, cluster: &Cluster, problems: &mut Problems) {
    let servers = cluster.nodes.iter().map(|node| &node.k3s).chain([&cluster.k3s.defaults]).filter_map(|flags| flags.server.as_ref());
    if servers
        .filter_map(|server| server.kube_controller_manager_arg.as_ref())
        .flatten()
        .any(|argument| argument.contains("node-cidr-mask-size"))
    {
        return;
    }
    for network in pods.networks() {
        let part: u8 = if network.addr().is_ipv4() { 24 } else { 64 };
        let Some(bits) = part.checked_sub(network.prefix_len()) else {
            let text = format!("`{network}` is smaller than the /{part} that every node gets");
            problems.error(at("cidr"), RULE, text, format!("choose a prefix length below {part}"));
            continue;
        };
        if network.addr().is_ipv6() && bits > 16 {
            let text = format!("`{network}` holds more parts for nodes than Kubernetes can count");
            problems.error(at("cidr"), RULE, text, format!("choose a prefix length from {} to {part}", part - 16));
        }
        let parts = 1_usize.checked_shl(bits.into()).unwrap_or(usize::MAX);
        if parts < cluster.nodes.len() {
            let text = format!("`{network}` has room for {parts} nodes, and there are {}", cluster.nodes.len());
            problems.error(at("cidr"), RULE, text, "choose a shorter prefix length").involving(ConfigPath::of(["nodes"]));
        }
    }
}

fn dns(cluster: &Cluster, problems: &mut Problems) {
    let network = &cluster.cluster.network;
    let Some(address) = network.dns.as_ref().and_then(super::super::format::IpAddress::address) else { return };
    let services = network.service_cidr.networks();
    let Some(service) = services.iter().find(|service| service.contains(&address)) else {
        if !services.is_empty() {
            let text = format!("`{address}` is not in the network of Services, `{}`", network.service_cidr);
            problems.error(at("dns"), RULE, text, "leave it out for the tenth address of that network").involving(at("serviceCidr"));
        }
        return;
    };
    // The API server takes the first address for the Service `kubernetes`.
    let taken = [(0, "is the network itself"), (1, "belongs to the Service `kubernetes`")];
    if let Some((_, why)) = taken.into_iter().find(|(number, _)| nth(service, *number) == Some(address)) {
        problems
            .error(at("dns"), RULE, format!("`{address}` {why}"), "leave it out for the tenth address of the network of Services")
            .involving(at("serviceCidr"));
    }
}

fn nth(network: &IpNet, number: u8) -> Option<IpAddr> {
    match network {
        IpNet::V4(network) => u32::from(network.network()).checked_add(number.into()).map(|bits| IpAddr::V4(bits.into())),
        IpNet::V6(network) => u128::from(network.network()).checked_add(number.into()).map(|bits| IpAddr::V6(bits.into())),
    }
}

/// Addresses of a Tailscale mesh. Where Headscale runs in this cluster, its own prefixes are compared instead.
fn mesh(cluster: &Cluster, problems: &mut Problems) {
    let in_mesh = cluster.nodes.iter().any(|node| node.mesh.as_ref().is_some_and(|mesh| mesh.r#type == MeshType::Tailscale));
    let Ok(range) = MESH.parse::<IpNet>() else { return };
    if !in_mesh || cluster.headscale.is_some() {
        return;
    }
    let network = &cluster.cluster.network;
    for (key, what, networks) in [("cidr", "pods", &network.cidr), ("serviceCidr", "Services", &network.service_cidr)] {
        if let Some(network) = networks.networks().into_iter().find(|network| overlaps(network, &range)) {
            let text = format!("the network of {what}, `{network}`, overlaps the addresses of the mesh, `{MESH}`");
            problems.error(at(key), RULE, text, "choose a network outside of it").involving(ConfigPath::of(["nodes"]));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::config::check::testing::{cluster, said};

    fn with(network: serde_json::Value) -> String {
        said(check, &cluster(json!({"cluster": {"name": "c", "network": network}})))
    }

    #[test]
    fn the_defaults_fit() {
        assert_eq!(with(json!({})), "");
        assert_eq!(with(json!({"cidr": "10.42.0.0/16,fd42::/48", "serviceCidr": "10.43.0.0/16,fd43::/112"})), "");
    }

    #[test]
    fn networks_that_do_not_fit_each_other() {
        insta::assert_snapshot!(with(json!({"cidr": "10.0.0.0/8"})), @"error cluster.network.serviceCidr config/network: the network of Services, `10.43.0.0/16`, overlaps that of pods, `10.0.0.0/8`");
        insta::assert_snapshot!(with(json!({"cidr": "10.42.0.0/16,fd42::/56"})), @"error cluster.network.serviceCidr config/network: Services have IPv4, and pods have IPv4 and IPv6");
        insta::assert_snapshot!(with(json!({"cidr": "fd42::/56,10.42.0.0/16", "serviceCidr": "10.43.0.0/16,fd43::/112"})), @"error cluster.network.serviceCidr config/network: Services have IPv4 and IPv6, and pods have IPv6 and IPv4");
    }

    #[test]
    fn sizes() {
        insta::assert_snapshot!(with(json!({"cidr": "10.42.0.0/25", "serviceCidr": "10.43.0.0/30"})), @"
        error cluster.network.serviceCidr config/network: `10.43.0.0/30` has fewer than 8 addresses for Services
        error cluster.network.cidr config/network: `10.42.0.0/25` is smaller than the /24 that every node gets
        ");
        insta::assert_snapshot!(with(json!({"cidr": "fd42::/40", "serviceCidr": "fd43::/112"})), @"error cluster.network.cidr config/network: `fd42::/40` holds more parts for nodes than Kubernetes can count");
        let old = json!({"cluster": {"name": "c", "version": "1.33", "network": {"serviceCidr": "172.160.0.0/11"}}});
        insta::assert_snapshot!(said(check, &cluster(old)), @"error cluster.network.serviceCidr config/network: `172.160.0.0/11` is larger than Kubernetes 1.33 allows for Services");
    }

    #[test]
    fn the_dns_service_has_an_address_of_services() {
        insta::assert_snapshot!(with(json!({"dns": "10.42.0.10"})), @"error cluster.network.dns config/network: `10.42.0.10` is not in the network of Services, `10.43.0.0/16`");
        insta::assert_snapshot!(with(json!({"dns": "10.43.0.1"})), @"error cluster.network.dns config/network: `10.43.0.1` belongs to the Service `kubernetes`");
        assert_eq!(with(json!({"dns": "10.43.0.53"})), "");
    }

    #[test]
    fn a_mesh_has_addresses_of_its_own() {
        let config = json!({"cluster": {"name": "c", "network": {"cidr": "100.80.0.0/16"}}, "nodes": [{"name": "a", "mesh": {"type": "tailscale"}}]});
        insta::assert_snapshot!(said(check, &cluster(config)), @"error cluster.network.cidr config/network: the network of pods, `100.80.0.0/16`, overlaps the addresses of the mesh, `100.64.0.0/10`");
    }
}
