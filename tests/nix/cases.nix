# What the modules must come to.
{
  lib,
  pkgs,
  flake,
  system,
  vm,
  templateNodes,
  outputs,
  indexes,
}:
let
  inherit
    (import ./machines.nix {
      inherit
        lib
        flake
        system
        indexes
        ;
    })
    machines
    broken
    odd
    ;
  module = flake.nixosModules.default;
  check = name: expected: actual: { inherit name expected actual; };

  primer = machines."lan/primer";
  worker = machines."lan/worker";
  inMesh = machines."mesh/primer";
  joins = machines."mesh/worker";
  delivering = machines."secrets/primer";
  service = config: name: config.systemd.services.${name};
  all = lib.attrValues (removeAttrs machines (lib.attrNames broken));
  ours =
    config:
    lib.filterAttrs (
      name: _: lib.hasPrefix "cluster-" name || lib.hasPrefix "manifestgen-" name
    ) config.systemd.services;
  hardening = import ../../modules/hardening.nix;
  # What a unit cannot do without.
  needed.cluster-mesh-discovery = [
    "CapabilityBoundingSet"
    "RestrictAddressFamilies"
  ];
  recordedKey = name: lib.fileContents (../../fixtures/nix/mesh/secrets + "/wireguard-${name}.pub");
