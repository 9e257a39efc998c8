//! The network between nodes: a bridge on the primer, a cable from each worker to it, and a route to each other's pods. For k3s, which
//! makes routes of its own, the bridge is in namespaces of its own.

use super::Node;
use super::addresses::Addresses;
use super::namespaces::{Namespaces, run_to_end};
use super::programs::Base;
use crate::diag::Result;
use crate::process::Guard;

/// The bridge, and the interface of those that have a cable to it.
const BRIDGE: &str = "lan";
pub(super) const INTERFACE: &str = "eth0";

/// Connects the nodes, the primer being the first.
pub(super) async fn connect(guard: &mut Guard, base: &Base, nodes: &[Node], addresses: &Addresses) -> Result<()> {
    for (index, _) in (0_u8..).zip(nodes) {
        plug(guard, base, nodes, index, addresses).await?;
    }
    Ok(())
}

/// Connects nodes by a switch, with no way to each other's pods.
///
/// k3s lets the packet filter see what bridges of its namespace carry (`bridge-nf-call-iptables`, its pkg/agent/syssetup), which is right
/// for pods and wrong for the wire between nodes: so that is elsewhere. And it wants a default route (docs.k3s.io/installation/airgap),
/// behind which nothing answers here.
pub(super) async fn connect_by_switch(
    guard: &mut Guard,
    base: &Base,
    switch: &Namespaces,
    nodes: &[Node],
    addresses: &Addresses,
) -> Result<()> {
    ip(guard, base, switch, ["link", "add", BRIDGE, "type", "bridge"]).await?;
    ip(guard, base, switch, ["link", "set", BRIDGE, "up"]).await?;
    for (index, node) in (0_u8..).zip(nodes) {
        let node = &node.namespaces;
        cable(guard, base, switch, node, index).await?;
        address(guard, base, node, INTERFACE, &addresses.node_in_network(index)).await?;
        ip(guard, base, node, ["route", "add", "default", "dev", INTERFACE]).await?;
    }
    Ok(())
}

/// Connects one node with the primer, or makes the primer's bridge.
pub(super) async fn plug(guard: &mut Guard, base: &Base, nodes: &[Node], index: u8, addresses: &Addresses) -> Result<()> {
    let (primer, node) = (&nodes[0].namespaces, &nodes[usize::from(index)].namespaces);
    let device = if index == 0 { BRIDGE } else { INTERFACE };
    if index == 0 {
        ip(guard, base, primer, ["link", "add", BRIDGE, "type", "bridge"]).await?;
    } else {
        cable(guard, base, primer, node, index).await?;
    }
    address(guard, base, node, device, &addresses.node_in_network(index)).await?;
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
    let _ = ip(guard, base, &nodes[0].namespaces, ["link", "delete", &format!("port{index}")]).await;
}

/// A cable from a node to where the bridge is. Both ends are made where they belong: the machine's own network never sees them.
async fn cable(guard: &mut Guard, base: &Base, bridge: &Namespaces, node: &Namespaces, index: u8) -> Result<()> {
    let (port, pid) = (format!("port{index}"), node.pid().to_string());
    // A machine that starts again has the same card, which the others remember for a while.
    let card = format!("02:00:00:00:00:{index:02x}");
    ip(guard, base, bridge, ["link", "add", &port, "type", "veth", "peer", "name", INTERFACE, "address", &card, "netns", &pid]).await?;
    ip(guard, base, bridge, ["link", "set", &port, "master", BRIDGE, "up"]).await
}

async fn address(guard: &mut Guard, base: &Base, node: &Namespaces, device: &str, address: &str) -> Result<()> {
    ip(guard, base, node, ["link", "set", "lo", "up"]).await?;
    ip(guard, base, node, ["address", "add", address, "dev", device]).await?;
    ip(guard, base, node, ["link", "set", device, "up"]).await
}

async fn ip<const N: usize>(guard: &mut Guard, base: &Base, node: &Namespaces, arguments: [&str; N]) -> Result<()> {
    run_to_end(guard, &node.network_program("ip", &base.ip, arguments)).await
}
