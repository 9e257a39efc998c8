//! NodePorts: in the range of the cluster, and each used once.
//!
//! They are never allocated while rendering, so that a dry run shows what will be there (see docs/ARCHITECTURE.md).

use std::collections::HashMap;
use std::ops::RangeInclusive;

use serde_json::Value;

use super::extra_objects;
use crate::config::{Cluster, Problems, dagger, dashboard, headscale, ingress};
use crate::source::ConfigPath;

const RULE: &str = "config/node-port";

/// The API server's default (`--service-node-port-range`).
const DEFAULT_RANGE: RangeInclusive<u64> = 30000..=32767;

/// A port that a Service of this config takes on every node.
struct Claim {
    path: ConfigPath,
    protocol: String,
    port: u64,
}

pub(super) fn check(cluster: &Cluster, problems: &mut Problems) {
    let claims: Vec<Claim> = of_components(cluster).into_iter().chain(of_objects(cluster)).collect();
    let range = range(cluster);
    let mut seen: HashMap<(&str, u64), &Claim> = HashMap::new();
    for claim in &claims {
        if let Some(range) = range.as_ref().filter(|range| !range.contains(&claim.port)) {
            let text = format!("NodePort {} is outside of the cluster's range, {}-{}", claim.port, range.start(), range.end());
            let hint = "choose a port in the range, or change `k3s.serviceNodePortRange`";
            problems.error(claim.path.clone(), RULE, text, hint).involving(ConfigPath::of(["k3s", "serviceNodePortRange"]));
        }
        match seen.get(&(claim.protocol.as_str(), claim.port)) {
            Some(first) => {
                let text = format!("NodePort {} is used by `{}` already", claim.port, first.path);
                problems.error(claim.path.clone(), RULE, text, "choose another port").involving(first.path.clone());
            }
            None => {
                seen.insert((&claim.protocol, claim.port), claim);
            }
        }
    }
}

/// The range, unless what is set is none.
fn range(cluster: &Cluster) -> Option<RangeInclusive<u64>> {
    let Some(range) = &cluster.k3s.service_node_port_range else { return Some(DEFAULT_RANGE) };
    let (first, last) = range.split_once('-')?;
    Some(first.parse().ok()?..=last.parse().ok()?)
}

fn of_components(cluster: &Cluster) -> Vec<Claim> {
    let headscale = cluster.headscale.iter().flat_map(headscale::node_ports);
    let dagger = cluster.dagger.iter().flat_map(dagger::node_ports);
    let ingress = cluster.ingress.iter().flat_map(ingress::node_ports);
    let dashboard = cluster.dashboard.iter().flat_map(dashboard::node_ports);
    let claim = |(path, protocol, port): (ConfigPath, &'static str, u16)| Claim { path, protocol: protocol.to_owned(), port: port.into() };
    headscale.chain(dagger).chain(ingress).chain(dashboard).map(claim).collect()
}

fn of_objects(cluster: &Cluster) -> Vec<Claim> {
    let mut claims = Vec::new();
    for (at, object) in cluster.extra_objects.iter().enumerate() {
        let is_service =
            object.get("kind").is_some_and(|kind| kind == "Service") && object.get("apiVersion").is_some_and(|version| version == "v1");
        let ports = object.get("spec").and_then(|spec| spec.get("ports")).and_then(Value::as_array).filter(|_| is_service);
        for (place, port) in ports.into_iter().flatten().enumerate() {
            if let Some(number) = port.get("nodePort").and_then(Value::as_u64) {
                let protocol = port.get("protocol").and_then(Value::as_str).unwrap_or("TCP").to_owned();
                let path = extra_objects::path(at).key("spec").key("ports").index(place).key("nodePort");
                claims.push(Claim { path, protocol, port: number });
            }
        }
    }
    claims
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::config::check::testing::{cluster, said};

    fn service(name: &str, ports: Value) -> Value {
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": {"type": "NodePort", "ports": ports}})
    }

    #[test]
    fn a_node_port_is_used_once() {
        let config = json!({"cluster": {"name": "c"}, "headscale": {}, "extraObjects": [
            service("a", json!([{"port": 1, "nodePort": 30080}, {"port": 1, "nodePort": 30080, "protocol": "UDP"}])),
            service("b", json!([{"port": 1, "nodePort": 99}, {"port": 1, "nodePort": 30080, "protocol": "UDP"}])),
        ]});
        insta::assert_snapshot!(said(check, &cluster(config)), @"
        error extraObjects[0].spec.ports[0].nodePort config/node-port: NodePort 30080 is used by `headscale.service.nodePort` already
        error extraObjects[1].spec.ports[0].nodePort config/node-port: NodePort 99 is outside of the cluster's range, 30000-32767
        error extraObjects[1].spec.ports[1].nodePort config/node-port: NodePort 30080 is used by `extraObjects[0].spec.ports[1].nodePort` already
        ");
    }

    #[test]
    fn one_section_uses_it_once_too() {
        let config = json!({"cluster": {"name": "c"}, "headscale": {"metrics": {"nodePort": 30080}, "service": {"stunNodePort": 30080}}});
        insta::assert_snapshot!(said(check, &cluster(config)), @"error headscale.metrics.nodePort config/node-port: NodePort 30080 is used by `headscale.service.nodePort` already");
    }

    #[test]
    fn the_range_can_be_changed() {
        let config = json!({"cluster": {"name": "c"}, "k3s": {"serviceNodePortRange": "20000-21000"}, "headscale": {}});
        insta::assert_snapshot!(said(check, &cluster(config)), @"
        error headscale.service.nodePort config/node-port: NodePort 30080 is outside of the cluster's range, 20000-21000
        error headscale.service.stunNodePort config/node-port: NodePort 30478 is outside of the cluster's range, 20000-21000
        ");
    }
}
