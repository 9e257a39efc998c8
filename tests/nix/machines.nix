# Machines to judge, beside those of the VM tests and the template: good ones, and ones that the modules must stop.
{
  lib,
  flake,
  system,
}:
let
  module = flake.nixosModules.default;
  node =
    name: settings: more:
    (system [
      module
      {
        networking.hostName = name;
        services.openssh.enable = true;
        services.manifestgen = {
          enable = true;
          inherit settings;
        };
      }
      more
    ]).config;
  lan = {
    cluster.name = "home";
    nodes = [
      {
        name = "primer";
        role = "server";
        address = "192.168.1.10";
      }
      {
        name = "worker";
        address = "192.168.1.11";
        registries.mirrors."docker.io".endpoint = [ "https://mirror.example.com" ];
      }
      {
        name = "second";
        role = "server";
        address = "192.168.1.12";
      }
      {
        name = "third";
        role = "server";
        address = "192.168.1.13";
      }
    ];
    k3s.datastore.type = "etcd";
    headscale = { };
  };
  mesh = {
    cluster.name = "home";
    nodes = [
      {
        name = "primer";
        role = "server";
        address = "192.168.1.10";
        mesh = {
          type = "tailscale";
          advertiseRoute = true;
        };
      }
      {
        name = "worker";
        mesh.type = "tailscale";
      }
    ];
    headscale = {
      service.nodePort = 30081;
      policy = {
        tagOwners."tag:node" = [ "cluster@" ];
        autoApprovers.routes."192.168.1.10/32" = [ "tag:node" ];
      };
    };
  };
  # What the encrypted files of the fixtures are made of.
  withSecrets = lib.importJSON ../../fixtures/nix/cluster/cluster.json;
  decrypting = {
    services.manifestgen.nodeInterfaces = [ "eth1" ];
    cluster.secrets.folder = ../../fixtures/nix/cluster/secrets;
  };
  keys.cluster.joinKeys = {
    recipients.worker = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAbc";
    tags = [ "tag:node" ];
  };
  changed = settings: change: lib.recursiveUpdate settings change;

