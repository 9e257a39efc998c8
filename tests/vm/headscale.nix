# A primer with Headscale, and two workers that join its mesh and, over that, its cluster.
{ lib, pkgs, ... }:
let
  base = import ./cluster.nix { inherit lib pkgs; };
  images = import ./images.nix { inherit pkgs; };
  worker = name: {
    inherit name;
    # Flannel's interface is the mesh's.
    k3s.flannelIface = "tailscale0";
    mesh.type = "tailscale";
  };
  settings = {
    inherit (base) cluster images k3s;
    nodes = [
      (
        base.primer
        // {
          mesh = {
            type = "tailscale";
            advertiseRoute = true;
          };
        }
      )
      (worker "worker1")
      (worker "worker2")
    ];
    headscale = base.headscale // {
      policy = {
        tagOwners."tag:node" = [ "cluster@" ];
        autoApprovers.routes."192.168.1.1/32" = [ "tag:node" ];
        acls = [
          {
            action = "accept";
            # Pods of the primer talk from its address in the local network.
            src = [
              "tag:node"
              "192.168.1.1/32"
            ];
            dst = [
              "tag:node:*"
              "192.168.1.1/32:*"
            ];
          }
        ];
      };
    };
  };
  # In a test the workers' keys are known beforehand; elsewhere they are SSH host keys.
  identity = ../../fixtures/nix/identity.txt;
  recipient = lib.last (
    lib.splitString " " (
      lib.findFirst (lib.hasPrefix "# public key:") "" (lib.splitString "\n" (builtins.readFile identity))
    )
  );
  node = {
    services.manifestgen = {
      inherit settings;
      images = [ images.headscale ];
    };
  };
  joining = {
    imports = [ node ];
    environment.etc."cluster/identity" = {
      source = identity;
      mode = "0400";
    };
    cluster.mesh.identityFile = "/etc/cluster/identity";
  };
in
{
  nodes = {
    primer = {
      imports = [ node ];
      cluster.joinKeys = {
        recipients = {
          worker1 = recipient;
          worker2 = recipient;
        };
        tags = [ "tag:node" ];
      };
    };
    worker1 = joining;
    worker2 = joining;
  };
  testScript = import ./story.nix "headscale";
}
