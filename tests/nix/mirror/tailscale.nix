# `services.tailscale` (nixpkgs: nixos/modules/services/networking/tailscale.nix).
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.services.tailscale;
  option = type: default: mkOption { inherit type default; };
  texts = option (types.listOf types.str) [ ];
  switch = option types.bool false;
  routes = kinds: lib.elem cfg.useRoutingFeatures (kinds ++ [ "both" ]);
in
{
  options.services.tailscale = {
    enable = switch;
    package = option types.package pkgs.tailscale;
    authKeyFile = option (types.nullOr types.path) null;
    authKeyParameters = {
      baseURL = option (types.nullOr types.str) null;
      ephemeral = option (types.nullOr types.bool) null;
      preauthorized = option (types.nullOr types.bool) null;
    };
    disableTaildrop = switch;
    disableUpstreamLogging = switch;
    extraDaemonFlags = texts;
    extraSetFlags = texts;
    extraUpFlags = texts;
    interfaceName = option types.str "tailscale0";
    openFirewall = switch;
    permitCertUid = option (types.nullOr types.nonEmptyStr) null;
    port = option types.port 41641;
    useRoutingFeatures = option (types.enum [
      "none"
      "client"
      "server"
      "both"
    ]) "none";
  };

  config = lib.mkIf cfg.enable {
    environment.systemPackages = [ cfg.package ];
    networking.firewall.allowedUDPPorts = lib.optional cfg.openFirewall cfg.port;
    networking.firewall.checkReversePath = lib.mkIf (routes [ "client" ]) "loose";
    systemd.services = {
      tailscaled.wantedBy = [ "multi-user.target" ];
      # It hands the key over as an argument, so it must never come to be.
      tailscaled-autoconnect = lib.mkIf (cfg.authKeyFile != null) { wantedBy = [ "multi-user.target" ]; };
    };
  };
}
