# Five nodes that reach each other by WireGuard alone.
{ lib, pkgs, ... }:
let
  base = import ./cluster.nix { inherit lib pkgs; };
  workers = map (number: "worker${toString number}") (lib.range 1 4);
  names = [ "primer" ] ++ workers;
  # The driver's numbers, which follow the alphabet as these names do.
  numbered = lib.imap1 (number: name: { inherit name number; }) names;
  keys = lib.importJSON ../../fixtures/nix/wireguard.json;
  settings = {
    inherit (base) cluster;
    mesh.cidr = "10.99.0.0/24";
    k3s = base.k3s // {
      defaults = base.k3s.defaults // {
        flannelIface = "wg0";
      };
    };
    nodes = map (
      { name, number }:
      {
        inherit name;
        role = if name == "primer" then "server" else "agent";
        address = "192.168.1.${toString number}";
        mesh = {
          type = "wireguard";
          address = "10.99.0.${toString number}";
        };
      }
    ) numbered;
  };
in
{
  nodes = lib.genAttrs names (name: {
    services.manifestgen = {
      inherit settings;
      # Nothing but WireGuard itself comes in on the wire.
      nodeInterfaces = lib.mkForce [ "wg0" ];
    };
    environment.etc."cluster/wireguard" = {
      text = keys.${name}.private;
      mode = "0400";
    };
    cluster.mesh.wireguard = {
      privateKeyFile = "/etc/cluster/wireguard";
      publicKeys = lib.mapAttrs (_: pair: pair.public) keys;
    };
  });
  testScript = import ./story.nix "mesh";
}
