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
  peers = lib.filterAttrs (name: peer: isMember peer && name != cluster.nodeName) facts.nodes;
  members = peers // {
    ${cluster.nodeName} = node;
  };
  inherit (node.mesh) interface;
  host = address: "${address}/${if lib.hasInfix ":" address then "128" else "32"}";
  reachable = peer: peer.externalAddress or (lib.head (peer.addresses ++ [ null ]));
  endpoint =
    peer:
    let
      address = reachable peer;
    in
    if address == null then
      null
    else if lib.hasInfix ":" address then
      "[${address}]:${toString cfg.port}"
    else
      "${address}:${toString cfg.port}";
  names = attributes: lib.concatStringsSep ", " (lib.attrNames attributes);
  keyless = removeAttrs peers (lib.attrNames cfg.publicKeys);
  placeless = lib.filterAttrs (_: member: !(member.mesh ? address)) members;
  unreachable = lib.filterAttrs (_: peer: reachable peer == null) peers;
in
{
  options.cluster.mesh.wireguard = {
    privateKeyFile = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = lib.literalExpression "config.age.secrets.wireguard.path";
      description = "The file with this machine's private key ({command}`wg genkey`), a path on the machine, not in the store.";
    };
    publicKeys = mkOption {
      type = types.attrsOf types.str;
      default = { };
      example = {
        worker = "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=";
      };
      description = "The public key ({command}`wg pubkey`) of each node that has `mesh.type = \"wireguard\"`. All machines take the same value.";
    };
    port = mkOption {
      type = types.port;
      default = 51820;
      description = "The UDP port of every node.";
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
        assertion = placeless == { };
        message = "cluster.mesh.wireguard: set `mesh.address` in the entries of ${names placeless} in `nodes`";
      }
      {
        assertion = reachable node != null || unreachable == { };
        message = "cluster.mesh.wireguard: neither `${cluster.nodeName}` nor ${names unreachable} has an `address` or `externalAddress`, so neither can call the other";
      }
    ];

    networking.wireguard.interfaces.${interface} = {
      ips = [ (host node.mesh.address) ];
      listenPort = cfg.port;
      inherit (cfg) privateKeyFile;
      peers = lib.mapAttrsToList (name: peer: {
        publicKey = cfg.publicKeys.${name};
        allowedIPs = [ (host peer.mesh.address) ];
        endpoint = endpoint peer;
        # Who is behind a NAT keeps its hole open.
        persistentKeepalive = if endpoint peer != null then 25 else null;
      }) peers;
    };
    networking.firewall.allowedUDPPorts = [ cfg.port ];
    services.manifestgen.nodeInterfaces = [ interface ];

    systemd.services.k3s = {
      wants = [ "wireguard-${interface}.target" ];
      after = [ "wireguard-${interface}.target" ];
    };
  };
}
