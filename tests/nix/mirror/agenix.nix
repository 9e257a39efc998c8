# agenix' module (ryantm/agenix: modules/age.nix), as on a system whose secrets a unit decrypts.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.age;
  option = type: default: mkOption { inherit type default; };
in
{
  options.age = {
    ageBin = option types.str "${pkgs.age}/bin/age";
    secretsDir = option types.path "/run/agenix";
    secretsMountPoint = option types.str "/run/agenix.d";
    identityPaths = option (types.listOf types.path) (
      if config.services.openssh.enable then [ "/etc/ssh/ssh_host_ed25519_key" ] else [ ]
    );
    secrets = option (types.attrsOf (
      types.submodule (
        { config, ... }:
        {
          options = {
            name = option types.str config._module.args.name;
            file = mkOption { type = types.path; };
            path = option types.str "${cfg.secretsDir}/${config.name}";
            mode = option types.str "0400";
            owner = option types.str "0";
            group = option types.str "0";
            symlink = option types.bool true;
          };
        }
      )
    )) { };
  };
  config = lib.mkIf (cfg.secrets != { }) {
    assertions = [
      {
        assertion = cfg.identityPaths != [ ];
        message = "age.identityPaths must be set";
      }
    ];
    systemd.services.agenix-install-secrets.wantedBy = [ "sysinit.target" ];
  };
}
