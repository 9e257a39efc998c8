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
  inherit (cluster) facts isPrimer node;
  mesh = node.mesh or { };
  inherit (mesh) interface routes;
  folder = "/var/lib/cluster-mesh";
  # k3s logs in by itself with `vpnAuthFile`, and a tailscaled that is already up would be in its way (k3s#11279).
  enabled = cluster.enable && mesh.type or null == "tailscale" && !mesh.joinedByK3s;
  headscale = facts.headscale or { };
  # As agenix does; without an sshd there may still be the key of an earlier one.
  hostKey =
    (lib.findFirst (key: key.type == "ed25519") {
      path = "/etc/ssh/ssh_host_ed25519_key";
    } config.services.openssh.hostKeys).path;
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
      type = types.nullOr types.str;
      default = headscale.url or null;
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
        if isPrimer then "/run/cluster-join-keys/${cluster.nodeName}" else "${folder}/join-key.age";
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
      default = if isPrimer then null else hostKey;
      defaultText = lib.literalMD "the ed25519 one of `services.openssh.hostKeys`, except on the primer";
      example = null;
      description = "The private key that decrypts `joinKeyFile`; `null` for a key that something else, such as agenix, has decrypted.";
    };
  };

  config = lib.mkIf enabled {
    assertions = [
      {
        assertion = cfg.loginServer != null;
        message = "cluster.mesh: the cluster file has no Headscale that machines reach: set `cluster.mesh.loginServer`, or `headscale.serverUrl` in the cluster file";
      }
      {
        # What a policy in Headscale's database says is not known here, nor that of another Headscale.
        assertion = headscale ? policy -> lib.subtractLists headscale.policy.routes routes == [ ];
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
        StateDirectory = baseNameOf folder;
        StateDirectoryMode = "0700";
        TimeoutStartSec = "5min";
      };
    };

    systemd.paths.cluster-mesh-join = lib.mkIf (!isPrimer) {
      description = "Wait for the key that this machine joins with, or for the mesh that it has joined";
      wantedBy = [ "multi-user.target" ];
      # Who has joined needs no key at its next start, and may have lost it.
      pathConfig.PathExists = [
        cfg.joinKeyFile
        "${folder}/joined"
      ];
    };
    systemd.tmpfiles.settings."10-cluster-mesh" = lib.mkIf (!isPrimer) {
      ${folder}.d = {
        mode = "0700";
        user = "root";
        group = "root";
      };
    };
  };
}
