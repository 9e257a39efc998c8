# Tailscale, with Headscale as its control server.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cluster = config.services.manifestgen;
  cfg = config.cluster.mesh;
  inherit (cluster) node primer settings;
  interface = node.mesh.interface or "tailscale0";
  isPrimer = node == primer;
  # k3s logs in by itself with `vpnAuthFile`, and a tailscaled that is already up would be in its way (k3s#11279).
  enabled = cluster.enable && node.mesh.type or null == "tailscale" && !(node.mesh ? vpnAuthFile);
  headscale = lib.defaultTo { } (settings.headscale or null);
  routes = lib.optionals (node.mesh.advertiseRoute or false) (
    map (address: "${address}/${if lib.hasInfix ":" address then "128" else "32"}") (
      lib.filter (address: address != null) [
        (node.address or null)
        (node.ipv6Address or null)
      ]
    )
  );
  approved = headscale.policy.autoApprovers.routes or { };
  join = pkgs.writeShellApplication {
    name = "cluster-mesh-join";
    runtimeInputs = [
      config.services.tailscale.package
      pkgs.age
      pkgs.coreutils
      pkgs.jq
    ];
    text = builtins.readFile ./scripts/mesh-join.sh;
  };
in
{
  options.cluster.mesh = {
    loginServer = mkOption {
      type = types.str;
      default =
        headscale.serverUrl
          or "http://${primer.address or "primer"}:${toString (headscale.service.nodePort or 30080)}";
      defaultText = lib.literalMD "`headscale.serverUrl` of the cluster file, or the primer's address and Headscale's NodePort";
      example = "https://headscale.example.com";
      description = ''
        Where this machine reaches Headscale. Tailscale joins over plain `http://` only at a private IPv4 address or
        `localhost` (tailscale#15008).
      '';
    };

    joinKeyFile = mkOption {
      type = types.str;
      default =
        if isPrimer then
          "/run/cluster-join-keys/${cluster.nodeName}"
        else
          "/var/lib/cluster-mesh/join-key.age";
      defaultText = lib.literalMD "on the primer where it puts its own key; elsewhere {file}`/var/lib/cluster-mesh/join-key.age`";
      example = lib.literalExpression "config.age.secrets.join-key.path";
      description = ''
        The file with the key that this machine joins with, a path on the machine, not in the store. A machine that is
        not the primer joins as soon as the file is there: bring it from the primer's
        {file}`/var/lib/cluster-join-keys/NAME.age`.
      '';
    };

    identityFile = mkOption {
      type = types.nullOr types.str;
      default = if isPrimer then null else "/etc/ssh/ssh_host_ed25519_key";
      defaultText = lib.literalMD "the machine's SSH host key, except on the primer";
      example = null;
      description = "The private key that decrypts `joinKeyFile`; `null` for a key that something else, such as agenix, has decrypted.";
    };
  };

  config = lib.mkIf enabled {
    assertions = [
      {
        assertion = !(node.mesh.advertiseRoute or false) || routes != [ ];
        message = "cluster.mesh: `mesh.advertiseRoute` of `${cluster.nodeName}` routes its address into the mesh, and it has none: set `address` in its entry of `settings.nodes`";
      }
      {
        assertion =
          lib.all (route: approved ? ${route}) routes || headscale.policy.mode or "file" == "database";
        message = "cluster.mesh: Headscale does not approve the route of `${cluster.nodeName}` by itself: add `headscale.policy.autoApprovers.routes.\"${lib.concatStringsSep "\" and \"" routes}\" = [ \"tag:…\" ]`, with a tag of `cluster.joinKeys.tags`";
      }
    ];

    services.tailscale = {
      enable = true;
      interfaceName = interface;
      openFirewall = true;
      disableUpstreamLogging = true;
      # Not `authKeyFile`: the unit that nixpkgs makes of it passes the key as an argument, where everybody sees it.
      # `client` also loosens the reverse path filter, which accepted routes need.
      useRoutingFeatures = if routes == [ ] then "client" else "both";
    };

    services.manifestgen.nodeInterfaces = [ interface ];

    systemd.services.cluster-mesh-join = {
      description = "Join the cluster's mesh";
      documentation = [ "https://github.com/manifestgen/manifestgen/blob/main/docs/NIX.md" ];
      # The primer has its key from Headscale in its own k3s, of which nothing waits for this. The others are started
      # by the path below.
      wantedBy = lib.optional isPrimer "multi-user.target";
      wants = [ "network-online.target" ];
      requires = [ "tailscaled.service" ];
      after = [
        "tailscaled.service"
        "network-online.target"
      ]
      ++ lib.optional isPrimer "cluster-join-keys.service";
      startLimitIntervalSec = 0;
      environment = {
        INTERFACE = interface;
        JOIN_KEY_FILE = cfg.joinKeyFile;
        LOGIN_SERVER = cfg.loginServer;
        NODE_NAME = cluster.nodeName;
        ROUTES = lib.concatStringsSep "," routes;
        ACCEPT_ROUTES = lib.boolToString (!isPrimer);
      }
      // lib.optionalAttrs (cfg.identityFile != null) { IDENTITY_FILE = cfg.identityFile; };
      serviceConfig = import ./hardening.nix // {
        Type = "oneshot";
        RemainAfterExit = true;
        ExecStart = lib.getExe join;
        Restart = "on-failure";
        RestartSec = 10;
        RuntimeDirectory = "cluster-mesh-join";
        RuntimeDirectoryMode = "0700";
        TimeoutStartSec = "5min";
      };
    };

    systemd.paths.cluster-mesh-join = lib.mkIf (!isPrimer) {
      description = "Wait for the key that this machine joins with";
      wantedBy = [ "multi-user.target" ];
      pathConfig.PathExists = cfg.joinKeyFile;
    };
    systemd.tmpfiles.settings."10-cluster-mesh" = lib.mkIf (!isPrimer) {
      "/var/lib/cluster-mesh".d = {
        mode = "0700";
        user = "root";
        group = "root";
      };
    };
  };
}