in
{
  machines = {
    "lan/primer" = node "primer" lan {
      services.manifestgen.nodeInterfaces = [ "eth1" ];
      cluster.primer.apply.arguments = [ "--force-conflicts" ];
      services.manifestgen.profile = "primer";
    };
    "lan/worker" = node "worker" lan { services.manifestgen.nodeInterfaces = [ "eth1" ]; };
    "lan/second" = node "second" lan { services.manifestgen.nodeInterfaces = [ "eth1" ]; };
    "without an interface" = node "worker" lan { };
    "mesh/primer" = node "primer" mesh keys;
    "mesh/worker" = node "worker" mesh { };
    "mesh/worker with a key from agenix" = node "worker" mesh (
      { config, ... }:
      {
        age.secrets.join-key.file = ../../fixtures/nix/k3s-token.age;
        cluster.mesh = {
          joinKeyFile = config.age.secrets.join-key.path;
          identityFile = null;
        };
      }
    );
    "by hand" = node "primer" lan {
      services.manifestgen.nodeInterfaces = [ "eth1" ];
      cluster.primer = {
        apply.enable = false;
        openFirewall = false;
      };
    };
    stranger = node "laptop" lan { };
    "no nodes" = node "primer" { cluster.name = "home"; } { };
    "no server" = node "worker" { nodes = [ { name = "worker"; } ]; } { };
    twice = node "primer" (lan // { nodes = lan.nodes ++ [ (lib.head lan.nodes) ]; }) { };
    "waits for its own Headscale" = node "primer" (changed mesh {
      nodes = map (entry: removeAttrs entry [ "mesh" ] // { mesh.type = "tailscale"; }) mesh.nodes;
    }) keys;
    "route not approved" = node "primer" (changed mesh {
      headscale.policy.autoApprovers = lib.mkForce { };
    }) keys;
    "no recipient" = node "primer" mesh { cluster.joinKeys.tags = [ "tag:node" ]; };
    "unknown recipient" = node "primer" mesh (
      lib.recursiveUpdate keys { cluster.joinKeys.recipients.wroker = "age1xyz"; }
    );
    "tag without owner" = node "primer" mesh (
      lib.recursiveUpdate keys { cluster.joinKeys.tags = [ "tag:other" ]; }
    );
    "keys of the cluster file" = node "primer" (changed mesh {
      nodes = map (
        entry:
        entry
        // {
          hostKeys = [
            "age16fem3e02pngfdtqhgl394w88j7m729jexfnhsddygr2zanp3eagqnvly5p"
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPinVPS483IDRnojl/a1rSfjeRJ3Vtj49cpvQRNdNJzU"
          ];
        }
      ) mesh.nodes;
    }) { cluster.joinKeys.tags = [ "tag:node" ]; };
    "secrets/primer" = node "primer" withSecrets {
      imports = [ decrypting ];
      cluster.secrets.deliver.arguments = [ "--force-conflicts" ];
    };
    "secrets/worker" = node "worker" withSecrets decrypting;
    "secrets/by hand" = node "primer" withSecrets {
      imports = [ decrypting ];
      cluster.secrets.deliver.enable = false;
    };
    "no folder of secrets" = node "primer" withSecrets { };
    "folder without secrets" = node "primer" withSecrets { cluster.secrets.folder = ./mirror; };
    "secret that the primer cannot read" = node "primer" (changed withSecrets {
      secrets = withSecrets.secrets ++ [
        {
          name = "mail";
          deliver = [
            {
              type = "kubernetes";
              namespace = "mail";
              name = "mail";
              key = "password";
            }
          ];
        }
      ];
    }) decrypting;
    "WireGuard without keys" = node "worker" {
      nodes = [
        {
          name = "primer";
          role = "server";
          address = "192.168.1.10";
          mesh = {
            type = "wireguard";
            address = "10.99.0.1";
          };
        }
        {
          name = "worker";
          mesh.type = "wireguard";
        }
      ];
    } { };
  };

  # What each is stopped by, all of it.
  broken = {
    # The template leaves the worker's key to be filled in, and the build says so.
    "template/primer" = [
      "cluster.joinKeys: no public key to encrypt the key of worker with: set `cluster.joinKeys.recipients.NAME`, or `hostKeys` in its entry of `settings.nodes`, to what `ssh-keyscan -t ed25519 NAME` says, without the name in front"
    ];
    stranger = [
      "services.manifestgen: no entry of `settings.nodes` is named `laptop`: set `networking.hostName` or `services.manifestgen.nodeName` to one of primer, worker, second, third"
    ];
    "no nodes" = [
      "services.manifestgen: no entry of `settings.nodes` is named `primer`, because there is none: list the machines of the cluster there"
      "services.manifestgen: no entry of `settings.nodes` has `role = \"server\"`: the first such one is the machine that the others join"
    ];
    "no server" = [
      "services.manifestgen: no entry of `settings.nodes` has `role = \"server\"`: the first such one is the machine that the others join"
    ];
    twice = [
      "services.manifestgen: two entries of `settings.nodes` have the same name: primer, worker, second, third, primer"
    ];
    "waits for its own Headscale" = [
      "cluster.primer: Headscale runs on `primer`, whose k3s would wait for a mesh that only Headscale can let it into: set `mesh.advertiseRoute = true` in its entry of `settings.nodes`"
    ];
    "route not approved" = [
      "cluster.mesh: Headscale does not approve the route of `primer` by itself: add `headscale.policy.autoApprovers.routes.\"192.168.1.10/32\" = [ \"tag:…\" ]`, with a tag of `cluster.joinKeys.tags`"
    ];
    "no recipient" = [
      "cluster.joinKeys: no public key to encrypt the key of worker with: set `cluster.joinKeys.recipients.NAME`, or `hostKeys` in its entry of `settings.nodes`, to what `ssh-keyscan -t ed25519 NAME` says, without the name in front"
    ];
    "unknown recipient" = [
      "cluster.joinKeys: `recipients` has wroker, and no other node of that name has `mesh.type = \"tailscale\"`"
    ];
    "tag without owner" = [
      "cluster.joinKeys: Headscale refuses a tag without an owner: add each of tag:other to `headscale.policy.tagOwners`"
    ];
    "no folder of secrets" = [
      "cluster.secrets: `settings.secrets` declares k3s-token, headscale-noise, headscale-derp: run `manifestgen secret create` and set `cluster.secrets.folder = ./secrets`"
    ];
    "folder without secrets" = [
      "cluster.secrets: `folder` is ${toString ./mirror}: give the path `./secrets`, without quotes, of the folder that lies beside the cluster file"
      "cluster.secrets: ${toString ./mirror} has no `nodes.nix`: run `manifestgen secret create`, and `git add secrets`, as a flake sees nothing else"
    ];
    "secret that the primer cannot read" = [
      "cluster.secrets: `primer` delivers into the cluster and does not decrypt mail: set `hostKeys` in its entry of `settings.nodes`, name it in `nodes` of the secret, and run `manifestgen secret rekey`"
    ];
    "WireGuard without keys" = [
      "cluster.mesh.wireguard: `worker` has no private key: set `privateKeyFile`, for example to the path of an agenix secret"
      "cluster.mesh.wireguard: `publicKeys` has no key of primer"
      "cluster.mesh.wireguard: set `mesh.address` in the entries of worker in `settings.nodes`"
    ];
  };

  # What each is warned of.
  odd."without an interface" = [
    "services.manifestgen: the firewall of `worker` lets in nothing that the other nodes say: set `services.manifestgen.nodeInterfaces` to the interface by which it reaches them, such as `eth0`, or `networking.firewall.enable = false`"
  ];
}
