# WireGuard between all nodes, each with each: who has which address stands in the cluster file.
{
  config,
  lib,
  pkgs,
  utils,
  ...
}:
let
  inherit (lib) mkOption types;
  manifests = import ../nix/manifests.nix { inherit lib; };
  cluster = config.services.manifestgen;
  cfg = config.cluster.mesh.wireguard;
  inherit (cluster) facts node;
  isMember = node: node.mesh.type or null == "wireguard";
  enabled = cluster.enable && isMember node;
  members = lib.filterAttrs (_: isMember) facts.nodes;
  peers = removeAttrs members [ cluster.nodeName ];
  inherit (node.mesh) interface;
  # Null where an index is older than this, or the cluster file has no section `mesh`.
  of = member: member.mesh.wireguard or null;
  own = of node;
  names = attributes: lib.concatStringsSep ", " (lib.attrNames attributes);
  keyless = removeAttrs peers (lib.attrNames cfg.publicKeys);
  unknown = lib.filterAttrs (_: member: of member == null) members;
  placeless = lib.filterAttrs (_: member: of member != null && (of member).allowedIPs == [ ]) members;
  discovers = own != null && own ? discoveryPort;
  # What `mesh discover` would not find in the cluster file.
  unsaid = lib.filterAttrs (
    _: member: of member != null && !(of member ? publicKey || of member ? publicKeyFile)
  ) members;
  # The cluster file with the public keys where `manifestgen mesh` looks for them.
  known = pkgs.linkFarm "cluster-mesh" (
    {
      "cluster.yaml" = cluster.configFile;
    }
    // lib.mapAttrs' (
      name: member:
      lib.nameValuePair (of member).publicKeyFile (
        pkgs.writeText "${name}.pub" "${cfg.publicKeys.${name}}\n"
      )
    ) (lib.filterAttrs (name: member: of member ? publicKeyFile && cfg.publicKeys ? ${name}) members)
  );
  unreachable = lib.filterAttrs (_: peer: of peer != null && !((of peer) ? endpoint)) peers;

  # What `manifestgen secret` recorded beside the secrets.
  folder = config.cluster.secrets.folder or null;
  recorded =
    member:
    let
      file = folder + "/../${(of member).publicKeyFile}";
    in
    if of member == null then
      null
    else if (of member) ? publicKey then
      (of member).publicKey
    else if folder != null && (of member) ? publicKeyFile && lib.pathExists file then
      lib.fileContents file
    else
      null;
