# A primer with Headscale, and two workers that join its mesh and, over that, its cluster.
{
  # Whether k3s' token and Headscale's keys come from agenix.
  secrets ? false,
}:
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
  fixtures = ../../fixtures/nix;
  # What `manifestgen secret` made the files of.
  known = lib.importJSON (fixtures + "/cluster/cluster.json");
  decrypts = node: node // lib.optionalAttrs secrets { inherit (lib.head known.nodes) hostKeys; };
  settings = {
    inherit (base) cluster images;
    k3s = if secrets then removeAttrs base.k3s [ "tokenFile" ] else base.k3s;
    nodes = map decrypts [
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
    headscale =
      base.headscale
      // lib.optionalAttrs secrets { useAgenixSecrets = true; }
      // {
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
  }
  // lib.optionalAttrs secrets { inherit (known) recipients secrets; };
  # In a test the workers' keys are known beforehand; elsewhere they are SSH host keys.
  identity = fixtures + "/identity.txt";
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
  }
  // lib.optionalAttrs secrets {
    # A bare path would stay one of the host, which the machine does not have.
    age.identityPaths = [ "${fixtures}/identity.txt" ];
    cluster.secrets.folder = fixtures + "/cluster/secrets";
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
