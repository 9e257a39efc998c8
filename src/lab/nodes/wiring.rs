//! The network between nodes: a bridge on the primer, a cable from each worker to it, and a route to each other's pods.

use super::addresses::Addresses;
use super::namespaces::{Namespaces, run_to_end};
use super::programs::Programs;
use crate::diag::Result;
use crate::process::Guard;

/// The primer's bridge, and the workers' interface.
const BRIDGE: &str = "lan";
const INTERFACE: &str = "eth0";

/// Connects the nodes, the primer being the first.
pub(super) async fn connect(guard: &mut Guard, programs: &Programs, nodes: &[&Namespaces], addresses: &Addresses) -> Result<()> {
    for (at, (index, node)) in (0_u8..).zip(nodes).enumerate() {
        let device = if at == 0 { BRIDGE } else { INTERFACE };
        if at == 0 {
            ip(guard, programs, node, ["link", "add", BRIDGE, "type", "bridge"]).await?;
        } else {
            let (port, pid) = (format!("port{index}"), node.pid().to_string());
            // Both ends are made where they belong: the machine's own network never sees them.
            ip(guard, programs, nodes[0], ["link", "add", &port, "type", "veth", "peer", "name", INTERFACE, "netns", &pid]).await?;
            ip(guard, programs, nodes[0], ["link", "set", &port, "master", BRIDGE, "up"]).await?;
        }
        ip(guard, programs, node, ["link", "set", "lo", "up"]).await?;
        ip(guard, programs, node, ["address", "add", &addresses.node_in_network(index), "dev", device]).await?;
        ip(guard, programs, node, ["link", "set", device, "up"]).await?;
        // A process on the node finds a route for a Service's address before kube-proxy's rules rewrite it.
        ip(guard, programs, node, ["route", "add", &addresses.services().to_string(), "dev", device]).await?;
        for (other, _) in (0_u8..).zip(nodes).filter(|(other, _)| *other != index) {
            let (pods, way) = (addresses.pods_of(other).to_string(), addresses.node(other).to_string());
            ip(guard, programs, node, ["route", "add", &pods, "via", &way]).await?;
        }
    }
    Ok(())
}

async fn ip<const N: usize>(guard: &mut Guard, programs: &Programs, node: &Namespaces, arguments: [&str; N]) -> Result<()> {
    run_to_end(guard, &node.network_program("ip", &programs.ip, arguments)).await
}
