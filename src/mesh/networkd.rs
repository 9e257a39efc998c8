//! The files of systemd-networkd (systemd.netdev(5), systemd.network(5)).

use std::fmt::Write as _;

use super::interface::joined;
use super::{Interface, NodeFile};

/// `/etc/systemd/network/50-INTERFACE.netdev` and `.network`.
///
/// systemd-networkd reads the private key as the user `systemd-network`.
#[must_use]
pub fn networkd(interface: &Interface) -> [NodeFile; 2] {
    let head = interface.heading();
    let mut device = head.clone();
    let mut line = |text: std::fmt::Arguments<'_>| {
        // Writing to a string cannot fail.
        let _ = device.write_fmt(text).and_then(|()| device.write_char('\n'));
    };
    line(format_args!("[NetDev]\nName={}\nKind=wireguard\nMTUBytes={}", interface.name, interface.mtu));
    line(format_args!("\n[WireGuard]"));
    line(format_args!("# Its owner and mode: root:systemd-network, 0640."));
    line(format_args!("PrivateKeyFile={}", escaped(interface.private_key_file.as_str())));
    line(format_args!("ListenPort={}", interface.port));
    let range = interface.address.trunc();
    for peer in &interface.peers {
        line(format_args!("\n[WireGuardPeer]\n# {}", peer.name));
        line(format_args!("PublicKey={}", peer.public_key));
        line(format_args!("AllowedIPs={}", joined(&peer.allowed_ips)));
        if let Some(endpoint) = &peer.endpoint {
            line(format_args!("Endpoint={endpoint}"));
        }
        if let Some(seconds) = peer.persistent_keepalive {
            line(format_args!("PersistentKeepalive={seconds}"));
        }
        // The address with its prefix length is a route to the mesh itself.
        if peer.allowed_ips.iter().any(|net| !range.contains(net)) {
            line(format_args!("RouteTable=main"));
        }
    }
    let network = format!("{head}[Match]\nName={}\n\n[Network]\nAddress={}\n", interface.name, interface.address);
    let path = |extension: &str| format!("/etc/systemd/network/50-{}.{extension}", interface.name);
    [NodeFile { path: path("netdev"), contents: device }, NodeFile { path: path("network"), contents: network }]
}

/// `%` begins a specifier (systemd.unit(5)).
fn escaped(path: &str) -> String {
    path.replace('%', "%%")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::mesh::interface::tests::view;

    #[test]
    fn a_device_and_its_network() {
        let files = networkd(&view("away", json!({})).expect("a view"));
        let text: Vec<String> = files.iter().map(|file| format!("{}\n{}", file.path, file.contents)).collect();
        insta::assert_snapshot!(text.join("\n"), @"
        /etc/systemd/network/50-wg0.netdev
        # Node `away` of the cluster `home`, by `manifestgen mesh config`.
        [NetDev]
        Name=wg0
        Kind=wireguard
        MTUBytes=1420

        [WireGuard]
        # Its owner and mode: root:systemd-network, 0640.
        PrivateKeyFile=/run/agenix/wireguard-away
        ListenPort=51820

        [WireGuardPeer]
        # cellar
        PublicKey=TrMvSoP4jYQlY6RIzBgbssQqY3vxI2Pi+y71lOWWXX0=
        AllowedIPs=10.250.0.2/32
        Endpoint=192.168.1.11:51900
        PersistentKeepalive=25

        [WireGuardPeer]
        # primer
        PublicKey=xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=
        AllowedIPs=10.250.0.1/32, 192.168.1.10/32
        Endpoint=203.0.113.7:51820
        PersistentKeepalive=25
        RouteTable=main

        /etc/systemd/network/50-wg0.network
        # Node `away` of the cluster `home`, by `manifestgen mesh config`.
        [Match]
        Name=wg0

        [Network]
        Address=10.250.0.3/24
        ");
    }
}
