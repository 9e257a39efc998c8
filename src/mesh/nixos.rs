//! A module of NixOS (nixpkgs, nixos/modules/services/networking/wireguard.nix).

use serde_json::{Map, Value, json};

use super::{Interface, NodeFile};
use crate::diag::{Error, Result};
use crate::nix;

/// A module that makes the interface, and opens its port and, in the mesh, that of discovery.
///
/// # Errors
/// An internal error when it holds what Nix cannot say.
pub fn nixos(interface: &Interface) -> Result<NodeFile> {
    let peers = interface.peers.iter().map(|peer| {
        let mut value = Map::new();
        value.insert("name".to_owned(), json!(peer.name));
        value.insert("publicKey".to_owned(), json!(peer.public_key));
        value.insert("allowedIPs".to_owned(), peer.allowed_ips.iter().map(|net| json!(net.to_string())).collect());
        if let Some(endpoint) = &peer.endpoint {
            value.insert("endpoint".to_owned(), json!(endpoint.to_string()));
        }
        if let Some(seconds) = peer.persistent_keepalive {
            value.insert("persistentKeepalive".to_owned(), json!(seconds));
        }
        Value::Object(value)
    });
    let mut firewall = json!({"allowedUDPPorts": [interface.port]});
    if let Some(port) = interface.discovery {
        firewall["interfaces"] = json!({interface.name.clone(): {"allowedUDPPorts": [port]}});
    }
    let module = json!({
        "networking": {
            "firewall": firewall,
            "wireguard": {"interfaces": {interface.name.clone(): {
                "ips": [interface.address.to_string()],
                "listenPort": interface.port,
                "mtu": interface.mtu,
                // A text, not a path: Nix would copy the file to its store.
                "privateKeyFile": interface.private_key_file.as_str(),
                "peers": peers.collect::<Vec<_>>(),
            }}},
        },
    });
    let body = nix::expression(&module).map_err(|cause| Error::internal("the module cannot be written").caused_by(cause))?;
    let head = interface.heading();
    Ok(NodeFile { path: "/etc/nixos/wireguard.nix".to_owned(), contents: format!("{head}{body}\n") })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::mesh::interface::tests::view;

    #[test]
    fn a_module_names_the_file_of_the_key() {
        let file = nixos(&view("away", json!({})).expect("a view")).expect("a file");
        insta::assert_snapshot!(file.contents, @r#"
        # Node `away` of the cluster `home`, by `manifestgen mesh config`.
        {
          networking = {
            firewall = {
              allowedUDPPorts = [ 51820 ];
            };
            wireguard = {
              interfaces = {
                wg0 = {
                  ips = [ "10.250.0.3/24" ];
                  listenPort = 51820;
                  mtu = 1420;
                  privateKeyFile = "/run/agenix/wireguard-away";
                  peers = [
                    {
                      name = "cellar";
                      publicKey = "TrMvSoP4jYQlY6RIzBgbssQqY3vxI2Pi+y71lOWWXX0=";
                      allowedIPs = [ "10.250.0.2/32" ];
                      endpoint = "192.168.1.11:51900";
                      persistentKeepalive = 25;
                    }
                    {
                      name = "primer";
                      publicKey = "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=";
                      allowedIPs = [
                        "10.250.0.1/32"
                        "192.168.1.10/32"
                      ];
                      endpoint = "203.0.113.7:51820";
                      persistentKeepalive = 25;
                    }
                  ];
                };
              };
            };
          };
        }
        "#);
    }
}
