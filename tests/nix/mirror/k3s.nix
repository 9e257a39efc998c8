# `services.k3s` (nixpkgs: nixos/modules/services/cluster/rancher/{default,k3s}.nix): its options and what it makes of
# those that are used. An option that it does not have fails, as there.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.services.k3s;
  option = type: default: mkOption { inherit type default; };
  optionalPath = option (types.nullOr types.path) null;
  optionalText = option (types.nullOr types.str) null;
  text = option types.str "";
  texts = option (types.listOf types.str) [ ];
  switch = option types.bool false;
  free = option (types.attrsOf types.anything) { };
in
{
  options.services.k3s = {
    enable = switch;
    package = option types.package pkgs.k3s;
    role = option (types.enum [
      "server"
      "agent"
    ]) "server";
    serverAddr = text;
    token = text;
    tokenFile = optionalPath;
    agentToken = text;
    agentTokenFile = optionalPath;
    extraFlags = option (types.either types.str (types.listOf types.str)) [ ];
    environmentFile = optionalPath;
    configPath = optionalPath;
    disable = texts;
    nodeName = optionalText;
    nodeLabel = texts;
    nodeTaint = texts;
    nodeIP = optionalText;
    selinux = switch;
    manifests = option (types.attrsOf types.anything) { };
    charts = option (types.attrsOf (types.either types.path types.package)) { };
    autoDeployCharts = option (types.attrsOf types.anything) { };
    images = option (types.listOf types.package) [ ];
    containerdConfigTemplate = optionalText;
    gracefulNodeShutdown = {
      enable = switch;
      shutdownGracePeriod = option types.nonEmptyStr "30s";
      shutdownGracePeriodCriticalPods = option types.nonEmptyStr "10s";
    };
    extraKubeletConfig = free;
    extraKubeProxyConfig = free;
    clusterInit = switch;
    disableAgent = switch;
  };

  config = lib.mkIf cfg.enable {
    warnings =
      lib.optional (
        cfg.role == "agent" && cfg.configPath == null && cfg.serverAddr == ""
      ) "k3s: an agent without serverAddr or configPath"
      ++ lib.optional (
        cfg.role == "agent" && cfg.configPath == null && cfg.tokenFile == null && cfg.token == ""
      ) "k3s: an agent without token, tokenFile or configPath";
    environment.systemPackages = [ cfg.package ];
    systemd.tmpfiles.settings."10-k3s" = lib.listToAttrs (
      map (
        image:
        lib.nameValuePair "/var/lib/rancher/k3s/agent/images/${image.name}" { "L+".argument = "${image}"; }
      ) cfg.images
    );
    systemd.services.k3s = {
      description = "k3s service";
      after = [
        "firewall.service"
        "network-online.target"
      ];
      wants = [
        "firewall.service"
        "network-online.target"
      ];
      wantedBy = [ "multi-user.target" ];
      serviceConfig = {
        Type = if cfg.role == "agent" then "exec" else "notify";
        Restart = "always";
        RestartSec = "5s";
        ExecStart = lib.concatStringsSep " " (
          [ "${cfg.package}/bin/k3s ${cfg.role}" ]
          ++ lib.optional (cfg.tokenFile != null) "--token-file ${cfg.tokenFile}"
          ++ lib.optional (cfg.configPath != null) "--config ${cfg.configPath}"
          ++ map (name: "--disable=${name}") cfg.disable
          ++ lib.toList cfg.extraFlags
        );
      };
    };
  };
}