in
{
  inherit machines broken odd;
  checks = [
    (check "packages" [
      "cluster-argocd"
      "cluster-argocd-tcg"
      "cluster-generations"
      "cluster-generations-tcg"
      "cluster-headscale"
      "cluster-headscale-secrets"
      "cluster-headscale-secrets-tcg"
      "cluster-headscale-tcg"
      "cluster-ingress"
      "cluster-ingress-tcg"
      "cluster-mesh"
      "cluster-mesh-tcg"
      "cluster-secrets"
      "cluster-secrets-tcg"
      "default"
      "manifestgen"
      "manifests-full"
      "manifests-primer"
      "manifests-worker"
    ] (lib.attrNames outputs.packages))
    (check "every package is a derivation" [ ] (
      lib.attrNames (
        lib.filterAttrs (_: package: !lib.isDerivation package) (outputs.packages // outputs.checks)
      )
    ))
    (check "the flake's modules" [ "default" "mesh" "microvm" "primer" "secrets" "worker" ] (
      lib.attrNames flake.nixosModules
    ))
    (check "each module can be taken alone" [ true true true true ] (
      map (name: (system [ flake.nixosModules.${name} ]).config.services.manifestgen.enable == false) [
        "mesh"
        "primer"
        "secrets"
        "worker"
      ]
    ))
    (check "the flake's other outputs are there, on both systems" true (
      builtins.deepSeq [
        outputs.apps.default.program
        outputs.devShells.default.name
        flake.formatter.x86_64-linux.name
        (lib.attrNames (flake.overlays.default pkgs pkgs))
        (map (name: lib.attrNames flake.${name}.aarch64-linux) [
          "apps"
          "checks"
          "devShells"
          "packages"
        ])
        (lib.mapAttrsToList (_: package: package.name) flake.packages.aarch64-linux)
        flake.formatter.aarch64-linux.name
      ] true
    ))
    (check "modules that are imported and not enabled change nothing" (lib.attrNames
      (system [ ]).config.systemd.services
    ) (lib.attrNames (system [ module ]).config.systemd.services))
    (check "the package is the flake's" flake.packages.x86_64-linux.manifestgen.outPath
      primer.services.manifestgen.package.outPath
    )
    (check "a rendered package is validated, then rendered" ''
      manifestgen validate --config ${builtins.storeDir}/${lib.fixedWidthString 32 "0" ""}-cluster.yaml --profile primer
      manifestgen render --config ${builtins.storeDir}/${lib.fixedWidthString 32 "0" ""}-cluster.yaml --profile primer --format dir --output "$out"
    '' outputs.packages.manifests-primer.command)

    (check "primer: k3s is a server with the rendered file"
      [
        "server"
        "${primer.services.manifestgen.manifests}/nodes/primer/etc/rancher/k3s/config.yaml"
      ]
      [ primer.services.k3s.role primer.services.k3s.configPath ]
    )
    (check "worker: k3s is an agent with its own file"
      "${pkgs.k3s}/bin/k3s agent --config ${worker.services.manifestgen.manifests}/nodes/worker/etc/rancher/k3s/config.yaml"
      (service worker "k3s").serviceConfig.ExecStart
    )
    (check "second server: it joins, and does not apply"
      [ "server" false false ]
      [
        machines."lan/second".services.k3s.role
        machines."lan/second".cluster.primer.enable
        (machines."lan/second".systemd.services ? manifestgen-apply)
      ]
    )
    (check "a node's registries become its registries.yaml" {
      "rancher/k3s/registries.yaml" =
        "${worker.services.manifestgen.manifests}/nodes/worker/etc/rancher/k3s/registries.yaml";
    } (lib.mapAttrs (_: file: file.source) worker.environment.etc))
    (check "and nobody else's" [ ] (lib.attrNames primer.environment.etc))
    (check "the manifests folder of k3s stays empty" { } primer.services.k3s.manifests)
    (check "every system's build validates its cluster file" [ ] (
      lib.filter (config: config.system.checks == [ ]) all
    ))

    (check "primer: ports"
      [
        [
          22
          6443
          30080
        ]
        [ 30478 ]
      ]
      [
        (lib.sort lib.lessThan primer.networking.firewall.allowedTCPPorts)
        primer.networking.firewall.allowedUDPPorts
      ]
    )
    (check "primer: VXLAN, the kubelet and etcd only between nodes"
      [
        [
          2379
          2380
          6443
          10250
        ]
        [ 8472 ]
      ]
      [
        primer.networking.firewall.interfaces.eth1.allowedTCPPorts
        primer.networking.firewall.interfaces.eth1.allowedUDPPorts
      ]
    )
    (check "primer: pods reach the API server, on a worker only the kubelet"
      [
        [
          6443
          10250
        ]
        [ 10250 ]
      ]
      [
        primer.networking.firewall.interfaces.cni0.allowedTCPPorts
        worker.networking.firewall.interfaces."flannel.1".allowedTCPPorts
      ]
    )
    (check "worker: nothing is open but SSH"
      [
        [ 22 ]
        [ ]
      ]
      [
        worker.networking.firewall.allowedTCPPorts
        worker.networking.firewall.allowedUDPPorts
      ]
    )
    (check "ingress: its ports are open on every node, where it has any"
      [
        [
          30443
          30880
        ]
        [
          6443
          30443
          30880
        ]
      ]
      (
        map (name: vm.cluster-ingress.nodes.${name}.networking.firewall.allowedTCPPorts) [
          "worker"
          "primer"
        ]
      )
    )
    (check "a further server is joined and asked like the first" [ 22 6443 ] (
      lib.sort lib.lessThan machines."lan/second".networking.firewall.allowedTCPPorts
    ))
    (check "k3s that logs in to the mesh by itself waits for no unit of ours"
      [
        [ "multi-user.target" ]
        [ ]
        false
      ]
      (
        let
          config = machines."k3s in the mesh";
        in
        [
          (service config "k3s").wantedBy
          (service config "k3s").requires
          config.services.tailscale.enable
        ]
      )
    )
    (check "an index that is behind its cluster file stops the build" [ ] (
      lib.filter (
        config: !lib.hasInfix "--format nix --check --output" config.services.manifestgen.manifests.command
      ) all
    ))
    (check "primer: ports of the VM variant" [ "22223:22" "16443:6443" "18080:30080" ] (
      map (
        one: "${toString one.host.port}:${toString one.guest.port}"
      ) primer.virtualisation.vmVariant.virtualisation.forwardPorts
    ))
    (check "a virtual machine's host is the only one that those ports are for" [ "127.0.0.1" ] (
      lib.unique (
        map (one: one.host.address) (
          primer.virtualisation.vmVariant.virtualisation.forwardPorts
          ++ machines."microvm/primer".microvm.forwardPorts
        )
      )
    ))
    (check "microvm: two networks, told apart by addresses that no other machine has"
      [
        [
          "tap vm-primer"
          "user host"
        ]
        [
          "tap tap0"
          "user host"
        ]
        true
        [ "192.168.1.10/24" ]
        [ "cluster0" ]
        [
          3
          0
        ]
      ]
      (
        let
          first = machines."microvm/primer";
          second = machines."microvm/second";
          interfaces = config: map (one: "${one.type} ${one.id}") config.microvm.interfaces;
          macs = lib.concatMap (config: map (one: one.mac) config.microvm.interfaces) [
            first
            second
          ];
          isMac = text: builtins.match "0[26](:[0-9a-f]{2}){5}" text != null;
        in
        [
          (interfaces first)
          (interfaces second)
          (lib.allUnique macs && lib.all isMac macs)
          first.systemd.network.networks."10-cluster".address
          first.services.manifestgen.nodeInterfaces
          (map (config: lib.length config.microvm.forwardPorts) [
            first
            second
          ])
        ]
      )
    )
    (check "by hand: no unit applies, no port opens"
      [
        false
        [ 22 ]
      ]
      [
        (machines."by hand".systemd.services ? manifestgen-apply)
        machines."by hand".networking.firewall.allowedTCPPorts
      ]
    )

    (check "apply: its command"
      "\"${
        pkgs.callPackage ../../nix/package.nix { }
      }/bin/manifestgen\" \"apply\" \"--config\" \"${primer.services.manifestgen.configFile}\" \"--profile\" \"primer\" \"--timeout\" \"15m\" \"--force-conflicts\""
      (service primer "manifestgen-apply").serviceConfig.ExecStart
    )
    (check "apply: after k3s, which it does not take down"
      [
        [ "k3s.service" ]
        [ "k3s.service" ]
        [ ]
      ]
      (
        let
          apply = service primer "manifestgen-apply";
        in
        [
          apply.after
          apply.wants
          apply.requires
        ]
      )
    )
    (check "every unit of ours gives up what it does not need" [ ] (
      lib.concatMap (
        config:
        lib.concatLists (
          lib.mapAttrsToList (
            name: unit:
            lib.optional (
              lib.filterAttrs (key: value: unit.serviceConfig.${key} or null != value) (
                removeAttrs hardening (needed.${name} or [ ])
              ) != { }
            ) name
          ) (ours config)
        )
      ) all
    ))
    (check "every unit of ours retries, and never gives up" [ ] (
      lib.concatMap (
        config:
        lib.attrNames (
          lib.filterAttrs (
            _: unit: unit.serviceConfig.Restart or null != "on-failure" || unit.startLimitIntervalSec != 0
          ) (ours config)
        )
      ) all
    ))

    (check "mesh: nothing of the primer's k3s waits for tailscale" [ ] (
      lib.filter (unit: lib.hasInfix "tailscale" unit || lib.hasInfix "mesh" unit) (
        let
          k3s = service inMesh "k3s";
        in
        k3s.after ++ k3s.wants ++ k3s.requires ++ k3s.partOf ++ k3s.bindsTo
      )
    ))
    (check "mesh: nor does what applies the release or makes keys" [ ] (
      lib.concatMap
        (
          name:
          lib.filter (unit: lib.hasInfix "tailscale" unit || lib.hasInfix "mesh" unit) (
            (service inMesh name).after ++ (service inMesh name).wants ++ (service inMesh name).requires
          )
        )
        [
          "manifestgen-apply"
          "cluster-join-keys"
        ]
    ))
    (check "mesh: the worker's k3s starts when it has joined"
      [
        [ "cluster-mesh-join.service" ]
        [ "cluster-mesh-join.service" ]
        [ "tailscaled.service" ]
      ]
      (
        let
          k3s = service joins "k3s";
        in
        [
          k3s.wantedBy
          k3s.requires
          k3s.partOf
        ]
      )
    )
    (check "mesh: the worker's start hangs on no key"
      [
        [ ]
        [
          "/var/lib/cluster-mesh/join-key.age"
          "/var/lib/cluster-mesh/joined"
        ]
      ]
      [
        (service joins "cluster-mesh-join").wantedBy
        joins.systemd.paths.cluster-mesh-join.pathConfig.PathExists
      ]
    )
    (check "mesh: how each joins"
      [
        {
          ACCEPT_ROUTES = "false";
          INTERFACE = "tailscale0";
          JOIN_KEY_FILE = "/run/cluster-join-keys/primer";
          LOGIN_SERVER = "http://192.168.1.10:30081";
          NODE_NAME = "primer";
          ROUTES = "192.168.1.10/32";
        }
        {
          ACCEPT_ROUTES = "true";
          IDENTITY_FILE = "/etc/ssh/ssh_host_ed25519_key";
          INTERFACE = "tailscale0";
          JOIN_KEY_FILE = "/var/lib/cluster-mesh/join-key.age";
          LOGIN_SERVER = "http://192.168.1.10:30081";
          NODE_NAME = "worker";
          ROUTES = "";
        }
      ]
      [
        (service inMesh "cluster-mesh-join").environment
        (service joins "cluster-mesh-join").environment
      ]
    )
    (check "mesh: a key from agenix needs no identity" [ "/run/agenix/join-key" false ] (
      let
        inherit (service machines."mesh/worker with a key from agenix" "cluster-mesh-join") environment;
      in
      [
        environment.JOIN_KEY_FILE
        (environment ? IDENTITY_FILE)
      ]
    ))
    (check "mesh: the unit that passes the key as an argument never comes to be" [ ] (
      lib.filter (config: config.systemd.services ? tailscaled-autoconnect) all
    ))
    (check "mesh: routing features and the reverse path"
      [ "both" "client" "loose" "loose" ]
      [
        inMesh.services.tailscale.useRoutingFeatures
        joins.services.tailscale.useRoutingFeatures
        inMesh.networking.firewall.checkReversePath
        joins.networking.firewall.checkReversePath
      ]
    )
    (check "mesh: between nodes on its interface" [
      8472
    ] joins.networking.firewall.interfaces.tailscale0.allowedUDPPorts)
    (check "mesh: keys are made for the others"
      "\"${
        (lib.findFirst (lib.hasInfix "join-keys") "" [
          "${builtins.storeDir}/${lib.fixedWidthString 32 "0" ""}-cluster-join-keys"
        ])
      }/bin/cluster-join-keys\" \"worker=ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAbc\""
      (service inMesh "cluster-join-keys").serviceConfig.ExecStart
    )

    (check "mesh: keys are made for the host keys of the cluster file" {
      worker = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPinVPS483IDRnojl/a1rSfjeRJ3Vtj49cpvQRNdNJzU";
    } machines."keys of the cluster file".cluster.joinKeys.recipients)

    (check "secrets: delivered before the release, from credentials"
      [
        [ "manifestgen-apply.service" ]
        [
          "k3s.service"
          "agenix-install-secrets.service"
        ]
        "%d/k3s_kubeconfig"
        [
          "k3s_kubeconfig:/etc/rancher/k3s/k3s.yaml"
          "headscale-noise:/run/agenix/headscale-noise"
          "headscale-derp:/run/agenix/headscale-derp"
          "index-key:/run/agenix/index-key"
        ]
      ]
      (
        let
          unit = service delivering "manifestgen-secrets";
        in
        [
          unit.before
          unit.after
          unit.environment.KUBECONFIG
          unit.serviceConfig.LoadCredential
        ]
      )
    )
    (check "secrets: the command has the cluster file beside the encrypted files" (
      let
        files = pkgs.linkFarm "cluster-secrets" {
          "cluster.yaml" = delivering.services.manifestgen.configFile;
          "secrets" = ../../fixtures/nix/cluster/secrets;
        };
      in
      "\"${builtins.storeDir}/${lib.fixedWidthString 32 "0" ""}-manifestgen-secrets/bin/manifestgen-secrets\" \"--config\" \"${files}/cluster.yaml\" \"--force-conflicts\""
    ) (service delivering "manifestgen-secrets").serviceConfig.ExecStart)
    (check "secrets: what each machine decrypts is what manifestgen wrote"
      [
        [
          "headscale-derp"
          "headscale-noise"
          "index-key"
          "k3s-token"
        ]
        [
          "index-key"
          "k3s-token"
        ]
        [ "/run/agenix/k3s-token" ]
      ]
      [
        (lib.attrNames delivering.age.secrets)
        (lib.attrNames machines."secrets/worker".age.secrets)
        [ delivering.age.secrets.k3s-token.path ]
      ]
    )
    (check "secrets: only the primer delivers, and only if it is to" [ true false false false ] (
      map (config: config.systemd.services ? manifestgen-secrets) [
        delivering
        machines."secrets/worker"
        machines."secrets/by hand"
        primer
      ]
    ))
    (check "secrets: k3s waits for agenix, where it is used" [ true false ] (
      map (config: lib.elem "agenix-install-secrets.service" (service config "k3s").after) [
        vm.cluster-secrets.nodes.primer
        primer
      ]
    ))
    (check "secrets: other encrypted files are another command, which restarts the delivery" false (
      let
        before = vm.cluster-secrets.nodes.primer;
        command = config: (service config "manifestgen-secrets").serviceConfig.ExecStart;
      in
      command before == command before.specialisation.rotated.configuration
    ))
    (check "generations: the smaller one drops an object"
      [
        [
          "stays"
          "goes"
        ]
        [ "stays" ]
      ]
      (
        let
          before = vm.cluster-generations.nodes.primer;
          objects =
            config: map (object: object.metadata.name) config.services.manifestgen.settings.extraObjects;
        in
        [
          (objects before)
          (objects before.specialisation.smaller.configuration)
        ]
      )
    )
    (check "WireGuard: peers of a worker"
      [
        {
          allowedIPs = [ "10.99.0.1/32" ];
          endpoint = "192.168.1.1:51820";
        }
        {
          allowedIPs = [ "10.99.0.3/32" ];
          endpoint = "192.168.1.3:51820";
        }
      ]
      (
        map (peer: { inherit (peer) allowedIPs endpoint; }) (
          lib.take 2 vm.cluster-mesh.nodes.worker1.networking.wireguard.interfaces.wg0.peers
        )
      )
    )
    (check "WireGuard: keys and places are those of the cluster file and of what `secret` recorded"
      {
        primer = {
          ips = [ "10.250.0.1/32" ];
          listenPort = 51821;
          mtu = 1280;
          privateKeyFile = "/run/agenix/wireguard-primer";
          peers = [
            {
              publicKey = recordedKey "laptop";
              allowedIPs = [ "10.250.0.2/32" ];
              endpoint = null;
              persistentKeepalive = null;
            }
            {
              publicKey = "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=";
              allowedIPs = [ "10.250.0.3/32" ];
              endpoint = "203.0.113.9:51820";
              persistentKeepalive = null;
            }
          ];
        };
        laptop = {
          ips = [ "10.250.0.2/32" ];
          listenPort = 51820;
          mtu = 1280;
          privateKeyFile = "/run/agenix/wireguard-laptop";
          peers = [
            {
              publicKey = recordedKey "primer";
              allowedIPs = [
                "10.250.0.1/32"
                "192.168.1.10/32"
              ];
              endpoint = "home.example.com:51821";
              persistentKeepalive = 20;
            }
            {
              publicKey = "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=";
              allowedIPs = [ "10.250.0.3/32" ];
              endpoint = "203.0.113.9:51820";
              persistentKeepalive = 20;
            }
          ];
        };
        # A key that the machine's configuration gives comes before the recorded one.
        rented = {
          ips = [ "10.250.0.3/32" ];
          listenPort = 51820;
          mtu = 1280;
          privateKeyFile = "/etc/wireguard/key";
          peers = [
            {
              publicKey = recordedKey "laptop";
              allowedIPs = [ "10.250.0.2/32" ];
              endpoint = null;
              persistentKeepalive = null;
            }
            {
              publicKey = "HIgo9xNzJMWLKASShiTqIybxZ0U3wGLiUeJ1PKf8ykw=";
              allowedIPs = [
                "10.250.0.1/32"
                "192.168.1.10/32"
              ];
              endpoint = "home.example.com:51821";
              persistentKeepalive = null;
            }
          ];
        };
      }
      (
        lib.genAttrs [ "primer" "laptop" "rented" ] (
          name:
          let
            interface = machines."WireGuard/${name}".networking.wireguard.interfaces.wg0;
          in
          {
            inherit (interface)
              ips
              listenPort
              mtu
              privateKeyFile
              ;
            peers = map (peer: {
              inherit (peer)
                publicKey
                allowedIPs
                endpoint
                persistentKeepalive
                ;
            }) interface.peers;
          }
        )
      )
    )
    (check "WireGuard: a key that agenix decrypts is waited for, another one is not"
      [
        true
        true
        false
      ]
      (
        map
          (
            name:
            lib.elem "agenix-install-secrets.service"
              machines."WireGuard/${name}".systemd.services."wireguard-wg0".after or [ ]
          )
          [
            "primer"
            "laptop"
            "rented"
          ]
      )
    )
    (check "WireGuard: the mesh's module alone makes no unit of k3s" [ true false ] (
      map (name: machines."WireGuard/${name}".systemd.services ? k3s) [
        "rented by the worker's module alone"
        "laptop by the mesh's module alone"
      ]
    ))
    (check "WireGuard: with discovery a service looks for the others, in the mesh alone"
      {
        command = [
          "mesh"
          "discover"
          "laptop"
          "--config"
        ];
        ports = [
          51900
          8472
        ];
        keepalive = [
          20
          20
        ];
        others = false;
      }
      (
        let
          config = machines."WireGuard/laptop that looks for others";
          words = lib.splitString " " (service config "cluster-mesh-discovery").serviceConfig.ExecStart;
        in
        {
          command = map (lib.removePrefix "\"") (map (lib.removeSuffix "\"") (lib.take 4 (lib.drop 1 words)));
          ports = config.networking.firewall.interfaces.wg0.allowedUDPPorts;
          keepalive = map (peer: peer.persistentKeepalive) config.networking.wireguard.interfaces.wg0.peers;
          others = machines."WireGuard/laptop".systemd.services ? cluster-mesh-discovery;
        }
      )
    )
    (check "WireGuard: the firewall opens the port that the cluster file gives"
      [
        true
        false
      ]
      (
        map (name: lib.elem 51821 machines."WireGuard/${name}".networking.firewall.allowedUDPPorts) [
          "primer"
          "laptop"
        ]
      )
    )
    (check "VM tests: the driver's addresses are those of the cluster file" [ ] (
      lib.concatLists (
        lib.mapAttrsToList (
          test: package:
          lib.concatLists (
            lib.mapAttrsToList (
              name: config:
              let
                address = lib.head (
                  config.services.manifestgen.node.addresses ++ [ config.networking.primaryIPAddress ]
                );
              in
              lib.optional (address != config.networking.primaryIPAddress) "${test}/${name}"
            ) package.nodes
          )
        ) vm
      )
    ))
    (check "VM tests: no two images of a machine replace each other" [ ] (
      lib.concatLists (
        lib.mapAttrsToList (
          _: package:
          lib.attrNames (
            lib.filterAttrs (
              _: config: !lib.allUnique (map (image: image.name) config.services.k3s.images)
            ) package.nodes
          )
        ) vm
      )
    ))
    (check "VM tests: what is let in goes by the mesh alone" [
      "cni0"
      "flannel-v6.1"
      "flannel.1"
      "wg0"
    ] (lib.attrNames vm.cluster-mesh.nodes.worker1.networking.firewall.interfaces))
    (check "template: its machines" [ "primer" "worker" ] (lib.attrNames templateNodes))
  ];
}
