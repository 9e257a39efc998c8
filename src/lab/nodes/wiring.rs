//! The network between nodes: a bridge on the primer, a cable from each worker to it, and a route to each other's pods.

use super::Node;
use super::addresses::Addresses;
use super::namespaces::run_to_end;
use super::programs::Base;
use crate::diag::Result;
use crate::process::Guard;

/// The primer's bridge, and the workers' interface.
const BRIDGE: &str = "lan";
const INTERFACE: &str = "eth0";

/// Connects the nodes, the primer being the first.
pub(super) async fn connect(guard: &mut Guard, base: &Base, nodes: &[Node], addresses: &Addresses) -> Result<()> {
    for (index, _) in (0_u8..).zip(nodes) {
        plug(guard, base, nodes, index, addresses).await?;
    }
    Ok(())
}

/// Connects one node with the primer, or makes the primer's bridge.
pub(super) async fn plug(guard: &mut Guard, base: &Base, nodes: &[Node], index: u8, addresses: &Addresses) -> Result<()> {
    let (primer, node) = (&nodes[0], &nodes[usize::from(index)]);
    let device = if index == 0 { BRIDGE } else { INTERFACE };
    if index == 0 {
        ip(guard, base, primer, ["link", "add", BRIDGE, "type", "bridge"]).await?;
    } else {
        let (port, pid) = (format!("port{index}"), node.namespaces.pid().to_string());
        // Both ends are made where they belong: the machine's own network never sees them.
        ip(guard, base, primer, ["link", "add", &port, "type", "veth", "peer", "name", INTERFACE, "netns", &pid]).await?;
        ip(guard, base, primer, ["link", "set", &port, "master", BRIDGE, "up"]).await?;
    }
    ip(guard, base, node, ["link", "set", "lo", "up"]).await?;
    ip(guard, base, node, ["address", "add", &addresses.node_in_network(index), "dev", device]).await?;
    ip(guard, base, node, ["link", "set", device, "up"]).await?;
    // A process on the node finds a route for a Service's address before kube-proxy's rules rewrite it.
    ip(guard, base, node, ["route", "add", &addresses.services().to_string(), "dev", device]).await?;
    for (other, _) in (0_u8..).zip(nodes).filter(|(other, _)| *other != index) {
        let (pods, way) = (addresses.pods_of(other).to_string(), addresses.node(other).to_string());
        ip(guard, base, node, ["route", "add", &pods, "via", &way]).await?;
    }
    Ok(())
}

/// Takes the primer's end of a cable away, and with it the other one. The kernel does so some time after a node has ended.
pub(super) async fn unplug(guard: &mut Guard, base: &Base, nodes: &[Node], index: u8) {
    // It may be gone already.
    let _ = ip(guard, base, &nodes[0], ["link", "delete", &format!("port{index}")]).await;
}

async fn ip<const N: usize>(guard: &mut Guard, base: &Base, node: &Node, arguments: [&str; N]) -> Result<()> {
    run_to_end(guard, &node.namespaces.network_program("ip", &base.ip, arguments)).await
}
