//! The file of `wg-quick` (wg-quick(8), wg(8) "CONFIGURATION FILE FORMAT").

use std::fmt::Write as _;

use super::interface::joined;
use super::{Interface, NodeFile};
use crate::diag::{Error, Result};

/// `/etc/wireguard/INTERFACE.conf`. It holds no private key: that is read from its file when the interface comes up.
///
/// # Errors
/// Usage: the path of the private key is one that `wg-quick` cannot read.
pub fn wg_quick(interface: &Interface) -> Result<NodeFile> {
    let file = quoted(interface.private_key_file.as_str())?;
    let mut text = interface.heading();
    let mut line = |line: std::fmt::Arguments<'_>| {
        // Writing to a string cannot fail.
        let _ = text.write_fmt(line).and_then(|()| text.write_char('\n'));
    };
    line(format_args!("[Interface]"));
    line(format_args!("Address = {}", interface.address));
    line(format_args!("ListenPort = {}", interface.port));
    line(format_args!("MTU = {}", interface.mtu));
    line(format_args!("PostUp = wg set %i private-key {file}"));
    for peer in &interface.peers {
        line(format_args!("\n[Peer]\n# {}", peer.name));
        line(format_args!("PublicKey = {}", peer.public_key));
        line(format_args!("AllowedIPs = {}", joined(&peer.allowed_ips)));
        if let Some(endpoint) = &peer.endpoint {
            line(format_args!("Endpoint = {endpoint}"));
        }
        if let Some(seconds) = peer.persistent_keepalive {
            line(format_args!("PersistentKeepalive = {seconds}"));
        }
    }
    Ok(NodeFile { path: format!("/etc/wireguard/{}.conf", interface.name), contents: text })
}

/// bash evaluates the line, after `wg-quick` has cut it off at the first `#` and put the interface's name in place of `%i`.
fn quoted(path: &str) -> Result<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | '+' | '@' | ',');
    if path.chars().all(plain) {
        return Ok(path.to_owned());
    }
    if path.contains(['#', '\'', '%', '\n', '\r']) {
        return Err(Error::usage(format!("`wg-quick` cannot read a file of the name `{path}`"))
            .hint("choose a path without `#`, `'` and `%`, or another `--format`"));
    }
    Ok(format!("'{path}'"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::mesh::interface::tests::view;

    #[test]
    fn a_file_says_all_but_the_private_key() {
        let file = wg_quick(&view("away", json!({})).expect("a view")).expect("a file");
        insta::assert_snapshot!(format!("{}\n{}", file.path, file.contents), @"
        /etc/wireguard/wg0.conf
        # Node `away` of the cluster `home`, by `manifestgen mesh config`.
        [Interface]
        Address = 10.250.0.3/24
        ListenPort = 51820
        MTU = 1420
        PostUp = wg set %i private-key /run/agenix/wireguard-away

        [Peer]
        # cellar
        PublicKey = TrMvSoP4jYQlY6RIzBgbssQqY3vxI2Pi+y71lOWWXX0=
        AllowedIPs = 10.250.0.2/32
        Endpoint = 192.168.1.11:51900
        PersistentKeepalive = 25

        [Peer]
        # primer
        PublicKey = xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=
        AllowedIPs = 10.250.0.1/32, 192.168.1.10/32
        Endpoint = 203.0.113.7:51820
        PersistentKeepalive = 25
        ");
    }

    #[test]
    fn a_path_is_one_word_of_bash() {
        assert_eq!(quoted("/run/a b$c").expect("quoted"), "'/run/a b$c'");
        for path in ["/run/a#b", "/run/a'b", "/run/%i"] {
            assert!(quoted(path).is_err());
        }
    }
}