in
{
  options.cluster.mesh.wireguard = {
    privateKeyFile = mkOption {
      type = types.nullOr types.str;
      default = if enabled && own != null then own.privateKeyFile or null else null;
      defaultText = lib.literalMD "where the cluster file says that the machine has it: `mesh.privateKeyFile`, or what agenix decrypts the secret `wireguard-NODE` to";
      example = lib.literalExpression "config.age.secrets.wireguard.path";
      description = "The file with this machine's private key ({command}`wg genkey`), a path on the machine, not in the store.";
    };
    publicKeys = mkOption {
      type = types.attrsOf types.str;
      default = { };
      example = {
        worker = "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=";
      };
      description = "The public key ({command}`wg pubkey`) of each node that has `mesh.type = \"wireguard\"`. What is not given here is `mesh.publicKey` of the cluster file, or what {command}`manifestgen secret create` recorded in `cluster.secrets.folder`.";
    };
  };

  config = lib.mkIf enabled {
    assertions = [
      {
        assertion = cfg.privateKeyFile != null;
        message = "cluster.mesh.wireguard: `${cluster.nodeName}` has no private key: set `privateKeyFile`, for example to the path of an agenix secret";
      }
      {
        assertion = keyless == { };
        message = "cluster.mesh.wireguard: `publicKeys` has no key of ${names keyless}";
      }
      {
        assertion = unknown == { };
        message = "cluster.mesh.wireguard: the cluster file says nothing of the mesh of ${names unknown}: give it the section `mesh`, with `cidr`, and write the index anew where one is committed";
      }
      {
        assertion = discovers -> cfg.privateKeyFile == own.privateKeyFile or null;
        message = "cluster.mesh.wireguard: `mesh discover` takes the place of the key from the cluster file: set `mesh.privateKeyFile` in the entry of ${cluster.nodeName}, and not `cluster.mesh.wireguard.privateKeyFile`";
      }
      {
        assertion = discovers -> unsaid == { };
        message = "cluster.mesh.wireguard: `mesh discover` takes public keys from the cluster file: set `mesh.publicKey` in the entries of ${names unsaid}, or declare the secrets `wireguard-NODE`";
      }
      {
        assertion = placeless == { };
        message = "cluster.mesh.wireguard: set `mesh.address` in the entries of ${names placeless} in `nodes`";
      }
      {
        assertion = own == null || discovers || own ? endpoint || unreachable == { };
        message = "cluster.mesh.wireguard: neither `${cluster.nodeName}` nor ${names unreachable} can be called: set `mesh.endpoint`, `address` or `externalAddress`";
      }
    ];

    cluster.mesh.wireguard.publicKeys = lib.mapAttrs (_: lib.mkDefault) (
      lib.filterAttrs (_: key: key != null) (lib.mapAttrs (_: recorded) members)
    );
    networking.wireguard.interfaces.${interface} = lib.mkIf (own != null) {
      ips = lib.take 1 own.allowedIPs;
      listenPort = own.port;
      inherit (own) mtu;
      inherit (cfg) privateKeyFile;
      peers = lib.mapAttrsToList (name: peer: {
        publicKey = cfg.publicKeys.${name};
        inherit (of peer) allowedIPs;
        endpoint = (of peer).endpoint or null;
        # Who cannot be called keeps its ways open.
        persistentKeepalive =
          if discovers || (of peer) ? endpoint then own.persistentKeepalive or null else null;
      }) (lib.intersectAttrs cfg.publicKeys peers);
    };
    networking.firewall.allowedUDPPorts = lib.optional (own != null) own.port;
    networking.firewall.interfaces = lib.mkIf discovers {
      ${interface}.allowedUDPPorts = [ own.discoveryPort ];
    };
    services.manifestgen.nodeInterfaces = [ interface ];

    systemd.services = {
      k3s = lib.mkIf config.services.k3s.enable {
        wants = [ "wireguard-${interface}.target" ];
        after = [ "wireguard-${interface}.target" ];
      };
      cluster-mesh-discovery = lib.mkIf discovers {
        description = "Find the nodes of the cluster's mesh";
        documentation = [ "https://github.com/manifestgen/manifestgen/blob/main/docs/MESH.md" ];
        wantedBy = [ "multi-user.target" ];
        wants = [ "wireguard-${interface}.target" ];
        after = [ "wireguard-${interface}.target" ];
        startLimitIntervalSec = 0;
        path = [
          pkgs.iproute2
          pkgs.wireguard-tools
        ];
        serviceConfig = import ./hardening.nix // {
          ExecStart = utils.escapeSystemdExecArgs (
            [
              (lib.getExe cluster.package)
              "mesh"
              "discover"
              cluster.nodeName
            ]
            ++ manifests.arguments {
              configFile = "${known}/cluster.yaml";
              inherit (cluster) profile;
            }
          );
          # It asks WireGuard and sets endpoints. Binding its socket to the interface needs nothing since Linux 5.7.
          CapabilityBoundingSet = "CAP_NET_ADMIN";
          RestrictAddressFamilies = [
            "AF_INET"
            "AF_INET6"
            "AF_NETLINK"
            "AF_UNIX"
          ];
          RuntimeDirectory = "manifestgen";
          RuntimeDirectoryMode = "0700";
          RuntimeDirectoryPreserve = true;
          Restart = "on-failure";
          # A mistake in the cluster file stays one.
          RestartPreventExitStatus = 2;
          RestartSec = 5;
        };
      };
      # It reads the key once and never again; agenix' unit comes before nothing by itself. networkd has no such unit.
      "wireguard-${interface}" =
        lib.mkIf
          (
            own != null
            && lib.hasPrefix (config.age.secretsDir or "/run/agenix") (toString cfg.privateKeyFile)
            && !(config.networking.wireguard.useNetworkd or false)
          )
          {
            wants = [ "agenix-install-secrets.service" ];
            after = [ "agenix-install-secrets.service" ];
          };
    };
  };
}
