# WireGuard between all nodes, each with each: who has which address stands in the cluster file.
{
  config,
  lib,
  ...
}:
let
  inherit (lib) mkOption types;
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
        assertion = placeless == { };
        message = "cluster.mesh.wireguard: set `mesh.address` in the entries of ${names placeless} in `nodes`";
      }
      {
        assertion = own == null || own ? endpoint || unreachable == { };
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
        persistentKeepalive = if (of peer) ? endpoint then own.persistentKeepalive or null else null;
      }) (lib.intersectAttrs cfg.publicKeys peers);
    };
    networking.firewall.allowedUDPPorts = lib.optional (own != null) own.port;
    services.manifestgen.nodeInterfaces = [ interface ];

    systemd.services = {
      k3s = lib.mkIf config.services.k3s.enable {
        wants = [ "wireguard-${interface}.target" ];
        after = [ "wireguard-${interface}.target" ];
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
