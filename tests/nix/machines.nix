# Machines to judge, beside those of the VM tests and the template: good ones, and ones that the modules must stop.
{
  lib,
  flake,
  system,
  # The folder with the index of each cluster file, by its hash.
  indexes,
}:
let
  module = flake.nixosModules.default;
  node = nodeBy module;
  nodeBy =
    module: name: settings: more:
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
      (
        { config, ... }:
        let
          inherit (config.services.manifestgen) profile settings;
          hash = builtins.hashString "sha256" (
            builtins.toJSON [
              profile
              settings
            ]
          );
        in
        {
          services.manifestgen.index = lib.mkDefault (indexes + "/${hash}.nix");
        }
      )
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
  byWireguard = lib.importJSON ../../fixtures/nix/mesh/cluster.json;
  decryptingWireguard.cluster.secrets.folder = ../../fixtures/nix/mesh/secrets;
  keys.cluster.joinKeys = {
    recipients.worker = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAbc";
    tags = [ "tag:node" ];
  };
  changed = settings: change: lib.recursiveUpdate settings change;
  write = "`nix eval --json --file cluster.nix >cluster.json && manifestgen render -c cluster.json --format nix -o cluster-index.nix`";

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
    "k3s in the mesh" = node "worker" (changed mesh {
      nodes = map (
        entry:
        entry
        // {
          mesh = {
            type = "tailscale";
            name = "${entry.name}.mesh.internal";
            vpnAuthFile = "/run/agenix/vpn";
          };
        }
      ) mesh.nodes;
      headscale = lib.mkForce null;
    }) { services.manifestgen.nodeInterfaces = [ "eth1" ]; };
    "microvm/primer" = node "primer" lan {
      imports = [
        ./mirror/microvm.nix
        flake.nixosModules.microvm
      ];
    };
    "microvm/second" = node "second" lan {
      imports = [
        ./mirror/microvm.nix
        flake.nixosModules.microvm
      ];
      cluster.microvm.tap = "tap0";
      cluster.primer.forwardPorts = false;
    };
    "by hand" = node "primer" lan {
      services.manifestgen.nodeInterfaces = [ "eth1" ];
      services.manifestgen.openFirewall = false;
      cluster.primer.apply.enable = false;
    };
    stranger = node "laptop" lan { };
    "no nodes" = node "primer" { cluster.name = "home"; } { };
    "of a cluster elsewhere" = node "worker" {
      cluster.name = "home";
      k3s.registrationAddress = "k3s.example.com";
      nodes = [ { name = "worker"; } ];
    } { };
    "no index" = node "primer" lan { services.manifestgen.index = null; };
    "index of another form" = node "primer" lan { services.manifestgen.index = ./form-0.nix; };
    "without an image" = node "primer" (changed lan { headscale.version = "0.29.0"; }) {
      services.manifestgen = {
        nodeInterfaces = [ "eth1" ];
        offline = true;
      };
    };
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
          nodes = [ "worker" ];
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
    "WireGuard/primer" = node "primer" byWireguard decryptingWireguard;
    "WireGuard/laptop" = node "laptop" byWireguard decryptingWireguard;
    "WireGuard/rented" = node "rented" byWireguard {
      cluster.mesh.wireguard.publicKeys.primer =
        lib.mkForce "HIgo9xNzJMWLKASShiTqIybxZ0U3wGLiUeJ1PKf8ykw=";
      cluster.secrets.folder = ../../fixtures/nix/mesh/secrets;
    };
    "WireGuard/rented by the worker's module alone" =
      nodeBy flake.nixosModules.worker "rented" byWireguard
        {
          cluster.mesh.wireguard.publicKeys = {
            primer = "HIgo9xNzJMWLKASShiTqIybxZ0U3wGLiUeJ1PKf8ykw=";
            laptop = "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=";
          };
        };
    "WireGuard/laptop by the mesh's module alone" =
      nodeBy flake.nixosModules.mesh "laptop" byWireguard
        {
          cluster.mesh.wireguard = {
            privateKeyFile = "/etc/wireguard/key";
            publicKeys.primer = "HIgo9xNzJMWLKASShiTqIybxZ0U3wGLiUeJ1PKf8ykw=";
          };
        };
    "secrets/by an activation script" = node "worker" withSecrets {
      imports = [ decrypting ];
      systemd.sysusers.enable = false;
    };
    "WireGuard/laptop that looks for others" = node "laptop" (changed byWireguard {
      mesh.discovery.port = 51900;
    }) decryptingWireguard;
    "WireGuard/laptop with keys that only Nix knows" =
      node "laptop"
        (changed byWireguard {
          mesh.discovery = { };
          secrets = [ ];
        })
        {
          cluster.mesh.wireguard = {
            privateKeyFile = "/etc/wireguard/key";
            publicKeys.primer = "HIgo9xNzJMWLKASShiTqIybxZ0U3wGLiUeJ1PKf8ykw=";
          };
        };
    "WireGuard without recorded keys" = node "rented" byWireguard { };
    "WireGuard without keys" = node "worker" {
      cluster.name = "home";
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
      "cluster.joinKeys: no public key to encrypt the key of worker with: set `cluster.joinKeys.recipients.NAME`, or `hostKeys` in its entry of `nodes`, to what `ssh-keyscan -t ed25519 NAME` says, without the name in front"
    ];
    stranger = [
      "services.manifestgen: the index has no node `laptop`: set `networking.hostName` or `services.manifestgen.nodeName` to one of primer, second, third, worker, or list it in `nodes` and write the index anew: ${write}"
    ];
    "no nodes" = [
      "services.manifestgen: the index has no node `primer`: list the machines of the cluster in `nodes`, and write the index anew: ${write}"
    ];
    "no index" = [
      "services.manifestgen: the modules read an index of the machines: ${write}, `git add` it, and set `services.manifestgen.index = ./cluster-index.nix`"
    ];
    "index of another form" = [
      "services.manifestgen: ${toString ./form-0.nix} is no index of form 1, as this version of manifestgen writes it: ${write}"
    ];
    "without an image" = [
      "services.manifestgen: `offline` is set, and nothing in `images` brings docker.io/headscale/headscale:0.29.0"
    ];
    "route not approved" = [
      "cluster.mesh: Headscale does not approve the route of `primer` by itself: add `headscale.policy.autoApprovers.routes.\"192.168.1.10/32\" = [ \"tag:…\" ]`, with a tag of `cluster.joinKeys.tags`"
    ];
    "no recipient" = [
      "cluster.joinKeys: no public key to encrypt the key of worker with: set `cluster.joinKeys.recipients.NAME`, or `hostKeys` in its entry of `nodes`, to what `ssh-keyscan -t ed25519 NAME` says, without the name in front"
    ];
    "unknown recipient" = [
      "cluster.joinKeys: `recipients` has wroker, and no other node of that name has `mesh.type = \"tailscale\"`"
    ];
    "tag without owner" = [
      "cluster.joinKeys: Headscale refuses a tag without an owner: add each of tag:other to `headscale.policy.tagOwners`"
    ];
    "no folder of secrets" = [
      "cluster.secrets: the cluster file declares secrets in secrets/k3s-token.age, secrets/headscale-noise.age, secrets/headscale-derp.age: run `manifestgen secret create` and set `cluster.secrets.folder = ./secrets`"
    ];
    "folder without secrets" = [
      "cluster.secrets: `folder` is ${toString ./mirror}: give the path `./secrets`, without quotes, of the folder that lies beside the cluster file"
      "cluster.secrets: secrets/k3s-token.age, secrets/headscale-noise.age, secrets/headscale-derp.age is not there, beside ${toString ./mirror}: run `manifestgen secret create`, and `git add secrets`, as a flake sees nothing else"
    ];
    "secret that the primer cannot read" = [
      "cluster.secrets: secrets/mail.age is not there, beside ${toString ../../fixtures/nix/cluster/secrets}: run `manifestgen secret create`, and `git add secrets`, as a flake sees nothing else"
      "cluster.secrets: `primer` delivers into the cluster and does not decrypt mail: set `hostKeys` in its entry of `nodes`, name it in `nodes` of the secret, and run `manifestgen secret rekey`"
    ];
    "WireGuard/laptop with keys that only Nix knows" = [
      "cluster.mesh.wireguard: `mesh discover` takes the place of the key from the cluster file: set `mesh.privateKeyFile` in the entry of laptop, and not `cluster.mesh.wireguard.privateKeyFile`"
      "cluster.mesh.wireguard: `mesh discover` takes public keys from the cluster file: set `mesh.publicKey` in the entries of laptop, primer, or declare the secrets `wireguard-NODE`"
    ];
    "WireGuard without recorded keys" = [
      "cluster.secrets: the cluster file declares secrets in secrets/wireguard-primer.age, secrets/wireguard-laptop.age: run `manifestgen secret create` and set `cluster.secrets.folder = ./secrets`"
      "cluster.mesh.wireguard: `publicKeys` has no key of laptop, primer"
    ];
    "WireGuard without keys" = [
      "cluster.mesh.wireguard: `worker` has no private key: set `privateKeyFile`, for example to the path of an agenix secret"
      "cluster.mesh.wireguard: `publicKeys` has no key of primer"
      "cluster.mesh.wireguard: the cluster file says nothing of the mesh of primer, worker: give it the section `mesh`, with `cidr`, and write the index anew where one is committed"
    ];
  };

  # What each is warned of.
  odd."without an interface" = [
    "services.manifestgen: the firewall of `worker` lets in nothing that the other nodes say: set `services.manifestgen.nodeInterfaces` to the interface by which it reaches them, such as `eth0`, or `networking.firewall.enable = false`"
  ];
}
